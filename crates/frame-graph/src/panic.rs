//! A panic in a task becomes an error at the task's edge.

use std::panic::{AssertUnwindSafe, catch_unwind};

use frame_core::Error;

/// Runs `task`; a panic inside becomes the error of a broken promise.
pub(super) fn caught<T, S: From<Error>>(task: impl FnOnce() -> Result<T, S>) -> Result<T, S> {
    // The state that a panic leaves behind is dropped with the run and never read.
    catch_unwind(AssertUnwindSafe(task)).unwrap_or_else(|payload| {
        let message = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let message =
            message.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a message".to_owned());
        Err(Error::internal(format!("a task panicked: {message}")).into())
    })
}
