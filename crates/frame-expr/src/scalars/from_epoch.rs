//! `from_epoch`: a number as a timestamp.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimestampMicrosecondType};
use frame_core::{Error, QueryError, Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::{BoundExpr, widen};
use crate::types::TIMESTAMP;

/// from_epoch(x): the timestamp so many seconds after 1970-01-01T00:00:00; a float may have a fraction.
#[derive(Debug)]
pub(super) struct FromEpoch;

impl ScalarFunction for FromEpoch {
    fn name(&self) -> &'static str {
        "from_epoch"
    }

    fn help(&self) -> &'static str {
        "from_epoch(x): the timestamp so many seconds after 1970-01-01T00:00:00; a float may have a fraction."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("from_epoch(86400)", "@1970-01-02T00:00:00")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [seconds] = arity(self.name(), arguments)?;
        let seconds = match signature::number(self.name(), seconds)? {
            int if *int.data_type() == DataType::Int64 => int,
            other => widen(other, DataType::Float64),
        };
        Ok((vec![seconds], TIMESTAMP))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
        let micros = |float: f64| {
            let micros = (float * 1e6).round();
            (-TWO_TO_63..TWO_TO_63).contains(&micros).then_some(micros as i64)
        };
        let overflow = || arrow::error::ArrowError::ArithmeticOverflow(String::new());
        let timestamps = match arguments[0].as_primitive_opt::<Float64Type>() {
            Some(floats) => floats.try_unary::<_, TimestampMicrosecondType, _>(|seconds| micros(seconds).ok_or_else(overflow)),
            None => arguments[0].as_primitive::<Int64Type>().try_unary(|seconds| seconds.checked_mul(1_000_000).ok_or_else(overflow)),
        };
        let timestamps = timestamps.map_err(|_| {
            Error::new(QueryError::Arithmetic("a number of seconds is out of range for a timestamp".to_owned()))
                .hint("milliseconds since 1970 become a timestamp with from_epoch(x / 1000)")
        })?;
        Ok(Arc::new(timestamps))
    }

    fn can_fail(&self) -> bool {
        true
    }
}
