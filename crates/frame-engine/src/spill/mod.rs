//! Columns on disk: what operators that outgrow their memory put aside.

mod codec;
mod piece;

pub(crate) use codec::{plain_type, with_types};
pub(crate) use piece::Piece;
