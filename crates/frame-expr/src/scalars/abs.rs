//! `abs`: the size of a number.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type};
use frame_core::{Error, QueryError, Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::{BoundExpr, widen};
use crate::types::computed;

/// abs(x): the number or duration without its sign; that of the smallest int is an error.
#[derive(Debug)]
pub(super) struct Abs;

impl ScalarFunction for Abs {
    fn name(&self) -> &'static str {
        "abs"
    }

    fn help(&self) -> &'static str {
        "abs(x): the number or duration without its sign; that of the smallest int is an error."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("abs(-2)", "2")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [value] = arity(self.name(), arguments)?;
        let value = match value.0.data_type() {
            DataType::Duration(_) => {
                let to = computed(value.0.data_type());
                widen(value.0, to)
            }
            _ => signature::number(self.name(), value)?,
        };
        let data_type = value.data_type().clone();
        Ok((vec![value], data_type))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(match arguments[0].data_type() {
            DataType::Float64 => Arc::new(arguments[0].as_primitive::<Float64Type>().unary::<_, Float64Type>(f64::abs)),
            DataType::Decimal128(precision, scale) => {
                let sizes = arguments[0].as_primitive::<Decimal128Type>().unary::<_, Decimal128Type>(i128::abs);
                Arc::new(sizes.with_precision_and_scale(*precision, *scale)?)
            }
            other => {
                let numbers = cast(&arguments[0], &DataType::Int64)?;
                let overflow = || arrow::error::ArrowError::ArithmeticOverflow(String::new());
                let sizes =
                    numbers.as_primitive::<Int64Type>().try_unary::<_, Int64Type, _>(|value| value.checked_abs().ok_or_else(overflow));
                let sizes = sizes.map_err(|_| {
                    let error = QueryError::Arithmetic(format!("integer overflow: abs({})", i64::MIN));
                    Error::new(error).hint("compute with floats: abs(cast(x, float))")
                })?;
                cast(&sizes, other)?
            }
        })
    }

    fn can_fail(&self) -> bool {
        true
    }
}
