//! Arithmetic on decimals, exact up to 38 digits. A result with more digits is an error, never rounded.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Decimal128Array};
use arrow::compute::kernels::numeric;
use arrow::datatypes::{DataType, Decimal128Type, i256};
use arrow::error::ArrowError;
use frame_core::{Error, QueryError, Result};

use super::Value;
use crate::expr::BinaryOp;
use crate::types::{DIGITS_MAX, type_name};

/// `+ - * // %` on decimals; the scale of the result is that of `to`.
pub(super) fn arithmetic(op: BinaryOp, left: &Value, right: &Value, to: &DataType, rows: usize) -> Result<ArrayRef> {
    let kernel = match op {
        BinaryOp::Add => numeric::add,
        BinaryOp::Subtract => numeric::sub,
        BinaryOp::Multiply => numeric::mul,
        _ => return floored(op == BinaryOp::FloorDivide, &left.clone().into_column(rows)?, &right.clone().into_column(rows)?, to),
    };
    let result = kernel(left, right).map_err(|error| match error {
        ArrowError::ArithmeticOverflow(_) => overflow(to),
        other => Error::from(other),
    })?;
    typed(result.as_primitive::<Decimal128Type>().clone(), to)
}

/// The error for a result of more digits than its type has.
pub(super) fn overflow(to: &DataType) -> Error {
    let error = QueryError::Arithmetic(format!("a result has more digits than {} holds", type_name(to)));
    Error::new(error).hint("convert to fewer decimals first, for example cast(x, decimal(18, 2)), or compute with cast(x, float)")
}

/// The values as decimals of the type `to`, which has their scale.
pub(super) fn typed(values: Decimal128Array, to: &DataType) -> Result<ArrayRef> {
    let DataType::Decimal128(precision, scale) = *to else { return Err(Error::internal(format!("{to} is no decimal"))) };
    // With fewer digits the type was made wide enough for every result.
    if precision == DIGITS_MAX {
        values.validate_decimal_precision(precision).map_err(|_| overflow(to))?;
    }
    Ok(Arc::new(values.with_precision_and_scale(precision, scale)?))
}

/// `//` and `%`, as on ints: rounded down, with the divisor's sign, null where the divisor is zero.
fn floored(is_quotient: bool, left: &ArrayRef, right: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    let (left, right) = (left.as_primitive::<Decimal128Type>(), right.as_primitive::<Decimal128Type>());
    let scale = left.scale().max(right.scale());
    // Both at the larger scale may need 256 bits.
    let factor = |array: &Decimal128Array| i256::from_i128(10_i128.pow((scale - array.scale()).unsigned_abs().into()));
    let (factor_left, factor_right) = (factor(left), factor(right));
    let floor = |a: i128, b: i128| -> Option<i128> {
        let (a, b) = (i256::from_i128(a).checked_mul(factor_left)?, i256::from_i128(b).checked_mul(factor_right)?);
        let (quotient, remainder) = (a.checked_div(b)?, a.checked_rem(b)?);
        let is_between = remainder != i256::ZERO && remainder.is_negative() != b.is_negative();
        let one = if is_between { i256::ONE } else { i256::ZERO };
        let result = if is_quotient { quotient.checked_sub(one)? } else { remainder.checked_add(b.checked_mul(one)?)? };
        result.to_i128()
    };
    let pairs = left.iter().zip(right);
    let values = pairs.map(|(a, b)| match (a, b) {
        (None, _) | (_, None | Some(0)) => Ok(None),
        (Some(a), Some(b)) => floor(a, b).map(Some).ok_or_else(|| overflow(to)),
    });
    let values = values.collect::<Result<Decimal128Array>>()?;
    values.validate_decimal_precision(DIGITS_MAX).map_err(|_| overflow(to))?;
    typed(values, to)
}
