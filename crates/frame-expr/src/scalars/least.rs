//! `least`: the smallest of several values.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature;
use crate::bind::BoundExpr;
use crate::expr::BinaryOp;
use crate::extremes;

/// least(x, y, ...): the smallest of the values in a row; nulls do not count, unless all are null.
#[derive(Debug)]
pub(super) struct Least;

impl ScalarFunction for Least {
    fn name(&self) -> &'static str {
        "least"
    }

    fn help(&self) -> &'static str {
        "least(x, y, ...): the smallest of the values in a row; nulls do not count, unless all are null."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("least(3, 1, 2)", "1")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        signature::comparable(self.name(), arguments)
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        extremes::pick(BinaryOp::Less, arguments)
    }
}
