//! Columns of lists, whatever their layout: where the items of each row lie.

use std::ops::Range;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType;
use frame_core::{Error, Result};

/// A column of lists.
#[derive(Debug)]
pub struct Lists<'a> {
    array: &'a ArrayRef,
    /// The items of all rows.
    pub items: &'a ArrayRef,
}

impl<'a> Lists<'a> {
    /// The lists of a column of a list type.
    ///
    /// # Errors
    /// An internal error for a column of another type.
    pub fn new(array: &'a ArrayRef) -> Result<Self> {
        let items = match array.data_type() {
            DataType::List(_) => array.as_list::<i32>().values(),
            DataType::LargeList(_) => array.as_list::<i64>().values(),
            DataType::FixedSizeList(..) => array.as_fixed_size_list().values(),
            other => return Err(Error::internal(format!("{other} is no list"))),
        };
        Ok(Self { array, items })
    }

    /// Where among the items those of a row lie; `None` for a null.
    pub fn range(&self, row: usize) -> Option<Range<usize>> {
        if self.array.is_null(row) {
            return None;
        }
        Some(match self.array.data_type() {
            DataType::List(_) => {
                let offsets = self.array.as_list::<i32>().value_offsets();
                offsets[row] as usize..offsets[row + 1] as usize
            }
            DataType::LargeList(_) => {
                let offsets = self.array.as_list::<i64>().value_offsets();
                offsets[row] as usize..offsets[row + 1] as usize
            }
            _ => {
                let lists = self.array.as_fixed_size_list();
                let start = lists.value_offset(row) as usize;
                start..start + lists.value_length() as usize
            }
        })
    }
}

/// The type of the items, if the type is one of lists.
pub fn item_type(data_type: &DataType) -> Option<&DataType> {
    match data_type {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => Some(item.data_type()),
        _ => None,
    }
}
