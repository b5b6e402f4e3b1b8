//! Aggregates of a group of rows. Sums are exact and rounded once; nulls are skipped.

use std::cmp::Ordering;

use frame_core::Scalar;
use frame_expr::AggregateCall;
use num_bigint::BigInt;

use super::expressions::evaluate;
use super::{Columns, Failure, Kind, Result, exact, expressions, order};

/// The kind of an aggregate's result.
pub(super) fn kind(call: &AggregateCall, columns: &Columns) -> Result<Kind> {
    let argument = call.arguments.first().map(|argument| expressions::kind(argument, columns)).transpose()?;
    match (call.function.as_str(), argument) {
        ("count", _) | ("nunique", Some(_)) => Ok(Kind::Int),
        ("sum" | "min" | "max" | "first" | "last" | "mode", Some(kind)) => Ok(kind),
        ("mean" | "var" | "std" | "median" | "quantile", Some(kind)) if kind.is_number() => Ok(Kind::Float),
        _ => Err(Failure::Unknown(format!("the aggregate {call}"))),
    }
}

/// The aggregate of the rows of a group, which are in their order.
pub(super) fn value(call: &AggregateCall, columns: &Columns, rows: &[&Vec<Scalar>]) -> Result<Scalar> {
    let mut kept = Vec::new();
    for row in rows {
        let counts = match &call.filter {
            None => true,
            Some(filter) => evaluate(filter, columns, row)? == Scalar::Bool(true),
        };
        if counts {
            kept.push(*row);
        }
    }
    let Some(argument) = call.arguments.first() else { return Ok(Scalar::Int(kept.len() as i64)) };
    let mut pairs = Vec::new();
    for row in kept {
        let value = evaluate(argument, columns, row)?;
        let keys = call.order.iter().map(|key| evaluate(&key.expr, columns, row)).collect::<Result<Vec<_>>>()?;
        if value != Scalar::Null {
            pairs.push((value, keys));
        }
    }
    // Rows that are equal in the order keep the order of the input.
    order::sort(&mut pairs, |(_, a), (_, b)| {
        let mut orders = call.order.iter().zip(a).zip(b).map(|((key, a), b)| order::sorted(a, b, key.descending, key.nulls_first));
        orders.find(|order| *order != Ok(Ordering::Equal)).unwrap_or(Ok(Ordering::Equal))
    })?;
    let values: Vec<Scalar> = pairs.into_iter().map(|(value, _)| value).collect();
    of_values(call, &values)
}

fn of_values(call: &AggregateCall, values: &[Scalar]) -> Result<Scalar> {
    let null_or = |value: Option<f64>| value.map_or(Scalar::Null, Scalar::Float);
    Ok(match call.function.as_str() {
        "count" => Scalar::Int(values.len() as i64),
        "first" => values.first().cloned().unwrap_or(Scalar::Null),
        "last" => values.last().cloned().unwrap_or(Scalar::Null),
        "min" => extreme(values)?.first().cloned().unwrap_or(Scalar::Null),
        "max" => extreme(values)?.last().cloned().unwrap_or(Scalar::Null),
        "nunique" => Scalar::Int(counted(values)?.len() as i64),
        "mode" => {
            let counted = counted(values)?;
            let most = counted.iter().map(|(_, count)| *count).max();
            counted.into_iter().find(|(_, count)| Some(*count) == most).map_or(Scalar::Null, |(value, _)| value)
        }
        "sum" => sum(values)?,
        "mean" => null_or(mean(&numbers(values)?)),
        "var" => null_or(spread(&numbers(values)?, exact::quotient)),
        "std" => null_or(spread(&numbers(values)?, exact::root)),
        "median" => null_or(quantile(floats(values)?, 0.5)),
        "quantile" => match call.constants.as_slice() {
            [Scalar::Float(fraction)] => null_or(quantile(floats(values)?, *fraction)),
            _ => return Err(Failure::Unknown(format!("the constants of {call}"))),
        },
        _ => return Err(Failure::Unknown(format!("the aggregate {call}"))),
    })
}

/// The values in order; here −0.0 comes before 0.0.
fn extreme(values: &[Scalar]) -> Result<Vec<Scalar>> {
    let is_negative_zero = |value: &Scalar| *value == Scalar::Float(-0.0);
    let mut sorted = values.to_vec();
    order::sort(&mut sorted, |a, b| Ok(order::compare(a, b)?.then(is_negative_zero(b).cmp(&is_negative_zero(a)))))?;
    Ok(sorted)
}

/// The different values in order, and how often each is there.
fn counted(values: &[Scalar]) -> Result<Vec<(Scalar, usize)>> {
    let mut sorted: Vec<Scalar> = values.iter().cloned().map(order::key).collect();
    order::sort(&mut sorted, order::compare)?;
    let mut counted: Vec<(Scalar, usize)> = Vec::new();
    for value in sorted {
        match counted.last_mut() {
            Some((last, count)) if order::compare(last, &value)? == Ordering::Equal => *count += 1,
            _ => counted.push((value, 1)),
        }
    }
    Ok(counted)
}

/// Numbers in units of 2^[`exact::LOWEST`], and those that are none.
struct Numbers {
    finite: Vec<BigInt>,
    special: Vec<f64>,
}

