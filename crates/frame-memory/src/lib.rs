//! The memory budget and its reservations. Spill files come with the operators that spill.
//!
//! A reservation is made before the growth it covers; it never blocks. When the budget is full the caller decides what to give up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use frame_core::{Error, MemoryError, Result};

/// The bytes that one session may hold, shared by all its runs.
#[derive(Debug, Clone)]
pub struct MemoryBudget(Arc<Budget>);

#[derive(Debug)]
struct Budget {
    limit_bytes: usize,
    used_bytes: AtomicUsize,
    peak_bytes: AtomicUsize,
}

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
        Self(Arc::new(Budget { limit_bytes, used_bytes: AtomicUsize::new(0), peak_bytes: AtomicUsize::new(0) }))
    }

    /// A reservation of no bytes yet; `consumer` names it in errors.
    pub fn reserve(&self, consumer: &'static str) -> Reservation {
        Reservation { budget: self.clone(), consumer, bytes: 0 }
    }

    /// The limit.
    pub fn limit_bytes(&self) -> usize {
        self.0.limit_bytes
    }

    /// Bytes reserved now.
    pub fn used_bytes(&self) -> usize {
        self.0.used_bytes.load(Ordering::Relaxed)
    }

    /// The most bytes that were ever reserved at once.
    pub fn peak_bytes(&self) -> usize {
        self.0.peak_bytes.load(Ordering::Relaxed)
    }

    fn grow(&self, more: usize) -> Grant {
        let grown = self
            .0
            .used_bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| used.checked_add(more).filter(|total| *total <= self.0.limit_bytes));
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
    /// Grows or shrinks the reservation to `bytes`. Never blocks; shrinking always succeeds.
    pub fn resize(&mut self, bytes: usize) -> Grant {
        if bytes > self.bytes {
            if self.budget.grow(bytes - self.bytes) == Grant::Full {
                return Grant::Full;
            }
        } else {
            self.budget.0.used_bytes.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        }
        self.bytes = bytes;
        Grant::Granted
    }

    /// [`Reservation::resize`] for a consumer that has nothing to give up.
    ///
    /// # Errors
    /// `MemoryError` when the budget is full.
    pub fn require(&mut self, bytes: usize) -> Result<()> {
        match self.resize(bytes) {
            Grant::Granted => Ok(()),
            Grant::Full => Err(self.refused(bytes)),
        }
    }

    /// The error for a growth to `bytes` that was refused.
    pub fn refused(&self, bytes: usize) -> Error {
        Error::new(MemoryError {
            consumer: self.consumer.to_owned(),
            wanted_bytes: bytes.saturating_sub(self.bytes),
            used_bytes: self.budget.used_bytes(),
            limit_bytes: self.budget.limit_bytes(),
        })
    }

    /// The limit of the budget that it is part of.
    pub fn limit_bytes(&self) -> usize {
        self.budget.limit_bytes()
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
        assert_eq!(first.resize(10), Grant::Granted);
        assert_eq!(second.resize(50), Grant::Granted);
        assert_eq!(budget.used_bytes(), 60);
        drop(second);
        assert_eq!((budget.used_bytes(), budget.peak_bytes()), (10, 60));
        let error = first.require(101).expect_err("more than the limit");
        assert_eq!(error.exit_code(), 4);
    }
}
