//! `floor`: the whole number below.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float64Type};
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;

/// floor(x): the largest whole number that is not above x.
#[derive(Debug)]
pub(super) struct Floor;

impl ScalarFunction for Floor {
    fn name(&self) -> &'static str {
        "floor"
    }

    fn help(&self) -> &'static str {
        "floor(x): the largest whole number that is not above x."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("floor(-2.5)", "-3.0")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [value] = arity(self.name(), arguments)?;
        let value = signature::number(self.name(), value)?;
        let data_type = value.data_type().clone();
        Ok((vec![value], data_type))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(match arguments[0].as_primitive_opt::<Float64Type>() {
            Some(floats) => Arc::new(floats.unary::<_, Float64Type>(f64::floor)),
            None => Arc::clone(&arguments[0]),
        })
    }
}
