//! The best rows, of all or of each group: `top`, `dedup`, and samples of so many rows.

mod candidates;
mod disk;
mod ranking;
mod sample;
mod sink;

pub(crate) use ranking::Ranking;
pub(crate) use sample::Sample;
pub(crate) use sink::{Arrangement, TopRows};
