//! Delimited text.

mod class;

pub use class::Class;
