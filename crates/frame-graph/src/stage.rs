//! A stage whose partitions may be worked on in any order: each worker has a share of the result.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use frame_core::Error;

use crate::panic::caught;
use crate::{Flow, Scheduler};

/// What a stage does.
pub trait StageWork: Sync {
    /// What one worker has gathered.
    type Share: Send;
    /// Why a partition was not finished.
    type Stop: Send + From<Error>;

    /// A worker begins.
    ///
    /// # Errors
    /// A reason to stop the run.
    fn start(&self) -> Result<Self::Share, Self::Stop>;

    /// Works on one partition.
    ///
    /// # Errors
    /// A reason to stop the run.
    fn run(&self, share: &mut Self::Share, partition: usize) -> Result<Flow, Self::Stop>;
}

/// What the tasks of a stage share.
struct Progress<'a, W: StageWork> {
    work: &'a W,
    partitions: usize,
    next: AtomicUsize,
    /// Partitions behind this one need not be worked on: it stopped the run, or has enough.
    last: AtomicUsize,
    /// Shares that no worker goes on with yet.
    idle: Mutex<Vec<W::Share>>,
    shares: Mutex<Vec<W::Share>>,
    stop: Mutex<Option<(usize, W::Stop)>>,
}

impl Scheduler {
    /// Works on partitions `0 .. partitions` with as many workers as there are threads; gives their shares, in no particular order.
    ///
    /// # Errors
    /// The stop of the lowest partition that had one.
    pub fn run<W: StageWork>(&self, work: &W, partitions: usize) -> Result<Vec<W::Share>, W::Stop> {
        self.go_on(work, partitions, Vec::new())
    }

    /// [`Scheduler::run`] by workers that go on with these shares.
    ///
    /// # Errors
    /// See [`Scheduler::run`].
    pub fn go_on<W: StageWork>(&self, work: &W, partitions: usize, shares: Vec<W::Share>) -> Result<Vec<W::Share>, W::Stop> {
        let Some(pool) = &self.pool else { return run_here(work, partitions, shares) };
        let progress = Progress {
            work,
            partitions,
            next: AtomicUsize::new(0),
            last: AtomicUsize::new(usize::MAX),
            idle: Mutex::new(shares),
            shares: Mutex::new(Vec::new()),
            stop: Mutex::new(None),
        };
        pool.in_place_scope(|scope| {
            for _ in 0..self.threads().min(partitions).max(1) {
                scope.spawn(|scope| match progress.share() {
                    Ok(share) => advance(&progress, share, scope),
                    Err(stop) => progress.stopped(0, stop),
                });
            }
        });
        let stop = progress.stop.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        match stop {
            Some((_, stop)) => Err(stop),
            None => {
                let mut shares = progress.shares.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
                shares.append(&mut progress.idle.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner()));
                Ok(shares)
            }
        }
    }
}

/// Works on all partitions with one worker, the caller.
fn run_here<W: StageWork>(work: &W, partitions: usize, mut shares: Vec<W::Share>) -> Result<Vec<W::Share>, W::Stop> {
    let mut share = shares.pop().map_or_else(|| caught(|| work.start()), Ok)?;
    for partition in 0..partitions {
        if caught(|| work.run(&mut share, partition))? == Flow::Enough {
            break;
        }
    }
    shares.push(share);
    Ok(shares)
}

/// Works on the next partition, then spawns the task for the one after it; without a next partition the share is handed in.
fn advance<'a, W: StageWork>(progress: &'a Progress<'a, W>, mut share: W::Share, scope: &rayon::Scope<'a>) {
    let partition = progress.next.fetch_add(1, Ordering::Relaxed);
    if partition >= progress.partitions || partition > progress.last.load(Ordering::Relaxed) {
        progress.shares.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(share);
        return;
    }
    match caught(|| progress.work.run(&mut share, partition)) {
        Ok(Flow::More) => {}
        Ok(Flow::Enough) => {
            progress.last.fetch_min(partition, Ordering::Relaxed);
        }
        Err(stop) => return progress.stopped(partition, stop),
    }
    scope.spawn(move |scope| advance(progress, share, scope));
}

impl<W: StageWork> Progress<'_, W> {
    /// A share to go on with.
    fn share(&self) -> Result<W::Share, W::Stop> {
        let idle = self.idle.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).pop();
        idle.map_or_else(|| caught(|| self.work.start()), Ok)
    }

    fn stopped(&self, partition: usize, stop: W::Stop) {
        self.last.fetch_min(partition, Ordering::Relaxed);
        let mut lowest = self.stop.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if lowest.as_ref().is_none_or(|(other, _)| partition < *other) {
            *lowest = Some((partition, stop));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing(Vec<usize>);

    impl StageWork for Failing {
        type Share = Vec<usize>;
        type Stop = Error;

        fn start(&self) -> Result<Vec<usize>, Error> {
            Ok(Vec::new())
        }

        fn run(&self, share: &mut Vec<usize>, partition: usize) -> Result<Flow, Error> {
            share.push(partition);
            if partition == 13 {
                panic!("thirteen");
            }
            if self.0.contains(&partition) { Err(Error::internal(format!("{partition}"))) } else { Ok(Flow::More) }
        }
    }

    #[test]
    fn every_partition_is_worked_on_once() {
        let pools = [1, 2, 5].map(|threads| Scheduler::new(threads).expect("threads"));
        for scheduler in pools.into_iter().chain([Scheduler::here()]) {
            let shares = scheduler.run(&Failing(vec![]), 12).expect("no stop");
            let mut all = shares.concat();
            all.sort_unstable();
            assert_eq!(all, (0..12).collect::<Vec<_>>());
        }
    }

    #[test]
    fn workers_go_on_with_the_shares_of_earlier_ones() {
        let pools = [1, 2, 5].map(|threads| Scheduler::new(threads).expect("threads"));
        for scheduler in pools.into_iter().chain([Scheduler::here()]) {
            for partitions in [0, 1, 12] {
                let earlier: Vec<Vec<usize>> = (100..107).map(|share| vec![share]).collect();
                let shares = scheduler.go_on(&Failing(vec![]), partitions, earlier).expect("no stop");
                assert_eq!(shares.len(), 7, "no worker has begun anew");
                let mut all = shares.concat();
                all.sort_unstable();
                assert_eq!(all, (0..partitions).chain(100..107).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn the_lowest_stop_wins_and_panics_are_stops() {
        let pools = [1, 2, 5].map(|threads| Scheduler::new(threads).expect("threads"));
        for scheduler in pools.into_iter().chain([Scheduler::here()]) {
            for _ in 0..50 {
                let error = scheduler.run(&Failing(vec![9, 4, 5]), 12).expect_err("a stop");
                assert_eq!(error, Error::internal("4"));
            }
            let error = scheduler.run(&Failing(vec![14]), 20).expect_err("a panic");
            assert!(error.to_string().contains("thirteen"), "{error}");
        }
    }
}
