//! `split_part`: a part of a text between separators.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringViewArray};
use arrow::datatypes::{DataType, Int64Type};
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;

/// split_part(x, separator, n): the nth part of the text between separators, from 1, or from the end if n is negative; null if there is none.
#[derive(Debug)]
pub(super) struct SplitPart;

impl ScalarFunction for SplitPart {
    fn name(&self) -> &'static str {
        "split_part"
    }

    fn help(&self) -> &'static str {
        "split_part(x, separator, n): the nth part of the text between separators, from 1, or from the end if n is negative; null if there is none."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("split_part('a-b-c', '-', 2)", "'b'")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let name = self.name();
        let [text, separator, number] = arity(name, arguments)?;
        Ok((vec![signature::text(name, text)?, signature::text(name, separator)?, signature::int(name, number)?], DataType::Utf8View))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        let numbers = arguments[2].as_primitive::<Int64Type>();
        let rows = arguments[0].as_string_view().iter().zip(arguments[1].as_string_view()).zip(numbers);
        let parts = rows.map(|((text, separator), number)| part(text?, separator?, number?));
        Ok(Arc::new(parts.collect::<StringViewArray>()))
    }
}

fn part<'a>(text: &'a str, separator: &str, number: i64) -> Option<&'a str> {
    let place = usize::try_from(number.unsigned_abs()).ok()?.checked_sub(1)?;
    if separator.is_empty() {
        // Nothing separates: the text is its only part.
        return (place == 0).then_some(text);
    }
    if number > 0 { text.split(separator).nth(place) } else { text.rsplit(separator).nth(place) }
}
