//! `quarter`: the quarter of a date.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Int64Type};
use frame_core::{Result, Span, calendar};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::time;

/// quarter(x): the quarter of a date or timestamp, 1 to 4.
#[derive(Debug)]
pub(super) struct Quarter;

impl ScalarFunction for Quarter {
    fn name(&self) -> &'static str {
        "quarter"
    }

    fn help(&self) -> &'static str {
        "quarter(x): the quarter of a date or timestamp, 1 to 4."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("quarter(@2024-05-01)", "2")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [moment] = arity(self.name(), arguments)?;
        Ok((vec![signature::moment(self.name(), moment)?], DataType::Int64))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(Arc::new(time::days(&arguments[0])?.unary::<_, Int64Type>(|day| i64::from(calendar::civil_from_days(day).1 - 1) / 3 + 1)))
    }
}
