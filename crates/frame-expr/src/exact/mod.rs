//! Sums of floats without rounding: the order of additions cannot change a bit, and the result is the most accurate one.
//!
//! After Radford Neal, "Fast exact summation using small and large superaccumulators" (2015): [`FixedSum`] takes everyday
//! exponents in 192 bits, [`WideSum`] takes all the others; [`round`] rounds once, at the end.

mod fixed;
mod round;
mod wide;

pub use fixed::FixedSum;
pub use round::{divide_and_round, round};
pub use wide::WideSum;
