//! The threads of a session as the helpers of a writer.

use std::fmt;
use std::sync::Arc;

use frame_graph::Scheduler;
use frame_io::formats::Workers;

/// The threads of a scheduler. Whoever writes is none of them, and only waits.
pub(crate) struct Threads(pub(crate) Arc<Scheduler>);

impl fmt::Debug for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Threads({})", self.0.threads())
    }
}

impl Workers for Threads {
    fn each(&self, count: usize, task: &(dyn Fn(usize) + Sync)) {
        // A panic in a task leaves its result empty, which the writer reports.
        let _ = self.0.map(count, |at| {
            task(at);
            Ok(())
        });
    }
}
