//! `is_finite`: whether a number is finite.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::datatypes::{DataType, Float64Type};
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;

/// is_finite(x): whether the number is neither NaN nor infinite; null of null.
#[derive(Debug)]
pub(super) struct IsFinite;

impl ScalarFunction for IsFinite {
    fn name(&self) -> &'static str {
        "is_finite"
    }

    fn help(&self) -> &'static str {
        "is_finite(x): whether the number is neither NaN nor infinite; null of null."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("is_finite(1.0 / 0.0)", "false")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [value] = arity(self.name(), arguments)?;
        Ok((vec![signature::number(self.name(), value)?], DataType::Boolean))
    }

    fn evaluate(&self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let bits = match arguments[0].as_primitive_opt::<Float64Type>() {
            Some(floats) => arrow::buffer::BooleanBuffer::collect_bool(rows, |row| floats.value(row).is_finite()),
            None => arrow::buffer::BooleanBuffer::new_set(rows),
        };
        Ok(Arc::new(BooleanArray::new(bits, arguments[0].logical_nulls())))
    }
}
