//! `item`: an item of a list.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Int64Type};
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::lists::{self, Lists};

/// item(list, n): the nth item of the list, from 1, or from the end if n is negative; null if there is none.
#[derive(Debug)]
pub(super) struct Item;

impl ScalarFunction for Item {
    fn name(&self) -> &'static str {
        "item"
    }

    fn help(&self) -> &'static str {
        "item(list, n): the nth item of the list, from 1, or from the end if n is negative; null if there is none."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("item(null, 1)", "null")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [list, number] = arity(self.name(), arguments)?;
        let number = signature::int(self.name(), number)?;
        let data_type = match (list.0.data_type(), lists::item_type(list.0.data_type())) {
            (_, Some(item)) => item.clone(),
            (DataType::Null, None) => DataType::Null,
            (other, None) => {
                return Err(signature::wrong(self.name(), other, "a list; a text is split with split_part(x, separator, n)", list.1));
            }
        };
        Ok((vec![list.0, number], data_type))
    }

    fn evaluate(&self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        if arguments[0].data_type().is_null() {
            return Ok(Arc::clone(&arguments[0]));
        }
        let (lists, numbers) = (Lists::new(&arguments[0])?, arguments[1].as_primitive::<Int64Type>());
        let place = |row: usize| {
            let items = lists.range(row)?;
            let number = numbers.is_valid(row).then(|| numbers.value(row))?;
            let distance = usize::try_from(number.unsigned_abs()).ok().filter(|distance| (1..=items.len()).contains(distance))?;
            Some(if number > 0 { items.start + distance - 1 } else { items.end - distance } as u64)
        };
        Ok(take(lists.items, &(0..rows).map(place).collect::<UInt64Array>(), None)?)
    }
}
