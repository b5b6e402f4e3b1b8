//! `epoch_seconds`: a timestamp as a number.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Int64Type};
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::time;

/// epoch_seconds(x): whole seconds from 1970-01-01T00:00:00 UTC to the timestamp, as an int; fractions are rounded down.
#[derive(Debug)]
pub(super) struct EpochSeconds;

impl ScalarFunction for EpochSeconds {
    fn name(&self) -> &'static str {
        "epoch_seconds"
    }

    fn help(&self) -> &'static str {
        "epoch_seconds(x): whole seconds from 1970-01-01T00:00:00 UTC to the timestamp, as an int; fractions are rounded down."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("epoch_seconds(@1970-01-02)", "86400")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [moment] = arity(self.name(), arguments)?;
        Ok((vec![signature::moment(self.name(), moment)?], DataType::Int64))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(Arc::new(time::universal_micros(&arguments[0])?.unary::<_, Int64Type>(|micros| micros.div_euclid(1_000_000))))
    }
}
