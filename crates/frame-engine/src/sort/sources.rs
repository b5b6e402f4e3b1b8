//! Batches whose rows are to be put into an order: columns from which rows are picked here and there.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, UInt32Array};
use arrow::compute::interleave;
use arrow::datatypes::Int32Type;
use frame_core::{Error, Result};

use super::keys::Entry;
use crate::dictionaries::unify;
use crate::narrow::Narrow;

/// The columns of some batches.
pub(super) struct Sources {
    columns: Vec<Column>,
    /// Rows in front of each batch.
    starts: Vec<u32>,
}

enum Column {
    /// Whole numbers, end to end.
    Numbers(Narrow),
    /// Ids, end to end, and the values that they stand for.
    Ids(Narrow, ArrayRef),
    /// Anything else, batch by batch.
    Parts(Vec<ArrayRef>),
}

impl Sources {
    /// Takes over the columns of some batches with as many `rows` each, and gives up those that it has narrowed.
    pub(super) fn new(mut batches: Vec<Vec<ArrayRef>>, rows: impl Iterator<Item = usize>) -> Result<Self> {
        unify(&mut batches)?;
        let ends = rows.scan(0_usize, |end, rows| {
            let start = *end;
            *end += rows;
            Some(u32::try_from(start).ok().filter(|_| u32::try_from(*end).is_ok()))
        });
        let starts = ends.collect::<Option<_>>().ok_or_else(|| Error::internal("too many rows to sort at once"))?;
        let mut columns = Vec::new();
        // The last column of each batch, and so on: what was narrowed is freed at once.
        while let Some(parts) = batches.iter_mut().map(Vec::pop).collect::<Option<Vec<_>>>().filter(|parts| !parts.is_empty()) {
            columns.push(Column::new(parts));
        }
        columns.reverse();
        Ok(Self { columns, starts })
    }

    /// The rows of some entries.
    pub(super) fn rows(&self, entries: &[Entry]) -> Result<Vec<ArrayRef>> {
        let rows = UInt32Array::from_iter_values(entries.iter().map(|entry| self.starts[entry.batch as usize] + entry.row));
        let places: Vec<_> = entries.iter().map(Entry::place).collect();
        self.columns.iter().map(|column| column.rows(&rows, &places)).collect()
    }
}

impl Column {
    fn new(parts: Vec<ArrayRef>) -> Self {
        if let Some(narrow) = Narrow::of(&parts) {
            return Self::Numbers(narrow);
        }
        let ids: Option<Vec<ArrayRef>> =
            parts.iter().map(|part| Some(Arc::new(part.as_dictionary_opt::<Int32Type>()?.keys().clone()) as ArrayRef)).collect();
        match ids.and_then(|ids| Narrow::of(&ids)) {
            Some(ids) => Self::Ids(ids, parts[0].as_any_dictionary().values().clone()),
            None => Self::Parts(parts),
        }
    }

    fn rows(&self, rows: &UInt32Array, places: &[(usize, usize)]) -> Result<ArrayRef> {
        match self {
            Self::Numbers(numbers) => numbers.rows(rows),
            Self::Ids(ids, values) => {
                let ids = ids.rows(rows)?;
                Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(ids.as_primitive().clone(), values.clone())?))
            }
            Self::Parts(parts) => Ok(interleave(&parts.iter().map(|part| part.as_ref() as &dyn Array).collect::<Vec<_>>(), places)?),
        }
    }
}
