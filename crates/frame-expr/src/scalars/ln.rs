//! `ln`: the natural logarithm.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float64Type};
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;

/// ln(x): the natural logarithm; -infinity of 0, NaN of a negative number.
#[derive(Debug)]
pub(super) struct Ln;

impl ScalarFunction for Ln {
    fn name(&self) -> &'static str {
        "ln"
    }

    fn help(&self) -> &'static str {
        "ln(x): the natural logarithm; -infinity of 0, NaN of a negative number."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("ln(1)", "0.0")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [value] = arity(self.name(), arguments)?;
        Ok((vec![signature::float(self.name(), value)?], DataType::Float64))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(Arc::new(arguments[0].as_primitive::<Float64Type>().unary::<_, Float64Type>(f64::ln)))
    }
}
