//! `second`: the second of the minute.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Int64Type};
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::time;

/// second(x): the second of a timestamp or time, 0 to 59, without its fraction.
#[derive(Debug)]
pub(super) struct Second;

impl ScalarFunction for Second {
    fn name(&self) -> &'static str {
        "second"
    }

    fn help(&self) -> &'static str {
        "second(x): the second of a timestamp or time, 0 to 59, without its fraction."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("second(@2024-01-31T10:20:30.5)", "30")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [time] = arity(self.name(), arguments)?;
        Ok((vec![signature::clock(self.name(), time)?], DataType::Int64))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(Arc::new(time::micros_of_day(&arguments[0])?.unary::<_, Int64Type>(|micros| micros / 1_000_000 % 60)))
    }
}
