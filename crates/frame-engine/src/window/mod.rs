//! Windows: the rows of each group in an order, and values of the rows around each row.

mod arrangement;
mod disk;
mod pass;
mod rows;
mod sink;

pub(crate) use sink::{Item, Windows};
