//! A stage whose results are taken in the order of its partitions, by a thread outside the pool.
//!
//! Partition p starts only if p < frontier + window: the frontier is the partition whose results are being taken, and the window bounds
//! what waits behind it. Whatever happens in a partition counts only when the frontier reaches it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use frame_core::Error;

use crate::panic::caught;
use crate::{Flow, Scheduler};

/// What an ordered stage does.
pub trait OrderedWork: Send + Sync + 'static {
    /// A piece of the result.
    type Item: Send;
    /// Why a partition was not finished.
    type Stop: Send + From<Error>;

    /// Works on one partition and gives its pieces to `emit`, until that has enough.
    ///
    /// # Errors
    /// A reason to stop the run.
    fn run(&self, partition: usize, emit: &mut dyn FnMut(Self::Item) -> Flow) -> Result<(), Self::Stop>;
}

/// The results of an ordered stage: an iterator over pieces that ends with the first stop.
pub struct Ordered<W: OrderedWork> {
    shared: Arc<Shared<W>>,
    scheduler: Arc<Scheduler>,
    window: usize,
    /// The first partition that has no task yet.
    next: usize,
    frontier: usize,
    is_over: bool,
}

struct Shared<W: OrderedWork> {
    work: Arc<W>,
    partitions: usize,
    state: Mutex<State<W>>,
    changed: Condvar,
}

struct State<W: OrderedWork> {
    /// What partitions at or behind the frontier have given so far.
    pieces: BTreeMap<usize, VecDeque<W::Item>>,
    /// How partitions ended.
    ends: BTreeMap<usize, Result<(), W::Stop>>,
    /// Nobody takes results any more.
    is_abandoned: bool,
}

impl<W: OrderedWork> Shared<W> {
    fn lock(&self) -> MutexGuard<'_, State<W>> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn run(&self, partition: usize) {
        let mut emit = |piece| {
            let mut state = self.lock();
            if state.is_abandoned {
                return Flow::Enough;
            }
            state.pieces.entry(partition).or_default().push_back(piece);
            self.changed.notify_one();
            Flow::More
        };
        let end = if self.lock().is_abandoned { Ok(()) } else { caught(|| self.work.run(partition, &mut emit)) };
        self.lock().ends.insert(partition, end);
        self.changed.notify_one();
    }
}

impl<W: OrderedWork> Ordered<W> {
    /// Starts working on partitions `0 .. partitions`, at most `window` of them ahead of what is taken.
    pub fn new(scheduler: Arc<Scheduler>, work: Arc<W>, partitions: usize, window: usize) -> Self {
        let state = State { pieces: BTreeMap::new(), ends: BTreeMap::new(), is_abandoned: false };
        let shared = Arc::new(Shared { work, partitions, state: Mutex::new(state), changed: Condvar::new() });
        let mut ordered = Self { shared, scheduler, window: window.max(1), next: 0, frontier: 0, is_over: false };
        ordered.spawn();
        ordered
    }

    fn spawn(&mut self) {
        while self.next < self.shared.partitions.min(self.frontier + self.window) {
            let (shared, partition) = (self.shared.clone(), self.next);
            self.scheduler.pool.spawn_fifo(move || shared.run(partition));
            self.next += 1;
        }
    }

    fn over<T>(&mut self, last: Option<T>) -> Option<T> {
        self.is_over = true;
        self.shared.lock().is_abandoned = true;
        last
    }
}

impl<W: OrderedWork> Iterator for Ordered<W> {
    type Item = Result<W::Item, W::Stop>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_over && self.frontier < self.shared.partitions {
            let mut state = self.shared.lock();
            let end = loop {
                if let Some(piece) = state.pieces.get_mut(&self.frontier).and_then(VecDeque::pop_front) {
                    return Some(Ok(piece));
                }
                if let Some(end) = state.ends.remove(&self.frontier) {
                    break end;
                }
                state = self.shared.changed.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
            };
            state.pieces.remove(&self.frontier);
            drop(state);
            if let Err(stop) = end {
                return self.over(Some(Err(stop)));
            }
            self.frontier += 1;
            self.spawn();
        }
        self.over(None)
    }
}

impl<W: OrderedWork> Drop for Ordered<W> {
    fn drop(&mut self) {
        self.over::<()>(None);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    struct Counting {
        highest: AtomicUsize,
        stops: usize,
    }

    impl OrderedWork for Counting {
        type Item = usize;
        type Stop = Error;

        fn run(&self, partition: usize, emit: &mut dyn FnMut(usize) -> Flow) -> Result<(), Error> {
            self.highest.fetch_max(partition, Ordering::Relaxed);
            for piece in 0..3 {
                if emit(partition * 10 + piece) == Flow::Enough {
                    return Ok(());
                }
            }
            if partition == self.stops { Err(Error::internal("stop")) } else { Ok(()) }
        }
    }

    #[test]
    fn pieces_come_in_order_and_stops_behind_them() {
        for threads in [1, 2, 4] {
            let scheduler = Arc::new(Scheduler::new(threads).expect("threads"));
            let work = Arc::new(Counting { highest: AtomicUsize::new(0), stops: 30 });
            let taken: Vec<_> = Ordered::new(scheduler, work.clone(), 100, 4).collect();
            let (last, pieces) = taken.split_last().expect("something");
            assert_eq!(last, &Err(Error::internal("stop")));
            let expected: Vec<_> = (0..=30).flat_map(|partition| (0..3).map(move |piece| Ok(partition * 10 + piece))).collect();
            assert_eq!(pieces, expected);
            assert!(work.highest.load(Ordering::Relaxed) <= 34, "no partition beyond the window");
        }
    }

    #[test]
    fn what_lies_behind_the_taken_pieces_does_not_count() {
        let scheduler = Arc::new(Scheduler::new(4).expect("threads"));
        let work = Arc::new(Counting { highest: AtomicUsize::new(0), stops: 1 });
        let taken: Vec<_> = Ordered::new(scheduler, work, 100, 8).take(3).collect();
        assert_eq!(taken, [Ok(0), Ok(1), Ok(2)]);
    }
}
