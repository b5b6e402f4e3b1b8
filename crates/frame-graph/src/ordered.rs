//! A stage whose results are taken in the order of its partitions, by a thread outside the pool.
//!
//! Partition p starts only if p < frontier + window: the frontier is the partition whose results are being taken, and the window bounds
//! what waits behind it. Whatever happens in a partition counts only when the frontier reaches it. When more waits than may, a task puts
//! its cursor down and ends; whoever takes results sees to it that it is taken up again.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use frame_core::Error;

use crate::Scheduler;
use crate::panic::caught;

/// What an ordered stage does.
pub trait OrderedWork: Send + Sync + 'static {
    /// A partition being worked on.
    type Cursor: Send;
    /// A piece of the result.
    type Item: Send;
    /// Why a partition was not finished.
    type Stop: Send + From<Error>;

    /// Starts to work on a partition.
    ///
    /// # Errors
    /// A reason to stop the run.
    fn open(&self, partition: usize) -> Result<Self::Cursor, Self::Stop>;

    /// The next piece of a partition, or none at its end.
    ///
    /// # Errors
    /// A reason to stop the run.
    fn next(&self, cursor: &mut Self::Cursor) -> Result<Option<Self::Item>, Self::Stop>;

    /// Bytes of memory that a piece takes while it waits.
    fn bytes(&self, item: &Self::Item) -> usize;

    /// Whether a piece should be taken before another one is made: there is no memory for more.
    fn is_pressing(&self, _item: &Self::Item) -> bool {
        false
    }
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
    /// With more bytes waiting, no piece is made that nobody waits for.
    waiting_bytes_max: usize,
    state: Mutex<State<W>>,
    changed: Condvar,
}

struct State<W: OrderedWork> {
    /// Partitions at or behind the frontier.
    begun: BTreeMap<usize, Begun<W>>,
    /// Of all pieces that wait.
    waiting_bytes: usize,
    /// Nobody takes results any more.
    is_abandoned: bool,
}

/// What a partition has given so far.
struct Begun<W: OrderedWork> {
    pieces: VecDeque<W::Item>,
    /// Where to go on, if no task is at work.
    cursor: Option<W::Cursor>,
    end: Option<Result<(), W::Stop>>,
}

impl<W: OrderedWork> Default for Begun<W> {
    fn default() -> Self {
        Self { pieces: VecDeque::new(), cursor: None, end: None }
    }
}

impl<W: OrderedWork> Shared<W> {
    fn lock(&self) -> MutexGuard<'_, State<W>> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Works on a partition until it ends or has to wait.
    fn run(&self, partition: usize, cursor: Option<W::Cursor>) {
        let end = match cursor.map_or_else(|| caught(|| self.work.open(partition)), Ok) {
            Ok(cursor) => match self.advance(partition, cursor) {
                Some(end) => end,
                None => return,
            },
            Err(stop) => Err(stop),
        };
        self.lock().begun.entry(partition).or_default().end = Some(end);
        self.changed.notify_one();
    }

    /// Makes pieces; gives how the partition ended, or nothing if the cursor was put down.
    fn advance(&self, partition: usize, mut cursor: W::Cursor) -> Option<Result<(), W::Stop>> {
        loop {
            if self.lock().is_abandoned {
                return Some(Ok(()));
            }
            let piece = match caught(|| self.work.next(&mut cursor)) {
                Ok(Some(piece)) => piece,
                Ok(None) => return Some(Ok(())),
                Err(stop) => return Some(Err(stop)),
            };
            let mut state = self.lock();
            state.waiting_bytes += self.work.bytes(&piece);
            let is_much = state.waiting_bytes > self.waiting_bytes_max || self.work.is_pressing(&piece);
            let begun = state.begun.entry(partition).or_default();
            begun.pieces.push_back(piece);
            self.changed.notify_one();
            if is_much {
                begun.cursor = Some(cursor);
                return None;
            }
        }
    }
}

