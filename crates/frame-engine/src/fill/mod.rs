//! Filling nulls from the rows around them, in two passes over the same rows, so that no pass keeps them: the survey finds the outermost
//! known values of each batch, in any order; then each batch is filled on its own, knowing the nearest values before and behind it.

mod between;
mod pipe;
mod survey;

pub(crate) use pipe::Fill;
pub(crate) use survey::{Survey, Surveyed};
