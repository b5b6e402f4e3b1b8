//! `greatest`: the largest of several values.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature;
use crate::bind::BoundExpr;
use crate::expr::BinaryOp;
use crate::extremes;

/// greatest(x, y, ...): the largest of the values in a row; nulls do not count, unless all are null.
#[derive(Debug)]
pub(super) struct Greatest;

impl ScalarFunction for Greatest {
    fn name(&self) -> &'static str {
        "greatest"
    }

    fn help(&self) -> &'static str {
        "greatest(x, y, ...): the largest of the values in a row; nulls do not count, unless all are null."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("greatest(3, null, 4.5)", "4.5")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        signature::comparable(self.name(), arguments)
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        extremes::pick(BinaryOp::Greater, arguments)
    }
}
