//! The memory budget and its reservations.
//!
//! A budget that is governed compares what is reserved with what the kernel says that the process holds: the difference (code, stacks,
//! what the allocator keeps) is taken off the limit. That decides only when to spill, never an answer.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use frame_core::{Error, MemoryError, Result};

/// The bytes that one session may hold, shared by all its runs.
#[derive(Debug, Clone)]
pub struct MemoryBudget(Arc<Budget>);

#[derive(Debug)]
struct Budget {
    limit_bytes: usize,
    used_bytes: AtomicUsize,
    peak_bytes: AtomicUsize,
    /// Who has a say besides the limit.
    referee: Referee,
    /// Bytes that the process holds beyond those reserved, when it was asked last.
    beside_bytes: AtomicUsize,
    /// Bytes that have been granted since then.
    since_bytes: AtomicUsize,
}

/// Who decides on growth besides the limit.
#[derive(Debug, Clone)]
enum Referee {
    /// Reservations alone count.
    Nobody,
    /// The limit is one for all that the process holds.
    Process(Process),
    /// Growth that the limit allows may be refused all the same.
    Refusal(Refusal),
}

/// Says of a growth that the limit would allow whether it is refused.
#[derive(Clone)]
struct Refusal(Arc<dyn Fn(Growth) -> bool + Send + Sync>);

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refusal")
    }
}

/// A reservation that is to grow.
#[derive(Debug, Clone, Copy)]
pub struct Growth {
    /// By how many bytes.
    pub more_bytes: usize,
    /// Whether its consumer has nothing to give up: a refusal is an error then.
    pub is_required: bool,
}

/// What a budget for a whole process asks of it.
#[derive(Debug, Clone, Copy)]
pub struct Process {
    /// Bytes of memory that the process holds now, if the system tells.
    pub resident_bytes: fn() -> Option<usize>,
    /// Gives memory that nobody uses back to the system.
    pub trim: fn(),
}

/// The process is asked again after so many bytes were granted.
const LOOK_EVERY_BYTES: usize = 1 << 20;

/// By so much what a process holds beside reservations changes from one look to the next.
const BESIDE_SWING_BYTES: usize = 16 << 20;

/// Bytes of a limit that those who can give up something leave to those who cannot: an eighth. Where it is one of a process, what lies beside
/// reservations comes and goes by some MiB whatever the limit is, so a small one leaves more, at most a quarter.
pub fn headroom_bytes(limit_bytes: usize, is_of_process: bool) -> usize {
    let least = if is_of_process { BESIDE_SWING_BYTES.min(limit_bytes / 4) } else { 0 };
    least.max(limit_bytes / 8)
}

/// Who would hold at most this part of the limit is granted half of the headroom too: giving so little up again and again, while somebody else
/// holds the rest, would free next to nothing.
const LITTLE_PART: usize = 16;

/// How often and how long those wait who must have memory: together longer than an allocator keeps what is free.
const WAITS: usize = 30;
const WAIT: Duration = Duration::from_millis(10);

/// The answer to a request for memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Grant {
    /// The reservation has the size asked for.
    Granted,
    /// Nothing changed: give something up, or stop with [`Reservation::refused`].
    Full,
}

impl MemoryBudget {
    /// A budget of `limit_bytes`.
    pub fn new(limit_bytes: usize) -> Self {
        Self::with(limit_bytes, Referee::Nobody)
    }

    /// A budget of `limit_bytes` for all that a process holds.
    pub fn of_process(limit_bytes: usize, process: Process) -> Self {
        let budget = Self::with(limit_bytes, Referee::Process(process));
        budget.look();
        budget
    }

    /// A budget of `limit_bytes` that refuses growth also where `refuses` says so: tests find with it what happens when memory is short at
    /// any one moment.
    pub fn refusing(limit_bytes: usize, refuses: impl Fn(Growth) -> bool + Send + Sync + 'static) -> Self {
        Self::with(limit_bytes, Referee::Refusal(Refusal(Arc::new(refuses))))
    }

    fn with(limit_bytes: usize, referee: Referee) -> Self {
        let zero = AtomicUsize::default;
        Self(Arc::new(Budget { limit_bytes, used_bytes: zero(), peak_bytes: zero(), referee, beside_bytes: zero(), since_bytes: zero() }))
    }

    /// A reservation of no bytes yet; `consumer` names it in errors.
    pub fn reserve(&self, consumer: &'static str) -> Reservation {
        Reservation { budget: self.clone(), consumer, bytes: 0 }
    }

    /// The limit.
    pub fn limit_bytes(&self) -> usize {
        self.0.limit_bytes
    }

