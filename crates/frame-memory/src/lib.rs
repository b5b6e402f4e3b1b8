//! Memory: the budget and its reservations, and the files that hold what does not fit.
//!
//! A reservation is made before the growth it covers; it never blocks. When the budget is full the caller decides what to give up: it
//! spills, or it stops with an error. Nothing here knows what the bytes mean.

mod budget;
mod resident;
mod spill;

pub use budget::{Grant, Growth, MemoryBudget, Process, Reservation, headroom_bytes};
pub use resident::resident_bytes;
pub use spill::{Block, LocalScratch, ScratchAccess, ScratchFile, SpillDir, SpillFile};
