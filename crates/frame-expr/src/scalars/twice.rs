//! `twice`: a made-up function, in tests alone: a number and itself once more. It shows that one file and two lines are enough.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float64Type};
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::{BoundExpr, widen};

/// twice(x): the float and itself once more.
#[derive(Debug)]
pub(super) struct Twice;

impl ScalarFunction for Twice {
    fn name(&self) -> &'static str {
        "twice"
    }

    fn help(&self) -> &'static str {
        "twice(x): the float and itself once more."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("twice(1.5)", "3.0")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [value] = arity(self.name(), arguments)?;
        Ok((vec![widen(signature::number(self.name(), value)?, DataType::Float64)], DataType::Float64))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(Arc::new(arguments[0].as_primitive::<Float64Type>().unary::<_, Float64Type>(|value| value + value)))
    }
}
