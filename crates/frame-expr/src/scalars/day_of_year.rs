//! `day_of_year`: the day of the year.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Int64Type};
use frame_core::{Result, Span, calendar};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::time;

/// day_of_year(x): the day of the year, 1 to 366.
#[derive(Debug)]
pub(super) struct DayOfYear;

impl ScalarFunction for DayOfYear {
    fn name(&self) -> &'static str {
        "day_of_year"
    }

    fn help(&self) -> &'static str {
        "day_of_year(x): the day of the year, 1 to 366."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("day_of_year(@2024-12-31)", "366")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [moment] = arity(self.name(), arguments)?;
        Ok((vec![signature::moment(self.name(), moment)?], DataType::Int64))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(Arc::new(time::days(&arguments[0])?.unary::<_, Int64Type>(|day| calendar::day_of_year(day).into())))
    }
}
