//! `minute`: the minute of the hour.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Int64Type};
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::time;

/// minute(x): the minute of a timestamp or time, 0 to 59.
#[derive(Debug)]
pub(super) struct Minute;

impl ScalarFunction for Minute {
    fn name(&self) -> &'static str {
        "minute"
    }

    fn help(&self) -> &'static str {
        "minute(x): the minute of a timestamp or time, 0 to 59."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("minute(@2024-01-31T10:20:30)", "20")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [time] = arity(self.name(), arguments)?;
        Ok((vec![signature::clock(self.name(), time)?], DataType::Int64))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(Arc::new(time::micros_of_day(&arguments[0])?.unary::<_, Int64Type>(|micros| micros / 60_000_000 % 60)))
    }
}
