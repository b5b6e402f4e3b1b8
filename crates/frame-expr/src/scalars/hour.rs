//! `hour`: the hour of the day.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Int64Type};
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::time;

/// hour(x): the hour of a timestamp or time, 0 to 23; that of a date is 0.
#[derive(Debug)]
pub(super) struct Hour;

impl ScalarFunction for Hour {
    fn name(&self) -> &'static str {
        "hour"
    }

    fn help(&self) -> &'static str {
        "hour(x): the hour of a timestamp or time, 0 to 23; that of a date is 0."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("hour(@2024-01-31T10:20:30)", "10")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [time] = arity(self.name(), arguments)?;
        Ok((vec![signature::clock(self.name(), time)?], DataType::Int64))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(Arc::new(time::micros_of_day(&arguments[0])?.unary::<_, Int64Type>(|micros| micros / 3_600_000_000)))
    }
}
