//! `pow`: powers.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float64Type};
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;

/// pow(x, y): x to the power of y, a float.
#[derive(Debug)]
pub(super) struct Pow;

impl ScalarFunction for Pow {
    fn name(&self) -> &'static str {
        "pow"
    }

    fn help(&self) -> &'static str {
        "pow(x, y): x to the power of y, a float."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("pow(2, 10)", "1024.0")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [base, exponent] = arity(self.name(), arguments)?;
        Ok((vec![signature::float(self.name(), base)?, signature::float(self.name(), exponent)?], DataType::Float64))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        let (bases, exponents) = (arguments[0].as_primitive::<Float64Type>(), arguments[1].as_primitive::<Float64Type>());
        Ok(Arc::new(arrow::compute::binary::<_, _, _, Float64Type>(bases, exponents, f64::powf)?))
    }
}
