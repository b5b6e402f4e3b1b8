//! `weekday`: the day of the week.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Int64Type};
use frame_core::{Result, Span, calendar};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::time;

/// weekday(x): the day of the week, from 1 for Monday to 7 for Sunday.
#[derive(Debug)]
pub(super) struct Weekday;

impl ScalarFunction for Weekday {
    fn name(&self) -> &'static str {
        "weekday"
    }

    fn help(&self) -> &'static str {
        "weekday(x): the day of the week, from 1 for Monday to 7 for Sunday."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("weekday(@2024-01-31)", "3")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [moment] = arity(self.name(), arguments)?;
        Ok((vec![signature::moment(self.name(), moment)?], DataType::Int64))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(Arc::new(time::days(&arguments[0])?.unary::<_, Int64Type>(|day| calendar::weekday(day).into())))
    }
}
