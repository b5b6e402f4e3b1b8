//! Files of a run that are complete and wait for their names until the whole run is: a failure leaves none of them behind.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use frame_core::Result;
use frame_io::Pending;
use frame_io::formats::failure;

/// What a run writes.
#[derive(Debug, Default)]
pub(crate) struct Outputs {
    /// Paths as they were given, and what waits to stand there.
    pending: Mutex<Vec<(String, Pending)>>,
    is_gone: AtomicBool,
}

impl Outputs {
    /// Adds what is written to its end.
    pub(crate) fn add(&self, path: &str, pending: Pending) {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).push((path.to_owned(), pending));
    }

    /// Some rows went where they cannot be taken back from, such as into a pipe.
    pub(crate) fn set_gone(&self) {
        self.is_gone.store(true, Ordering::Relaxed);
    }

    /// Whether some did.
    pub(crate) fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::Relaxed)
    }

    /// Gives everything its name.
    pub(crate) fn complete(&self) -> Result<()> {
        let outputs = std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner));
        outputs.into_iter().try_for_each(|(path, pending)| pending.complete().map_err(|error| failure(&path, &error)))
    }
}
