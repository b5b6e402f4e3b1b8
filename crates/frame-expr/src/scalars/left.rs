//! `left`: the first characters of a text.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringViewArray};
use arrow::datatypes::{DataType, Int64Type};
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::texts;

/// left(x, n): the first n characters of the text; all but the last -n if n is negative.
#[derive(Debug)]
pub(super) struct Left;

impl ScalarFunction for Left {
    fn name(&self) -> &'static str {
        "left"
    }

    fn help(&self) -> &'static str {
        "left(x, n): the first n characters of the text; all but the last -n if n is negative."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("left('banana', 3)", "'ban'")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [text, count] = arity(self.name(), arguments)?;
        Ok((vec![signature::text(self.name(), text)?, signature::int(self.name(), count)?], DataType::Utf8View))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        let rows = arguments[0].as_string_view().iter().zip(arguments[1].as_primitive::<Int64Type>());
        let parts = rows.map(|(text, count)| {
            let (text, count) = (text?, count?);
            let size = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
            let kept = if count < 0 { texts::length(text).saturating_sub(size) } else { size };
            Some(texts::split_at(text, kept).0)
        });
        Ok(Arc::new(parts.collect::<StringViewArray>()))
    }
}
