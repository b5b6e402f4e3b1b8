//! The runtime on which connections live.

use std::io;
use std::sync::OnceLock;
use std::thread;

use tokio::runtime::{Builder, Handle, Runtime};

/// Threads that look after connections; what is read is waited for on the thread that asks.
const THREADS: usize = 2;

/// A runtime that is started when the first URL is met.
#[derive(Debug, Default)]
pub(super) struct Driver(OnceLock<io::Result<Runtime>>);

impl Driver {
    /// Waits on this thread until `task` is done.
    pub(super) fn wait<T: Send>(&self, task: impl Future<Output = T> + Send) -> io::Result<T> {
        let runtime =
            self.0.get_or_init(|| Builder::new_multi_thread().worker_threads(THREADS).thread_name("frame-io").enable_all().build());
        let runtime = runtime.as_ref().map_err(|error| io::Error::new(error.kind(), error.to_string()))?;
        if Handle::try_current().is_err() {
            return Ok(runtime.block_on(task));
        }
        // A thread of somebody else's runtime must not wait for ours.
        let done = thread::scope(|scope| scope.spawn(|| runtime.block_on(task)).join());
        done.map_err(|_| io::Error::other("a request panicked"))
    }
}

impl Drop for Driver {
    /// Leaves connections as they are: to wait for them is not allowed everywhere.
    fn drop(&mut self) {
        if let Some(Ok(runtime)) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