fn numbers(values: &[Scalar]) -> Result<Numbers> {
    let mut numbers = Numbers { finite: Vec::new(), special: Vec::new() };
    for value in values {
        match value {
            Scalar::Int(value) => numbers.finite.push(exact::of_int(*value)),
            Scalar::Float(value) if value.is_finite() => numbers.finite.push(exact::of_float(*value)),
            Scalar::Float(value) => numbers.special.push(*value),
            other => return Err(Failure::Unknown(format!("{other} as a number"))),
        }
    }
    Ok(numbers)
}

fn floats(values: &[Scalar]) -> Result<Vec<f64>> {
    let float = |value: &Scalar| match value {
        Scalar::Int(value) => Ok(*value as f64),
        Scalar::Float(value) => Ok(*value),
        other => Err(Failure::Unknown(format!("{other} as a number"))),
    };
    values.iter().map(float).collect()
}

fn sum(values: &[Scalar]) -> Result<Scalar> {
    match values.first() {
        None => Ok(Scalar::Null),
        Some(Scalar::Int(_)) => {
            let total: BigInt = numbers(values)?.finite.into_iter().sum::<BigInt>() >> -exact::LOWEST;
            i64::try_from(total).map(Scalar::Int).map_err(|error| Failure::Arithmetic(format!("the sum {}", error.into_original())))
        }
        Some(_) => {
            let numbers = numbers(values)?;
            let total = || exact::quotient(&numbers.finite.iter().sum(), 1, exact::LOWEST);
            Ok(Scalar::Float(special_sum(&numbers.special).unwrap_or_else(total)))
        }
    }
}

/// The sum of infinities and NaNs, if there are any; finite numbers do not matter beside them.
fn special_sum(special: &[f64]) -> Option<f64> {
    special.iter().copied().reduce(|a, b| a + b)
}

fn mean(numbers: &Numbers) -> Option<f64> {
    let count = numbers.finite.len() + numbers.special.len();
    let exact = || (count > 0).then(|| exact::quotient(&numbers.finite.iter().sum(), count as u64, exact::LOWEST));
    special_sum(&numbers.special).or_else(exact)
}

/// (n · Σx² − (Σx)²) ÷ n ÷ (n − 1), rounded by `round`.
fn spread(numbers: &Numbers, round: impl Fn(&BigInt, u64, i64) -> f64) -> Option<f64> {
    let count = (numbers.finite.len() + numbers.special.len()) as u64;
    if count < 2 {
        return None;
    }
    if !numbers.special.is_empty() {
        return Some(f64::NAN);
    }
    let total: BigInt = numbers.finite.iter().sum();
    let squares: BigInt = numbers.finite.iter().map(|value| value * value).sum();
    Some(round(&(squares * count - &total * &total), count * (count - 1), 2 * exact::LOWEST))
}

/// Linear between the two nearest values, measured from the nearer one; NaN if one of the values is.
fn quantile(mut values: Vec<f64>, fraction: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    if values.iter().any(|value| value.is_nan()) {
        return Some(f64::NAN);
    }
    let place = last as f64 * fraction;
    let (low, high, part) = (values[place.floor() as usize], values[(place.floor() as usize + 1).min(last)], place.fract());
    let distance = high - low;
    Some(if part == 0.0 || low == high {
        low
    } else if distance.is_infinite() {
        low * (1.0 - part) + high * part
    } else if part < 0.5 {
        (low + distance * part).clamp(low, high)
    } else {
        (high - distance * (1.0 - part)).clamp(low, high)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aggregate(function: &str, values: &[f64]) -> Scalar {
        let values: Vec<Scalar> = values.iter().copied().map(Scalar::Float).collect();
        of_values(&AggregateCall::new(function, Vec::new(), function), &values).expect("floats")
    }

    #[test]
    fn known_answers() {
        assert_eq!(aggregate("sum", &[0.1; 10]), Scalar::Float(1.0));
        assert_eq!(aggregate("sum", &[-0.0]), Scalar::Float(0.0));
        assert_eq!(aggregate("sum", &[]), Scalar::Null);
        assert_eq!(aggregate("mean", &[1.0, 1e100, 1.0, -1e100]), Scalar::Float(0.5));
        assert_eq!(aggregate("mean", &[1.0, f64::INFINITY]), Scalar::Float(f64::INFINITY));
        assert_eq!(aggregate("var", &[1.0, 2.0, 3.0, 4.0]), Scalar::Float(5.0 / 3.0));
        assert_eq!(aggregate("std", &[1.0, 3.0, 5.0]), Scalar::Float(2.0));
        assert_eq!(aggregate("std", &[1.0]), Scalar::Null);
        assert_eq!(aggregate("median", &[4.0, 1.0, 3.0, 2.0]), Scalar::Float(2.5));
        assert_eq!(aggregate("median", &[f64::INFINITY, 1.0]), Scalar::Float(f64::INFINITY));
        assert_eq!(aggregate("mode", &[2.0, 1.0, -0.0, 0.0, 2.0]), Scalar::Float(0.0));
        assert_eq!(aggregate("nunique", &[f64::NAN, -f64::NAN, -0.0, 0.0]), Scalar::Int(2));
        assert_eq!(aggregate("min", &[0.0, -0.0, f64::NAN]), Scalar::Float(-0.0));
        assert_eq!(aggregate("first", &[3.0, 1.0]), Scalar::Float(3.0));
        assert_eq!(aggregate("last", &[3.0, 1.0]), Scalar::Float(1.0));
    }
}
