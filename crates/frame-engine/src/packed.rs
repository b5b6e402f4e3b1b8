//! Columns in as little memory as their values need.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray};
use arrow::datatypes::{DataType, Int32Type};
use frame_core::{Result, memory_bytes};

use crate::narrow::Narrow;

/// A column whose numbers are narrow if they are whole.
#[derive(Debug, Clone)]
pub(crate) enum Packed {
    /// Whole numbers.
    Numbers(Narrow),
    /// Ids of values, as scans give dictionaries, and the values.
    Ids(Narrow, ArrayRef),
    /// Anything else.
    Plain(ArrayRef),
}

impl Packed {
    /// Packs a column.
    pub(crate) fn of(column: &ArrayRef) -> Self {
        if let Some(dictionary) = column.as_dictionary_opt::<Int32Type>()
            && let Some(ids) = Narrow::of(&(Arc::new(dictionary.keys().clone()) as ArrayRef))
        {
            return Self::Ids(ids, dictionary.values().clone());
        }
        Narrow::of(column).map_or_else(|| Self::Plain(column.clone()), Self::Numbers)
    }

    /// The column again.
    pub(crate) fn column(&self) -> Result<ArrayRef> {
        match self {
            Self::Numbers(numbers) => numbers.column(),
            Self::Ids(ids, values) => dictionary(&ids.column()?, values),
            Self::Plain(column) => Ok(column.clone()),
        }
    }

    /// The numbers, if it has no more than that.
    pub(crate) fn into_numbers(self) -> Option<Narrow> {
        if let Self::Numbers(numbers) = self { Some(numbers) } else { None }
    }

    /// The ids and the values, if it has them.
    pub(crate) fn into_ids(self) -> Option<(Narrow, ArrayRef)> {
        if let Self::Ids(ids, values) = self { Some((ids, values)) } else { None }
    }

    /// The type of the column.
    pub(crate) fn data_type(&self) -> DataType {
        match self {
            Self::Numbers(numbers) => numbers.data_type().clone(),
            Self::Ids(ids, values) => DataType::Dictionary(ids.data_type().clone().into(), values.data_type().clone().into()),
            Self::Plain(column) => column.data_type().clone(),
        }
    }

    /// Bytes of memory that it takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.memory_bytes(),
            Self::Ids(ids, values) => ids.memory_bytes() + memory_bytes(values),
            Self::Plain(column) => memory_bytes(column),
        }
    }
}

impl From<ArrayRef> for Packed {
    fn from(column: ArrayRef) -> Self {
        Self::of(&column)
    }
}

/// About as many bytes of memory as so many rows take as texts, if they have these values.
pub(crate) fn bytes_of_texts(values: &ArrayRef, rows: usize) -> usize {
    let of_values = memory_bytes(values).max(size_of::<u128>() * values.len());
    of_values.div_ceil(values.len().max(1)) * rows
}

/// A column of values by their ids.
pub(crate) fn dictionary(ids: &ArrayRef, values: &ArrayRef) -> Result<ArrayRef> {
    Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(ids.as_primitive().clone(), values.clone())?))
}
