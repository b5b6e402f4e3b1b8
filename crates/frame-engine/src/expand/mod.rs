//! Operators that make several rows of one, batch by batch.

mod explode;
mod source;
mod unpivot;

pub(crate) use explode::Explode;
pub(crate) use source::{Expand, Expanded};
pub(crate) use unpivot::Unpivot;
