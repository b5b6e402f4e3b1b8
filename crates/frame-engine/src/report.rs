//! What a run did, and how far it is.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use frame_core::error::without_secrets;
use frame_io::{Lesson, Restart};

use crate::context::Counters;

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Rows in the stretches of the inputs that were read; once for each place in the plan that reads an input, however many passes it takes.
    pub rows_read: u64,
    /// Rows that the scans' filters dropped.
    pub rows_filtered: u64,
    /// Rows that left the scans and were not rejected: `rows_read = rows_filtered + rows_rejected + rows_kept`.
    pub rows_kept: u64,
    /// Rows that were read and left out by `cast … or reject`.
    pub rows_rejected: u64,
    /// Rows of results on the way, such as groups, that `cast … or reject` left out; no input has them.
    pub derived_rejected: u64,
    /// Rows that `write` put into files.
    pub rows_written: u64,
    /// Rows of the answer.
    pub rows_out: u64,
    /// Bytes of the partitions that were read to their end.
    pub bytes_read: u64,
    /// The most bytes that were reserved at once.
    pub peak_reserved_bytes: usize,
    /// Bytes that were written to spill files.
    pub spilled_bytes: u64,
    /// The most bytes that were in spill files at once.
    pub peak_spilled_bytes: u64,
    /// From the start of the query to the end of its answer.
    pub elapsed: Duration,
    /// What the run learnt only on the way, in words, and began again for.
    pub restarts: Vec<String>,
}

/// A view on a running query that any thread may look at. Make one, hand it to the run, and keep a clone.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Mutex<Arc<Counters>>>);

impl Progress {
    /// Bytes of the inputs read so far, and bytes to read in all.
    pub fn bytes(&self) -> (u64, u64) {
        let counters = self.counters();
        (counters.bytes_done.load(Ordering::Relaxed), counters.bytes_total.load(Ordering::Relaxed))
    }

    /// Rows read so far.
    pub fn rows_read(&self) -> u64 {
        self.counters().ledger().read
    }

    /// The counters of the current attempt.
    pub(crate) fn counters(&self) -> Arc<Counters> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }

    /// Starts to show another attempt.
    pub(crate) fn show(&self, counters: &Arc<Counters>) {
        *self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = counters.clone();
    }
}

/// A restart as a sentence.
pub(crate) fn sentence(restart: &Restart) -> String {
    let file = without_secrets(&restart.file);
    match &restart.lesson {
        Lesson::Widen { column, class, byte } => {
            format!(
                "column `{column}` of {file} is read as {} because of its value at byte {byte}",
                frame_expr::type_name(&class.data_type())
            )
        }
        Lesson::Reshape { column, shape, byte } => {
            let data_type = frame_expr::type_name(&shape.data_type());
            format!("column `{column}` of {file} is read as {data_type} because of its value at byte {byte}")
        }
        Lesson::Splits => {
            format!("the records of {file} were found by reading it from its start, as its quotes cannot be guessed from the middle")
        }
    }
}
