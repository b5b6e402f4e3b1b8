//! The threads of a session.

use std::cmp::Ordering;

use frame_core::{Error, Result};
use rayon::prelude::*;

use crate::panic::caught;

/// A pool of threads of its own, so that two sessions in one process do not meet. The caller's thread runs no tasks; or it runs all of
/// them, if there is no pool.
#[derive(Debug)]
pub struct Scheduler {
    pub(crate) pool: Option<rayon::ThreadPool>,
}

impl Scheduler {
    /// A scheduler of `threads` threads (at least one).
    ///
    /// # Errors
    /// An error if the system gives no thread.
    pub fn new(threads: usize) -> Result<Self> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.max(1))
            .thread_name(|index| format!("frame-{index}"))
            .build()
            .map_err(|error| Error::internal(format!("cannot start {threads} threads: {error}")))?;
        Ok(Self { pool: Some(pool) })
    }

    /// A scheduler for work that is a task of another one: all runs on the thread of the caller, one after the other. Waiting for another
    /// thread would let that of the caller begin with something else, and hold the memory of both.
    pub fn here() -> Self {
        Self { pool: None }
    }

    /// Runs one task on a thread of the pool and waits for its result, as the caller's thread runs no tasks itself.
    ///
    /// # Errors
    /// Those of the task; a panic in it is one.
    pub fn run_one<T: Send, S: Send + From<Error>>(&self, task: impl FnOnce() -> Result<T, S> + Send) -> Result<T, S> {
        match &self.pool {
            Some(pool) => pool.install(|| caught(task)),
            None => caught(task),
        }
    }

    /// Runs `task` for each of `0 .. count`, several at once; the results in that order.
    ///
    /// # Errors
    /// Those of the tasks, that of the smallest number first; a panic in a task is one.
    pub fn map<T: Send>(&self, count: usize, task: impl Fn(usize) -> Result<T> + Sync) -> Result<Vec<T>> {
        let Some(pool) = &self.pool else { return (0..count).map(|at| caught(|| task(at))).collect() };
        let results: Vec<Result<T>> = pool.install(|| (0..count).into_par_iter().with_max_len(1).map(|at| caught(|| task(at))).collect());
        results.into_iter().collect()
    }

    /// Sorts in parallel; equal items keep their order.
    pub fn sort_by<T: Send>(&self, items: &mut [T], compare: impl Fn(&T, &T) -> Ordering + Sync) {
        match &self.pool {
            Some(pool) => pool.install(|| items.par_sort_by(|a, b| compare(a, b))),
            None => items.sort_by(compare),
        }
    }

    /// Runs a task on each thread, when that one has ended what it had in hand, and waits for all of them.
    pub fn everywhere(&self, task: impl Fn() + Sync) {
        match &self.pool {
            Some(pool) => drop(pool.broadcast(|_| task())),
            None => task(),
        }
    }

    /// Number of threads.
    pub fn threads(&self) -> usize {
        self.pool.as_ref().map_or(1, rayon::ThreadPool::current_num_threads)
    }
}
