//! Sums of floats without rounding: the order of additions cannot change a bit, and the result is the most accurate one.
//!
//! After Radford Neal, "Fast exact summation using small and large superaccumulators" (2015): [`FixedSum`] takes everyday
//! exponents in 192 bits, [`WideSum`] takes all the others; [`round`] rounds once, at the end. [`Split`] makes floats that are not too
//! far apart into parts that add up as floats, some thousand at a time. [`power`] does the same for
//! products; they are combined as [`Integer`]s and finished as an [`Extended`].

mod extended;
mod fixed;
mod integer;
pub mod power;
mod round;
mod split;
mod wide;

pub use extended::Extended;
pub use fixed::FixedSum;
pub use integer::Integer;
pub use round::{divide_and_round, round};
pub(crate) use round::{round_magnitude, with_sign};
pub use split::Split;
pub use wide::WideSum;
