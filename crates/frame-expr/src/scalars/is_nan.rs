//! `is_nan`: whether a number is not a number.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::datatypes::{DataType, Float64Type};
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;

/// is_nan(x): whether the float is NaN, the result of 0.0 / 0.0; null of null.
#[derive(Debug)]
pub(super) struct IsNan;

impl ScalarFunction for IsNan {
    fn name(&self) -> &'static str {
        "is_nan"
    }

    fn help(&self) -> &'static str {
        "is_nan(x): whether the float is NaN, the result of 0.0 / 0.0; null of null."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("is_nan(0.0 / 0.0)", "true")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [value] = arity(self.name(), arguments)?;
        Ok((vec![signature::number(self.name(), value)?], DataType::Boolean))
    }

    fn evaluate(&self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let bits = match arguments[0].as_primitive_opt::<Float64Type>() {
            Some(floats) => arrow::buffer::BooleanBuffer::collect_bool(rows, |row| floats.value(row).is_nan()),
            None => arrow::buffer::BooleanBuffer::new_unset(rows),
        };
        Ok(Arc::new(BooleanArray::new(bits, arguments[0].logical_nulls())))
    }
}
