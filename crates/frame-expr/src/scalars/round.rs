//! `round`: the nearest number with few decimals.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Decimal128Array, Int64Array};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type};
use frame_core::{Error, QueryError, Result, Scalar, Span};

use super::ScalarFunction;
use super::signature::{self, optional};
use crate::bind::BoundExpr;
use crate::rounding;

/// round(x, digits): x with so many decimals (none if it is not given), halves away from zero; negative digits round to tens, hundreds and so on.
#[derive(Debug)]
pub(super) struct Round;

impl ScalarFunction for Round {
    fn name(&self) -> &'static str {
        "round"
    }

    fn help(&self) -> &'static str {
        "round(x, digits): x with so many decimals (none if it is not given), halves away from zero; negative digits round to tens, hundreds and so on."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("round(2.345, 2)", "2.35")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [value, digits] = optional(self.name(), arguments, [Scalar::Int(0)])?;
        let (value, digits) = (signature::number(self.name(), value)?, signature::int(self.name(), digits)?);
        let data_type = match *value.data_type() {
            // 9.99 becomes 10.00.
            DataType::Decimal128(precision, scale) => DataType::Decimal128((precision + 1).min(38), scale),
            ref other => other.clone(),
        };
        Ok((vec![value, digits], data_type))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        let digits = arguments[1].as_primitive::<Int64Type>();
        let overflow = || {
            Error::new(QueryError::Arithmetic("a rounded number is out of range".to_owned())).hint("compute with floats: cast(x, float)")
        };
        Ok(match *arguments[0].data_type() {
            DataType::Float64 => {
                let values = arguments[0].as_primitive::<Float64Type>();
                Arc::new(arrow::compute::binary::<_, _, _, Float64Type>(values, digits, rounding::float)?)
            }
            DataType::Decimal128(precision, scale) => {
                let rows = arguments[0].as_primitive::<Decimal128Type>().iter().zip(digits);
                let values = rows.map(|(value, digits)| match (value, digits) {
                    (Some(value), Some(digits)) => rounding::nearest(value, dropped(scale.into(), digits)).map(Some).ok_or_else(overflow),
                    _ => Ok(None),
                });
                let values = values.collect::<Result<Decimal128Array>>()?;
                let values = values.with_precision_and_scale((precision + 1).min(38), scale)?;
                values.validate_decimal_precision((precision + 1).min(38)).map_err(|_| overflow())?;
                Arc::new(values)
            }
            _ => {
                let rows = arguments[0].as_primitive::<Int64Type>().iter().zip(digits);
                let values = rows.map(|(value, digits)| match (value, digits) {
                    (Some(value), Some(digits)) => {
                        let rounded = rounding::nearest(value.into(), dropped(0, digits)).and_then(|value| i64::try_from(value).ok());
                        rounded.map(Some).ok_or_else(overflow)
                    }
                    _ => Ok(None),
                });
                Arc::new(values.collect::<Result<Int64Array>>()?)
            }
        })
    }

    fn can_fail(&self) -> bool {
        true
    }
}

/// How many of the decimals are dropped.
fn dropped(scale: i64, digits: i64) -> u32 {
    u32::try_from(scale.saturating_sub(digits).clamp(0, 100)).unwrap_or(0)
}