    /// Gives memory that nobody uses back to the system: for whoever wants to know what is free when much was given up.
    pub fn settle(&self) {
        if let Referee::Process(process) = &self.0.referee {
            (process.trim)();
        }
    }

    /// Bytes that a consumer that can give something up may still reserve, as far as can be said now.
    pub fn free_bytes(&self) -> usize {
        self.look();
        self.grantable_bytes().saturating_sub(self.used_bytes() + self.headroom_bytes())
    }

    /// Bytes that reservations may have together.
    fn grantable_bytes(&self) -> usize {
        self.0.limit_bytes.saturating_sub(self.0.beside_bytes.load(Ordering::Relaxed))
    }

    /// Asks what the process holds.
    fn look(&self) {
        let Referee::Process(process) = &self.0.referee else { return };
        if let Some(resident) = (process.resident_bytes)() {
            self.0.beside_bytes.store(resident.saturating_sub(self.used_bytes()), Ordering::Relaxed);
        }
        self.0.since_bytes.store(0, Ordering::Relaxed);
    }

    /// Bytes reserved now.
    pub fn used_bytes(&self) -> usize {
        self.0.used_bytes.load(Ordering::Relaxed)
    }

    /// The most bytes that were ever reserved at once.
    pub fn peak_bytes(&self) -> usize {
        self.0.peak_bytes.load(Ordering::Relaxed)
    }

    fn headroom_bytes(&self) -> usize {
        headroom_bytes(self.0.limit_bytes, matches!(self.0.referee, Referee::Process(_)))
    }

    /// Grants `more` bytes as long as `headroom` are left beyond them.
    fn grow(&self, more: usize, headroom: usize) -> Grant {
        let process = match &self.0.referee {
            Referee::Nobody => return self.try_grow(more, headroom),
            Referee::Refusal(Refusal(refuses)) if refuses(Growth { more_bytes: more, is_required: headroom == 0 }) => return Grant::Full,
            Referee::Refusal(_) => return self.try_grow(more, headroom),
            Referee::Process(process) => process,
        };
        if self.0.since_bytes.fetch_add(more, Ordering::Relaxed) >= LOOK_EVERY_BYTES {
            self.look();
        }
        if self.try_grow(more, headroom) == Grant::Granted {
            return Grant::Granted;
        }
        // What was given up may still lie in the allocator.
        (process.trim)();
        self.look();
        self.try_grow(more, headroom)
    }

    fn try_grow(&self, more: usize, headroom: usize) -> Grant {
        let limit = self.grantable_bytes().saturating_sub(headroom);
        let grown = self
            .0
            .used_bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| used.checked_add(more).filter(|total| *total <= limit));
        match grown {
            Ok(before) => {
                self.0.peak_bytes.fetch_max(before + more, Ordering::Relaxed);
                Grant::Granted
            }
            Err(_) => Grant::Full,
        }
    }
}

/// Bytes set aside for one consumer; given back on drop.
#[derive(Debug)]
pub struct Reservation {
    budget: MemoryBudget,
    consumer: &'static str,
    bytes: usize,
}

impl Reservation {
    /// Grows or shrinks the reservation to `bytes`. Never blocks; shrinking always succeeds. For a consumer that can give something up: an
    /// eighth of the limit, or more of a small one, is left to those who cannot; half of that if it holds little.
    pub fn resize(&mut self, bytes: usize) -> Grant {
        let is_little = bytes <= self.budget.limit_bytes() / LITTLE_PART;
        let headroom = self.budget.headroom_bytes();
        self.resize_leaving(bytes, if is_little { headroom / 2 } else { headroom })
    }

    fn resize_leaving(&mut self, bytes: usize, headroom: usize) -> Grant {
        if bytes > self.bytes {
            if self.budget.grow(bytes - self.bytes, headroom) == Grant::Full {
                return Grant::Full;
            }
        } else {
            self.budget.0.used_bytes.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        }
        self.bytes = bytes;
        Grant::Granted
    }

    /// [`Reservation::resize`] for a consumer that has nothing to give up. If the limit is one of the process it may wait for a moment:
    /// memory that was freed is not back in the system at once, and other tasks give up theirs.
    ///
    /// # Errors
    /// `MemoryError` when the budget is full.
    pub fn require(&mut self, bytes: usize) -> Result<()> {
        let waits = if matches!(self.budget.0.referee, Referee::Process(_)) { WAITS } else { 0 };
        for _ in 0..waits {
            if self.resize_leaving(bytes, 0) == Grant::Granted {
                return Ok(());
            }
            std::thread::sleep(WAIT);
        }
        match self.resize_leaving(bytes, 0) {
            Grant::Granted => Ok(()),
            Grant::Full => Err(self.refused(bytes)),
        }
    }

