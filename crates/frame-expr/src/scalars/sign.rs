//! `sign`: the sign of a number.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type};
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;

/// sign(x): -1, 0 or 1, as a float for floats, where NaN stays NaN.
#[derive(Debug)]
pub(super) struct Sign;

impl ScalarFunction for Sign {
    fn name(&self) -> &'static str {
        "sign"
    }

    fn help(&self) -> &'static str {
        "sign(x): -1, 0 or 1, as a float for floats, where NaN stays NaN."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("sign(-7)", "-1")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [value] = arity(self.name(), arguments)?;
        let value = signature::number(self.name(), value)?;
        let data_type = if *value.data_type() == DataType::Float64 { DataType::Float64 } else { DataType::Int64 };
        Ok((vec![value], data_type))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        // Zeros and NaN have no sign of their own.
        let sign = |value: f64| if value == 0.0 || value.is_nan() { value } else { value.signum() };
        Ok(match arguments[0].data_type() {
            DataType::Float64 => Arc::new(arguments[0].as_primitive::<Float64Type>().unary::<_, Float64Type>(sign)),
            DataType::Decimal128(..) => {
                Arc::new(arguments[0].as_primitive::<Decimal128Type>().unary::<_, Int64Type>(|value| value.signum() as i64))
            }
            _ => Arc::new(arguments[0].as_primitive::<Int64Type>().unary::<_, Int64Type>(i64::signum)),
        })
    }
}
