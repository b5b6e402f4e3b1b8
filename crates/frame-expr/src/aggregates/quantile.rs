//! `quantile`: the value below which a part of the values lies.

use std::ops::RangeInclusive;

use arrow::array::ArrowPrimitiveType;
use arrow::datatypes::{DataType, Float64Type, Int64Type, UInt64Type};
use frame_core::{Error, QueryError, Result, Scalar};

use super::{AggregateFunction, BoundAggregate, numeric};
use crate::exact::power::Number;
use crate::states::Quantile;

/// `quantile 0.95 x`, also written `p95 x`: a float, linear between the two nearest values, as numpy computes it. Null if there is no value;
/// NaN if one is NaN.
#[derive(Debug)]
pub(super) struct QuantileOf;

impl AggregateFunction for QuantileOf {
    fn name(&self) -> &'static str {
        "quantile"
    }

    fn help(&self) -> &'static str {
        "The value below which this part (0 to 1) of the values lies, linear between the two nearest; null if there is none."
    }

    fn example(&self) -> &'static str {
        "quantile 0.95 value"
    }

    fn constants(&self) -> RangeInclusive<usize> {
        1..=1
    }

    fn bind(&self, arguments: &[DataType], constants: &[Scalar]) -> Result<BoundAggregate> {
        bind(self.name(), &arguments[0], fraction(self, &constants[0])?)
    }
}

/// The quantile at a fraction between 0 and 1.
pub(super) fn bind(aggregate: &str, argument: &DataType, fraction: f64) -> Result<BoundAggregate> {
    let input = numeric::number(aggregate, argument)?;
    Ok(match input {
        DataType::Int64 => of::<Int64Type>(input, fraction),
        DataType::UInt64 => of::<UInt64Type>(input, fraction),
        _ => of::<Float64Type>(input, fraction),
    })
}

fn of<T: ArrowPrimitiveType<Native: Number + PartialOrd>>(input: DataType, fraction: f64) -> BoundAggregate {
    BoundAggregate::new(vec![input], DataType::Float64, move || Quantile::<T>::new(fraction))
        .framed(move |arguments, frames| Quantile::<T>::new(fraction).framed(arguments, frames))
}

/// A constant that says which part of the values lies below.
pub(super) fn fraction(aggregate: &dyn AggregateFunction, constant: &Scalar) -> Result<f64> {
    let fraction = match constant {
        Scalar::Int(whole) => *whole as f64,
        Scalar::Float(fraction) => *fraction,
        _ => f64::NAN,
    };
    if (0.0..=1.0).contains(&fraction) {
        return Ok(fraction);
    }
    let error = QueryError::OutOfRange { what: "the part of the values", text: constant.to_string() };
    Err(Error::new(error).hint(format!("it is a number from 0 to 1, for example `{}`", aggregate.example())))
}
