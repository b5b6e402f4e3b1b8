//! `ceil`: the whole number above.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float64Type};
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;

/// ceil(x): the smallest whole number that is not below x.
#[derive(Debug)]
pub(super) struct Ceil;

impl ScalarFunction for Ceil {
    fn name(&self) -> &'static str {
        "ceil"
    }

    fn help(&self) -> &'static str {
        "ceil(x): the smallest whole number that is not below x."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("ceil(2.1)", "3.0")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [value] = arity(self.name(), arguments)?;
        let value = signature::number(self.name(), value)?;
        let data_type = value.data_type().clone();
        Ok((vec![value], data_type))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(match arguments[0].as_primitive_opt::<Float64Type>() {
            Some(floats) => Arc::new(floats.unary::<_, Float64Type>(f64::ceil)),
            None => Arc::clone(&arguments[0]),
        })
    }
}
