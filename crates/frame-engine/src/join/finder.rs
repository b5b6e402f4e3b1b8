//! From the keys of rows to the rows of a table that they match.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Int32Type};
use frame_core::Result;

use super::keys::{Key, Keys, of_values};
use super::table::{NONE, Table};

/// Dictionaries whose values have been looked up; as many as there may be threads with batches of different row groups.
const DICTIONARIES_MAX: usize = 64;

/// Looks rows up in one table.
#[derive(Debug)]
pub(crate) struct Finder {
    keys: Vec<Key>,
    /// Row groups share dictionaries between batches: their values are looked up once.
    dictionaries: Mutex<Vec<Looked>>,
}

/// The values of a dictionary, and the row found for each of them.
type Looked = (ArrayRef, Arc<Vec<u32>>);

impl Finder {
    /// For rows with these keys.
    pub(crate) fn new(keys: Vec<Key>) -> Self {
        Self { keys, dictionaries: Mutex::default() }
    }

    /// The keys of the rows.
    pub(crate) fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// For each of so many rows the first row of the table that matches, or [`NONE`].
    pub(super) fn find(&self, table: &Table, columns: &[ArrayRef], rows: usize) -> Result<Vec<u32>> {
        let mut found = Vec::with_capacity(rows);
        match self.keys.as_slice() {
            [only] if only.is_text() && is_dictionary(&columns[only.column]) => self.find_ids(table, &columns[only.column], &mut found)?,
            keys => table.find(&Keys::new(keys, columns, rows)?, &mut found),
        }
        Ok(found)
    }

    fn find_ids(&self, table: &Table, column: &ArrayRef, found: &mut Vec<u32>) -> Result<()> {
        let column = column.as_dictionary::<Int32Type>();
        let of_values = self.of_dictionary(table, column.values())?;
        let ids = column.keys();
        match ids.nulls().filter(|nulls| nulls.null_count() > 0) {
            None => found.extend(ids.values().iter().map(|id| of_values[*id as usize])),
            Some(nulls) => {
                let rows = ids.values().iter().zip(nulls);
                found.extend(rows.map(|(id, valid)| if valid { of_values[*id as usize] } else { NONE }));
            }
        }
        Ok(())
    }

    /// The row found for each value of a dictionary.
    fn of_dictionary(&self, table: &Table, values: &ArrayRef) -> Result<Arc<Vec<u32>>> {
        let lock = || self.dictionaries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = lock().iter().find(|(known, _)| Arc::ptr_eq(known, values)) {
            return Ok(known.clone());
        }
        let mut found = Vec::new();
        table.find(&of_values(values)?, &mut found);
        let found = Arc::new(found);
        let mut known = lock();
        if known.len() >= DICTIONARIES_MAX {
            known.remove(0);
        }
        known.push((values.clone(), found.clone()));
        Ok(found)
    }
}

fn is_dictionary(column: &ArrayRef) -> bool {
    matches!(column.data_type(), DataType::Dictionary(ids, _) if **ids == DataType::Int32)
}
