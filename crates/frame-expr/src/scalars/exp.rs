//! `exp`: powers of e.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float64Type};
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;

/// exp(x): e to the power of x, a float.
#[derive(Debug)]
pub(super) struct Exp;

impl ScalarFunction for Exp {
    fn name(&self) -> &'static str {
        "exp"
    }

    fn help(&self) -> &'static str {
        "exp(x): e to the power of x, a float."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("exp(0)", "1.0")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [value] = arity(self.name(), arguments)?;
        Ok((vec![signature::float(self.name(), value)?], DataType::Float64))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(Arc::new(arguments[0].as_primitive::<Float64Type>().unary::<_, Float64Type>(f64::exp)))
    }
}
