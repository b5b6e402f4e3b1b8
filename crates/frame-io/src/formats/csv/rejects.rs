//! The rows that were left out, so that they can be looked at and read again.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use frame_core::{DataError, Error, Result};
use frame_memory::{MemoryBudget, Reservation};

/// A row that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The line at which it begins, from 1, if the reader knew it.
    pub line: Option<u64>,
    /// The name of the column whose value was bad; none for a row with the wrong number of fields.
    pub column: Option<String>,
    /// What is wrong.
    pub reason: String,
    /// The row as it stands in the file, without its line end.
    pub raw: Vec<u8>,
}

/// The rows of one file that were left out, in the order of the file. Reading a row twice rejects it once.
#[derive(Debug, Default)]
pub struct Rejects {
    limit: Option<u64>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    rows: BTreeMap<u64, Reject>,
    bytes: usize,
    memory: Option<Reservation>,
}

impl Rejects {
    /// No rows yet; more than `limit` of them are an error.
    pub fn new(limit: Option<u64>) -> Self {
        Self { limit, ..Self::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Adds the row at `byte` of `file`.
    ///
    /// # Errors
    /// `DataError::Rejected` for one row too many; `MemoryError`.
    pub(crate) fn add(&self, file: &str, byte: u64, reject: Reject, budget: &MemoryBudget) -> Result<()> {
        let mut state = self.lock();
        state.bytes += reject.raw.len() + reject.reason.len() + size_of::<Reject>() + 16;
        let bytes = state.bytes;
        state.memory.get_or_insert_with(|| budget.reserve("rejected rows")).require(bytes)?;
        state.rows.insert(byte, reject);
        match self.limit {
            Some(limit) if state.rows.len() as u64 > limit => {
                Err(Error::new(DataError::Rejected { file: file.to_owned(), limit: format!("{limit} rows") }))
            }
            _ => Ok(()),
        }
    }

    /// Number of rows so far.
    pub fn len(&self) -> u64 {
        self.lock().rows.len() as u64
    }

    /// Whether no row was left out.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows and the bytes at which they begin, in the order of the file.
    pub fn rows(&self) -> Vec<(u64, Reject)> {
        self.lock().rows.iter().map(|(byte, reject)| (*byte, reject.clone())).collect()
    }
}
