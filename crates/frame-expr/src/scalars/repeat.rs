//! `repeat`: a text several times.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Int64Type};
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::texts;

/// repeat(x, n): the text n times, one after the other; empty if n is below 1.
#[derive(Debug)]
pub(super) struct Repeat;

impl ScalarFunction for Repeat {
    fn name(&self) -> &'static str {
        "repeat"
    }

    fn help(&self) -> &'static str {
        "repeat(x, n): the text n times, one after the other; empty if n is below 1."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("repeat('ab', 3)", "'ababab'")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [text, times] = arity(self.name(), arguments)?;
        Ok((vec![signature::text(self.name(), text)?, signature::int(self.name(), times)?], DataType::Utf8View))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        let (texts, times) = (arguments[0].as_string_view(), arguments[1].as_primitive::<Int64Type>());
        texts::build(texts.len(), |row, repeated| {
            if texts.is_null(row) || times.is_null(row) {
                return Ok(false);
            }
            let (text, times) = (texts.value(row), usize::try_from(times.value(row)).unwrap_or(0));
            texts::check_length(self.name(), text.len().checked_mul(times))?;
            // An empty text would be appended forever to no effect.
            for _ in 0..if text.is_empty() { 0 } else { times } {
                repeated.push_str(text);
            }
            Ok(true)
        })
    }

    fn can_fail(&self) -> bool {
        true
    }
}
