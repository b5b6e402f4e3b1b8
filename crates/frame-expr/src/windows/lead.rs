//! `lead`: the value of a row behind this one.

use std::ops::RangeInclusive;

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::shift::shift;
use super::{BoundFunction, WindowFunction};

/// `lead(x)`, `lead(x, 2)`, `lead(x, 2, 0)`: nulls count as values do; a row that is not in the group gives null, or the last constant.
#[derive(Debug)]
pub(super) struct Lead;

impl WindowFunction for Lead {
    fn name(&self) -> &'static str {
        "lead"
    }

    fn help(&self) -> &'static str {
        "lead(x, n, default): the value n rows (1 without it) behind the row by the order; null, or the default, where the group ends."
    }

    fn example(&self) -> &'static str {
        "lead(value, 1, 0) over (by category order ts)"
    }

    fn arguments(&self) -> usize {
        1
    }

    fn constants(&self) -> RangeInclusive<usize> {
        0..=2
    }

    fn bind(&self, arguments: &[DataType], constants: &[Scalar]) -> Result<BoundFunction> {
        shift(self.name(), false, arguments, constants)
    }
}
