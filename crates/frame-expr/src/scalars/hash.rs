//! `hash`: a number that values are scattered by.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type, IntervalYearMonthType};
use frame_core::{Result, Span, hash};

use super::ScalarFunction;
use super::signature::{self, some};
use crate::bind::{BoundExpr, widen};
use crate::types::{MONTHS, computed, is_number, is_text};

/// hash(x, ...): a 64-bit hash of the values as an int, negative ones too; the same on every machine and for equal values of any number type.
#[derive(Debug)]
pub(super) struct Hash;

impl ScalarFunction for Hash {
    fn name(&self) -> &'static str {
        "hash"
    }

    fn help(&self) -> &'static str {
        "hash(x, ...): a 64-bit hash of the values as an int, negative ones too; the same on every machine and for equal values of any number type."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("hash('a') = hash(concat('a'))", "true")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let arguments = some(self.name(), arguments)?;
        let hashable = |(argument, span): (BoundExpr, Span)| {
            let to = computed(argument.data_type());
            let is_simple = argument.data_type().is_null() || *argument.data_type() == DataType::Boolean || is_number(&to) || is_text(&to);
            if is_simple || to.is_temporal() {
                return Ok(widen(argument, to));
            }
            Err(signature::wrong(self.name(), argument.data_type(), "bools, numbers, text, dates and times", span))
        };
        Ok((arguments.into_iter().map(hashable).collect::<Result<_>>()?, DataType::Int64))
    }

    fn evaluate(&self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let mut hashes = hashes(&arguments[0], rows)?;
        for next in &arguments[1..] {
            for (hash, next) in hashes.iter_mut().zip(self::hashes(next, rows)?) {
                *hash = hash::combine(*hash, next);
            }
        }
        Ok(Arc::new(hashes.into_iter().map(|hash| hash as i64).collect::<Int64Array>()))
    }
}

/// One hash per row.
fn hashes(values: &ArrayRef, rows: usize) -> Result<Vec<u64>> {
    let mut hashes: Vec<u64> = match values.data_type() {
        DataType::Null => vec![hash::NULL; rows],
        DataType::Boolean => {
            let bits = values.as_boolean().values();
            bits.iter().map(|bit| hash::word(bit.into())).collect()
        }
        DataType::Utf8View => {
            let texts = values.as_string_view();
            (0..rows).map(|row| if texts.is_null(row) { hash::NULL } else { hash::bytes(texts.value(row).as_bytes()) }).collect()
        }
        DataType::Float64 => values.as_primitive::<Float64Type>().values().iter().map(|value| float(*value)).collect(),
        DataType::Decimal128(_, scale) => {
            values.as_primitive::<Decimal128Type>().values().iter().map(|value| decimal(*value, (*scale).into())).collect()
        }
        months if *months == MONTHS => {
            values.as_primitive::<IntervalYearMonthType>().values().iter().map(|months| hash::word(i64::from(*months) as u64)).collect()
        }
        _ => {
            let words = cast(values, &DataType::Int64)?;
            words.as_primitive::<Int64Type>().values().iter().map(|word| hash::word(*word as u64)).collect()
        }
    };
    if let Some(nulls) = values.logical_nulls() {
        for (row, hash) in hashes.iter_mut().enumerate().filter(|(row, _)| nulls.is_null(*row)) {
            debug_assert!(row < rows);
            *hash = hash::NULL;
        }
    }
    Ok(hashes)
}

/// Whole floats hash as ints, all NaNs alike.
fn float(value: f64) -> u64 {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    if value.fract() == 0.0 && (-TWO_TO_63..TWO_TO_63).contains(&value) {
        return hash::word(value as i64 as u64);
    }
    hash::word(if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() })
}

/// Decimals hash without the zeros at their end: whole ones as ints, others as the nearest float.
fn decimal(value: i128, scale: i32) -> u64 {
    let unit = 10_i128.checked_pow(scale.unsigned_abs()).unwrap_or(i128::MAX);
    match i64::try_from(value / unit) {
        Ok(whole) if scale >= 0 && value % unit == 0 => hash::word(whole as u64),
        _ => float(value as f64 / 10_f64.powi(scale)),
    }
}
