//! Operators that make several rows of one, batch by batch.

mod explode;
mod pipe;
mod unpivot;

pub(crate) use explode::Explode;
pub(crate) use pipe::{Expand, Expanding};
pub(crate) use unpivot::Unpivot;
