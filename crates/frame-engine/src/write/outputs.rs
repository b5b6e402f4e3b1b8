//! Files of a run that are complete and wait for their names until the whole run is: a failure leaves none of them behind.

use std::sync::{Mutex, PoisonError};

use frame_core::Result;
use frame_io::Pending;
use frame_io::formats::failure;

/// Paths as they were given, and what waits to stand there.
#[derive(Debug, Default)]
pub(crate) struct Outputs(Mutex<Vec<(String, Pending)>>);

impl Outputs {
    /// Adds what is written to its end.
    pub(crate) fn add(&self, path: &str, pending: Pending) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((path.to_owned(), pending));
    }

    /// Gives everything its name.
    pub(crate) fn complete(&self) -> Result<()> {
        let outputs = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        outputs.into_iter().try_for_each(|(path, pending)| pending.complete().map_err(|error| failure(&path, &error)))
    }
}
