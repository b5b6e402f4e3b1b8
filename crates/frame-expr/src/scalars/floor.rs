//! `floor`: the whole number below.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type};
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::rounding::Direction;

/// floor(x): the largest whole number that is not above x; a decimal stays exact.
#[derive(Debug)]
pub(super) struct Floor;

impl ScalarFunction for Floor {
    fn name(&self) -> &'static str {
        "floor"
    }

    fn help(&self) -> &'static str {
        "floor(x): the largest whole number that is not above x; a decimal stays exact."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("floor(-2.5)", "-3.0")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [value] = arity(self.name(), arguments)?;
        let value = signature::number(self.name(), value)?;
        let data_type = match *value.data_type() {
            DataType::Decimal128(precision, scale @ 1..) => {
                DataType::Decimal128((precision + 1).saturating_sub(scale as u8).clamp(1, 38), 0)
            }
            ref other => other.clone(),
        };
        Ok((vec![value], data_type))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(match *arguments[0].data_type() {
            DataType::Float64 => Arc::new(arguments[0].as_primitive::<Float64Type>().unary::<_, Float64Type>(f64::floor)),
            DataType::Decimal128(precision, scale @ 1..) => {
                let power = u32::from(scale.unsigned_abs());
                let whole = |value| Direction::Down.multiples(value, power);
                let values = arguments[0].as_primitive::<Decimal128Type>().unary::<_, Decimal128Type>(whole);
                Arc::new(values.with_precision_and_scale((precision + 1).saturating_sub(scale as u8).clamp(1, 38), 0)?)
            }
            _ => Arc::clone(&arguments[0]),
        })
    }
}
