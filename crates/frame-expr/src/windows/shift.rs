//! Values of rows at a distance: `lag` and `lead`.

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::{cast, concat, take};
use arrow::datatypes::{DataType, Schema};
use frame_core::{Error, QueryError, Result, Scalar};

use super::{BoundFunction, Streams};
use crate::bind::bind;
use crate::expr::Expr;
use crate::types::{common_type, type_name};

/// Values so many rows before or behind each row, `constants` being that number (1 without it) and what stands in for a missing row.
pub(super) fn shift(name: &str, is_back: bool, arguments: &[DataType], constants: &[Scalar]) -> Result<BoundFunction> {
    let rows = match constants.first() {
        None => 1,
        Some(Scalar::Int(rows @ 0..)) => u32::try_from(*rows).unwrap_or(u32::MAX),
        Some(constant) => {
            let error = Error::new(QueryError::OutOfRange { what: "the number of rows", text: constant.to_string() });
            let other = if is_back { "lead(x, 1)" } else { "lag(x, 1)" };
            return Err(error.hint(format!("it is a whole number from 0: {name}(x, 1); {other} looks the other way")));
        }
    };
    let argument = arguments[0].clone();
    let default = match constants.get(1) {
        None | Some(Scalar::Null) => None,
        Some(value) => Some(bind(&Expr::literal(value.clone()), &Schema::empty())?.evaluate(&[], 1)?),
    };
    let output = match &default {
        None => argument.clone(),
        Some(default) => common_type(&argument, default.data_type()).ok_or_else(|| {
            let found = format!("{} and {}", type_name(&argument), type_name(default.data_type()));
            Error::new(QueryError::Type { operation: format!("`{name}`"), found })
                .hint("what stands in for a missing row is of the type of the values")
        })?,
    };
    let to = output.clone();
    let compute = move |arguments: &[ArrayRef], stretch: &super::Stretch| {
        let values = cast(&arguments[0], &to)?;
        let missing = default.is_some().then_some(stretch.len() as u32);
        let place = |row: u32, group: (u32, u32), _| {
            let found = if is_back { row.checked_sub(rows) } else { row.checked_add(rows) };
            found.filter(|found| (group.0..group.1).contains(found)).or(missing)
        };
        let places = UInt32Array::from(stretch.by_row(place));
        let values = match &default {
            None => values,
            Some(default) => concat(&[values.as_ref(), cast(default, &to)?.as_ref()])?,
        };
        Ok(take(&values, &places, None)?)
    };
    let near = (if is_back { rows } else { 0 }) as usize;
    let streams = Streams::Near { before: near, behind: rows as usize - near };
    Ok(BoundFunction::new(vec![argument], output, compute).streaming(streams))
}
