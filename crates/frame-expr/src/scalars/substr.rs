//! `substr`: a part of a text.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringViewArray};
use arrow::datatypes::{DataType, Int64Type};
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;

/// substr(x, start, length): the characters from place start (from 1) on, at most length of them.
#[derive(Debug)]
pub(super) struct Substr;

impl ScalarFunction for Substr {
    fn name(&self) -> &'static str {
        "substr"
    }

    fn help(&self) -> &'static str {
        "substr(x, start, length): the characters from place start (from 1) on, at most length of them."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("substr('banana', 2, 3)", "'ana'")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [text, start, length] = arity(self.name(), arguments)?;
        let name = self.name();
        Ok((vec![signature::text(name, text)?, signature::int(name, start)?, signature::int(name, length)?], DataType::Utf8View))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        let (starts, lengths) = (arguments[1].as_primitive::<Int64Type>(), arguments[2].as_primitive::<Int64Type>());
        let rows = arguments[0].as_string_view().iter().zip(starts).zip(lengths);
        let parts = rows.map(|((text, start), length)| {
            let (skip, length) = (start?.max(1) as usize - 1, length?.max(0) as usize);
            Some(text?.chars().skip(skip).take(length).collect::<String>())
        });
        Ok(Arc::new(parts.collect::<StringViewArray>()))
    }
}
