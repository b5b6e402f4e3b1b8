//! `substr`: a part of a text.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringViewArray};
use arrow::datatypes::{DataType, Int64Type};
use frame_core::{Result, Scalar, Span};

use super::ScalarFunction;
use super::signature::{self, optional};
use crate::bind::BoundExpr;
use crate::texts;

/// substr(x, start, length): the characters from place start (from 1) on, at most length of them if it is given.
#[derive(Debug)]
pub(super) struct Substr;

impl ScalarFunction for Substr {
    fn name(&self) -> &'static str {
        "substr"
    }

    fn help(&self) -> &'static str {
        "substr(x, start, length): the characters from place start (from 1) on, at most length of them if it is given."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("substr('banana', 2, 3)", "'ana'")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let name = self.name();
        let [text, start, length] = optional(name, arguments, [Scalar::Int(i64::MAX)])?;
        Ok((vec![signature::text(name, text)?, signature::int(name, start)?, signature::int(name, length)?], DataType::Utf8View))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        let (starts, lengths) = (arguments[1].as_primitive::<Int64Type>(), arguments[2].as_primitive::<Int64Type>());
        let rows = arguments[0].as_string_view().iter().zip(starts).zip(lengths);
        let count = |number: i64| usize::try_from(number.max(0)).unwrap_or(usize::MAX);
        let parts = rows.map(|((text, start), length)| {
            let (_, rest) = texts::split_at(text?, count(start?.max(1) - 1));
            Some(texts::split_at(rest, count(length?)).0)
        });
        Ok(Arc::new(parts.collect::<StringViewArray>()))
    }
}
