//! How values compare: −0.0 equals 0.0, NaN equals NaN and is larger than every number, ints and floats compare exactly, text bytewise.

use std::cmp::Ordering;

use frame_core::Scalar;

use super::{Failure, Result, exact};

/// The order of two values that are not null.
pub(super) fn compare(left: &Scalar, right: &Scalar) -> Result<Ordering> {
    Ok(match (left, right) {
        (Scalar::Bool(a), Scalar::Bool(b)) => a.cmp(b),
        (Scalar::Int(a), Scalar::Int(b)) => a.cmp(b),
        (Scalar::Float(a), Scalar::Float(b)) => floats(*a, *b),
        (Scalar::Int(a), Scalar::Float(b)) => int_and_float(*a, *b),
        (Scalar::Float(a), Scalar::Int(b)) => int_and_float(*b, *a).reverse(),
        (Scalar::Text(a), Scalar::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
        (Scalar::Date(a), Scalar::Date(b)) => a.cmp(b),
        (a, b) => return Err(Failure::Unknown(format!("comparing {a} with {b}"))),
    })
}

fn floats(a: f64, b: f64) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (false, false) if a < b => Ordering::Less,
        (false, false) if a > b => Ordering::Greater,
        (a, b) => a.cmp(&b),
    }
}

fn int_and_float(int: i64, float: f64) -> Ordering {
    if float.is_nan() || float == f64::INFINITY {
        Ordering::Less
    } else if float == f64::NEG_INFINITY {
        Ordering::Greater
    } else {
        exact::of_int(int).cmp(&exact::of_float(float))
    }
}

/// The order of two values as `sort` has it.
pub(super) fn sorted(left: &Scalar, right: &Scalar, descending: bool, nulls_first: bool) -> Result<Ordering> {
    Ok(match (left, right) {
        (Scalar::Null, Scalar::Null) => Ordering::Equal,
        (Scalar::Null, _) if nulls_first => Ordering::Less,
        (_, Scalar::Null) if nulls_first => Ordering::Greater,
        (Scalar::Null, _) => Ordering::Greater,
        (_, Scalar::Null) => Ordering::Less,
        (a, b) if descending => compare(b, a)?,
        (a, b) => compare(a, b)?,
    })
}

/// Sorts by an order that can fail; equal items keep their places.
pub(super) fn sort<T>(items: &mut [T], order: impl Fn(&T, &T) -> Result<Ordering>) -> Result<()> {
    let mut failure = None;
    items.sort_by(|a, b| {
        order(a, b).unwrap_or_else(|error| {
            failure = Some(error);
            Ordering::Equal
        })
    });
    failure.map_or(Ok(()), Err)
}

/// The value as the key of a group: one zero.
pub(super) fn key(value: Scalar) -> Scalar {
    if value == Scalar::Float(-0.0) { Scalar::Float(0.0) } else { value }
}

/// Whether two values are the same to the last bit; all NaNs are one.
pub fn is_same(left: &Scalar, right: &Scalar) -> bool {
    match (left, right) {
        (Scalar::Float(a), Scalar::Float(b)) if a.is_nan() => b.is_nan(),
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_and_ints_have_one_order() {
        let ascending = [
            Scalar::Float(f64::NEG_INFINITY),
            Scalar::Int(i64::MIN),
            Scalar::Float(-0.5),
            Scalar::Int(0),
            Scalar::Float(5e-324),
            Scalar::Float(9_007_199_254_740_992.0),
            Scalar::Int(9_007_199_254_740_993),
            Scalar::Int(i64::MAX),
            Scalar::Float(9_223_372_036_854_775_808.0),
            Scalar::Float(f64::INFINITY),
            Scalar::Float(f64::NAN),
        ];
        for (at, a) in ascending.iter().enumerate() {
            for (other, b) in ascending.iter().enumerate() {
                assert_eq!(compare(a, b), Ok(at.cmp(&other)), "{a} {b}");
            }
        }
        assert_eq!(compare(&Scalar::Float(-0.0), &Scalar::Float(0.0)), Ok(Ordering::Equal));
        assert!(compare(&Scalar::Int(1), &Scalar::Bool(true)).is_err());
    }
}
