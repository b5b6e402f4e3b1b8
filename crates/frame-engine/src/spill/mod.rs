//! Columns on disk: what operators that outgrow their memory put aside.

mod codec;
mod piece;
mod shared;

pub(crate) use codec::plain;
pub(crate) use piece::{Piece, Shares};
pub(crate) use shared::SharedValues;
