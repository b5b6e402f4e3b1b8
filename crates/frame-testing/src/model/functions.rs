//! The scalar functions that the model knows.

use frame_core::Scalar;

use super::{Failure, Kind, Result};

fn unknown(function: &str) -> Failure {
    Failure::Unknown(format!("the function {function}"))
}

/// The kind of what a function gives for arguments of these kinds.
pub(super) fn kind(function: &str, arguments: &[Kind]) -> Result<Kind> {
    match function {
        "lower" | "upper" => Ok(Kind::Text),
        "length" => Ok(Kind::Int),
        "contains" | "starts" | "ends" => Ok(Kind::Bool),
        "abs" | "round" => arguments.first().copied().filter(|kind| kind.is_number()).ok_or_else(|| unknown(function)),
        "coalesce" => arguments.iter().try_fold(Kind::Null, |common, kind| common.common(*kind)),
        _ => Err(unknown(function)),
    }
}

/// What a function gives for arguments.
pub(super) fn call(function: &str, arguments: &[Scalar]) -> Result<Scalar> {
    if function == "coalesce" {
        return Ok(arguments.iter().find(|value| **value != Scalar::Null).cloned().unwrap_or(Scalar::Null));
    }
    if arguments.contains(&Scalar::Null) {
        return Ok(Scalar::Null);
    }
    Ok(match (function, arguments) {
        ("lower", [Scalar::Text(text)]) => Scalar::Text(text.to_lowercase()),
        ("upper", [Scalar::Text(text)]) => Scalar::Text(text.to_uppercase()),
        ("length", [Scalar::Text(text)]) => Scalar::Int(text.chars().count() as i64),
        ("contains", [Scalar::Text(text), Scalar::Text(part)]) => Scalar::Bool(text.contains(part.as_str())),
        ("starts", [Scalar::Text(text), Scalar::Text(part)]) => Scalar::Bool(text.starts_with(part.as_str())),
        ("ends", [Scalar::Text(text), Scalar::Text(part)]) => Scalar::Bool(text.ends_with(part.as_str())),
        ("abs", [Scalar::Float(value)]) => Scalar::Float(value.abs()),
        ("abs", [Scalar::Int(value)]) => Scalar::Int(value.checked_abs().ok_or_else(|| Failure::Arithmetic(format!("abs({value})")))?),
        ("round", [Scalar::Float(value)]) => Scalar::Float(value.round()),
        ("round", [Scalar::Int(value)]) => Scalar::Int(*value),
        ("round", [Scalar::Float(value), Scalar::Int(digits @ 0..=9)]) => Scalar::Float(rounded(*value, *digits as u32)),
        _ => return Err(unknown(function)),
    })
}

/// A float with so many decimals, halves away from zero; floats from 2⁵² on have no decimals.
fn rounded(value: f64, digits: u32) -> f64 {
    let power = f64::from(10_u32.pow(digits));
    if digits == 0 {
        value.round()
    } else if value.is_finite() && (value * power).abs() < 4_503_599_627_370_496.0 {
        (value * power).round() / power
    } else {
        value
    }
}
