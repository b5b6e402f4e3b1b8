//! `day`: the day of the month.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Int64Type};
use frame_core::{Result, Span, calendar};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::time;

/// day(x): the day of the month, 1 to 31.
#[derive(Debug)]
pub(super) struct Day;

impl ScalarFunction for Day {
    fn name(&self) -> &'static str {
        "day"
    }

    fn help(&self) -> &'static str {
        "day(x): the day of the month, 1 to 31."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("day(@2024-01-31)", "31")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [moment] = arity(self.name(), arguments)?;
        Ok((vec![signature::moment(self.name(), moment)?], DataType::Int64))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(Arc::new(time::days(&arguments[0])?.unary::<_, Int64Type>(|day| calendar::civil_from_days(day).2.into())))
    }
}
