//! `week`: the week of a date.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Int64Type};
use frame_core::{Result, Span, calendar};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::time;

/// week(x): the week of ISO 8601, 1 to 53; weeks begin on Monday, and the first of a year holds its first Thursday.
#[derive(Debug)]
pub(super) struct Week;

impl ScalarFunction for Week {
    fn name(&self) -> &'static str {
        "week"
    }

    fn help(&self) -> &'static str {
        "week(x): the week of ISO 8601, 1 to 53; weeks begin on Monday, and the first of a year holds its first Thursday."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("week(@2021-01-03)", "53")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [moment] = arity(self.name(), arguments)?;
        Ok((vec![signature::moment(self.name(), moment)?], DataType::Int64))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(Arc::new(time::days(&arguments[0])?.unary::<_, Int64Type>(|day| calendar::iso_week(day).1.into())))
    }
}
