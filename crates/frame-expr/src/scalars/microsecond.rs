//! `microsecond`: the fraction of the second.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Int64Type};
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::time;

/// microsecond(x): the fraction of the second of a timestamp or time in microseconds, 0 to 999999.
#[derive(Debug)]
pub(super) struct Microsecond;

impl ScalarFunction for Microsecond {
    fn name(&self) -> &'static str {
        "microsecond"
    }

    fn help(&self) -> &'static str {
        "microsecond(x): the fraction of the second of a timestamp or time in microseconds, 0 to 999999."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("microsecond(@2024-01-31T10:20:30.5)", "500000")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [time] = arity(self.name(), arguments)?;
        Ok((vec![signature::clock(self.name(), time)?], DataType::Int64))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(Arc::new(time::micros_of_day(&arguments[0])?.unary::<_, Int64Type>(|micros| micros % 1_000_000)))
    }
}