impl<W: OrderedWork> Ordered<W> {
    /// Starts working on partitions `0 .. partitions`, at most `window` of them ahead of what is taken, and as long as no more than
    /// `waiting_bytes_max` wait to be taken.
    pub fn new(scheduler: Arc<Scheduler>, work: Arc<W>, partitions: usize, window: usize, waiting_bytes_max: usize) -> Self {
        let state = State { begun: BTreeMap::new(), waiting_bytes: 0, is_abandoned: false };
        let shared = Arc::new(Shared { work, partitions, waiting_bytes_max, state: Mutex::new(state), changed: Condvar::new() });
        let mut ordered = Self { shared, scheduler, window: window.max(1), next: 0, frontier: 0, is_over: false };
        ordered.spawn();
        ordered
    }

    fn spawn(&mut self) {
        while self.next < self.shared.partitions.min(self.frontier + self.window) {
            self.go_on(self.next, None);
            self.next += 1;
        }
    }

    /// A task works on a partition.
    fn go_on(&self, partition: usize, cursor: Option<W::Cursor>) {
        let shared = self.shared.clone();
        let task = move || shared.run(partition, cursor);
        match &self.scheduler.pool {
            Some(pool) => pool.spawn_fifo(task),
            // Whoever takes the pieces waits for them, so the task needs another thread.
            None => rayon::spawn_fifo(task),
        }
    }

    /// Takes up cursors that were put down, if so much is waiting only because they were.
    fn take_up(&self, state: &mut State<W>) {
        let is_much = state.waiting_bytes > self.shared.waiting_bytes_max / 2;
        for (partition, begun) in &mut state.begun {
            // The frontier must go on whatever waits behind it.
            if begun.cursor.is_some() && (!is_much || *partition == self.frontier && begun.pieces.is_empty()) {
                self.go_on(*partition, begun.cursor.take());
            }
        }
    }

    fn over<T>(&mut self, last: Option<T>) -> Option<T> {
        self.is_over = true;
        let mut state = self.shared.lock();
        state.is_abandoned = true;
        // What was put down will not be taken up again.
        state.begun.clear();
        last
    }
}

impl<W: OrderedWork> Iterator for Ordered<W> {
    type Item = Result<W::Item, W::Stop>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_over && self.frontier < self.shared.partitions {
            let mut state = self.shared.lock();
            let end = loop {
                let begun = state.begun.entry(self.frontier).or_default();
                if let Some(piece) = begun.pieces.pop_front() {
                    state.waiting_bytes -= self.shared.work.bytes(&piece);
                    self.take_up(&mut state);
                    return Some(Ok(piece));
                }
                if let Some(end) = begun.end.take() {
                    break end;
                }
                self.take_up(&mut state);
                state = self.shared.changed.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
            };
            state.begun.remove(&self.frontier);
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
        type Cursor = (usize, usize);
        type Item = usize;
        type Stop = Error;

        fn open(&self, partition: usize) -> Result<(usize, usize), Error> {
            self.highest.fetch_max(partition, Ordering::Relaxed);
            Ok((partition, 0))
        }

        fn next(&self, (partition, piece): &mut (usize, usize)) -> Result<Option<usize>, Error> {
            *piece += 1;
            match *piece {
                1..4 => Ok(Some(*partition * 10 + *piece - 1)),
                _ if *partition == self.stops => Err(Error::internal("stop")),
                _ => Ok(None),
            }
        }

        fn bytes(&self, _: &usize) -> usize {
            10
        }
    }

    #[test]
    fn pieces_come_in_order_and_stops_behind_them() {
        for threads in 1..7 {
            let scheduler = Arc::new(Scheduler::new(threads).expect("threads"));
            let work = Arc::new(Counting { highest: AtomicUsize::new(0), stops: 30 });
            let waiting_bytes_max = [0, 15, 1_000][threads % 3];
            let taken: Vec<_> = Ordered::new(scheduler, work.clone(), 100, 4, waiting_bytes_max).collect();
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
        let taken: Vec<_> = Ordered::new(scheduler, work, 100, 8, 1_000).take(3).collect();
        assert_eq!(taken, [Ok(0), Ok(1), Ok(2)]);
    }
}
