//! `log10`: the decimal logarithm.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float64Type};
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;

/// log10(x): the logarithm to base 10; -infinity of 0, NaN of a negative number.
#[derive(Debug)]
pub(super) struct Log10;

impl ScalarFunction for Log10 {
    fn name(&self) -> &'static str {
        "log10"
    }

    fn help(&self) -> &'static str {
        "log10(x): the logarithm to base 10; -infinity of 0, NaN of a negative number."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("log10(1000)", "3.0")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [value] = arity(self.name(), arguments)?;
        Ok((vec![signature::float(self.name(), value)?], DataType::Float64))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(Arc::new(arguments[0].as_primitive::<Float64Type>().unary::<_, Float64Type>(f64::log10)))
    }
}
