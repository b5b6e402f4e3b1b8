//! `month`: the month of a date.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Int64Type};
use frame_core::{Result, Span, calendar};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::time;

/// month(x): the month of a date or timestamp, 1 to 12.
#[derive(Debug)]
pub(super) struct Month;

impl ScalarFunction for Month {
    fn name(&self) -> &'static str {
        "month"
    }

    fn help(&self) -> &'static str {
        "month(x): the month of a date or timestamp, 1 to 12."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("month(@2024-01-31)", "1")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [moment] = arity(self.name(), arguments)?;
        Ok((vec![signature::moment(self.name(), moment)?], DataType::Int64))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(Arc::new(time::days(&arguments[0])?.unary::<_, Int64Type>(|day| calendar::civil_from_days(day).1.into())))
    }
}
