//! `lag`: the value of a row before this one.

use std::ops::RangeInclusive;

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::shift::shift;
use super::{BoundFunction, WindowFunction};

/// `lag(x)`, `lag(x, 2)`, `lag(x, 2, 0)`: nulls count as values do; a row that is not in the group gives null, or the last constant.
#[derive(Debug)]
pub(super) struct Lag;

impl WindowFunction for Lag {
    fn name(&self) -> &'static str {
        "lag"
    }

    fn help(&self) -> &'static str {
        "lag(x, n, default): the value n rows (1 without it) before the row by the order; null, or the default, where the group ends."
    }

    fn example(&self) -> &'static str {
        "lag(value) over (by category order ts)"
    }

    fn arguments(&self) -> usize {
        1
    }

    fn constants(&self) -> RangeInclusive<usize> {
        0..=2
    }

    fn bind(&self, arguments: &[DataType], constants: &[Scalar]) -> Result<BoundFunction> {
        shift(self.name(), true, arguments, constants)
    }
}
