//! `year`: the year of a date.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Int64Type};
use frame_core::{Result, Span, calendar};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::time;

/// year(x): the year of a date or of a timestamp's local time.
#[derive(Debug)]
pub(super) struct Year;

impl ScalarFunction for Year {
    fn name(&self) -> &'static str {
        "year"
    }

    fn help(&self) -> &'static str {
        "year(x): the year of a date or of a timestamp's local time."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("year(@2024-01-31)", "2024")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [moment] = arity(self.name(), arguments)?;
        Ok((vec![signature::moment(self.name(), moment)?], DataType::Int64))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(Arc::new(time::days(&arguments[0])?.unary::<_, Int64Type>(|day| calendar::civil_from_days(day).0)))
    }
}
