//! Stages of partition tasks and their scheduler: the only user of rayon. It knows tasks, not data.
//!
//! No task ever waits for another: a task reads one partition and ends, or spawns the task of the next one. The one barrier is the end
//! of a stage. What stops a run (an error, a reason to begin again) is ordered by partition: the stop of the lowest partition wins,
//! whatever the number of threads, because no partition below it is left out.

mod ordered;
mod panic;
mod scheduler;
mod stage;

pub use ordered::{Ordered, OrderedWork};
pub use scheduler::Scheduler;
pub use stage::StageWork;

/// Whether a task should go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Flow {
    /// There is use for more.
    More,
    /// Nobody needs any more.
    Enough,
}
