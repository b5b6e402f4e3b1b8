//! `date`: the day of a timestamp.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Date32Type};
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::time;

/// date(x): the day of a timestamp, in its local time.
#[derive(Debug)]
pub(super) struct Date;

impl ScalarFunction for Date {
    fn name(&self) -> &'static str {
        "date"
    }

    fn help(&self) -> &'static str {
        "date(x): the day of a timestamp, in its local time."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("date(@2024-01-31T10:20:30)", "@2024-01-31")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [moment] = arity(self.name(), arguments)?;
        Ok((vec![signature::moment(self.name(), moment)?], DataType::Date32))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(Arc::new(time::days(&arguments[0])?.reinterpret_cast::<Date32Type>()))
    }
}