    /// Takes over what another reservation of the same budget holds.
    pub fn absorb(&mut self, mut other: Self) {
        self.bytes += std::mem::take(&mut other.bytes);
    }

    /// A reservation of its own for some of the bytes held, at most all.
    #[must_use]
    pub fn split(&mut self, bytes: usize) -> Self {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        Self { budget: self.budget.clone(), consumer: self.consumer, bytes }
    }

    /// The error for a growth to `bytes` that was refused.
    pub fn refused(&self, bytes: usize) -> Error {
        Error::new(MemoryError {
            consumer: self.consumer.to_owned(),
            wanted_bytes: bytes.saturating_sub(self.bytes),
            used_bytes: self.budget.used_bytes() + self.budget.0.beside_bytes.load(Ordering::Relaxed),
            limit_bytes: self.budget.limit_bytes(),
        })
    }

    /// The budget that it is part of.
    pub fn budget(&self) -> &MemoryBudget {
        &self.budget
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.0.used_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_budget_changes_nothing_and_dropping_gives_back() {
        let budget = MemoryBudget::new(100);
        let mut first = budget.reserve("first");
        let mut second = budget.reserve("second");
        assert_eq!(first.resize(60), Grant::Granted);
        assert_eq!(second.resize(50), Grant::Full);
        assert_eq!((first.bytes(), second.bytes(), budget.used_bytes()), (60, 0, 60));
        assert_eq!(second.resize(40), Grant::Full, "an eighth is left to those who must have it");
        second.require(40).expect("there is room");
        assert_eq!(first.resize(10), Grant::Granted);
        assert_eq!(budget.used_bytes(), 50);
        drop(second);
        assert_eq!((budget.used_bytes(), budget.peak_bytes()), (10, 100));
        let error = first.require(101).expect_err("more than the limit");
        assert_eq!(error.exit_code(), 4);
    }

    #[test]
    fn growth_may_be_refused_below_the_limit() {
        let budget = MemoryBudget::refusing(100, |growth| growth.is_required || growth.more_bytes > 20);
        let mut one = budget.reserve("one");
        assert_eq!(one.resize(21), Grant::Full);
        assert_eq!(one.resize(20), Grant::Granted);
        assert!(one.require(21).expect_err("refused").to_string().contains("one needs 1 B more"));
        one.require(5).expect("shrinking is never refused");
        assert_eq!((one.bytes(), budget.used_bytes()), (5, 5));
        let mut other = budget.reserve("other");
        assert_eq!(other.resize(7), Grant::Granted);
        one.absorb(other);
        assert_eq!((one.bytes(), budget.used_bytes()), (12, 12));
        let part = one.split(8);
        assert_eq!((one.bytes(), part.bytes(), budget.used_bytes()), (4, 8, 12));
        let rest = one.split(9);
        assert_eq!((one.bytes(), rest.bytes(), budget.used_bytes()), (0, 4, 12));
    }

    #[test]
    fn what_a_process_holds_besides_counts() {
        static RESIDENT: AtomicUsize = AtomicUsize::new(30);
        static TRIMS: AtomicUsize = AtomicUsize::new(0);
        let trim = || {
            TRIMS.fetch_add(1, Ordering::Relaxed);
            RESIDENT.store(20, Ordering::Relaxed);
        };
        let budget = MemoryBudget::of_process(100, Process { resident_bytes: || Some(RESIDENT.load(Ordering::Relaxed)), trim });
        assert_eq!(budget.free_bytes(), 100 - 30 - 25, "a quarter of a small limit is left to those who must have it");
        let mut all = budget.reserve("all");
        all.require(70).expect("as much as is left");
        assert_eq!(TRIMS.load(Ordering::Relaxed), 0);
        budget.settle();
        assert_eq!(budget.free_bytes(), 100 - 70 - 25, "all that is held is reserved");
        all.require(0).expect("shrinking is never refused");
        assert_eq!(budget.free_bytes(), 100 - 20 - 25);
        let large = MemoryBudget::of_process(1 << 30, Process { resident_bytes: || Some(0), trim });
        assert_eq!(large.free_bytes(), (1 << 30) / 8 * 7);
        all.require(70).expect("as much as before");
        assert_eq!(TRIMS.swap(0, Ordering::Relaxed), 1, "only whoever asks for it waits for the allocator");
        // Most of it lies in what the process holds by now; the rest of that is given back when room is needed.
        RESIDENT.store(90, Ordering::Relaxed);
        assert!(all.require(101).is_err());
        assert_eq!(TRIMS.load(Ordering::Relaxed), 1 + WAITS);
        all.require(100).expect("nothing else is held");
    }
}
