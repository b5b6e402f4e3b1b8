//! `reverse`: a text from its end.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType;
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::texts;

/// reverse(x): the characters of the text from the last to the first.
#[derive(Debug)]
pub(super) struct Reverse;

impl ScalarFunction for Reverse {
    fn name(&self) -> &'static str {
        "reverse"
    }

    fn help(&self) -> &'static str {
        "reverse(x): the characters of the text from the last to the first."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("reverse('abc')", "'cba'")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [text] = arity(self.name(), arguments)?;
        Ok((vec![signature::text(self.name(), text)?], DataType::Utf8View))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        let texts = arguments[0].as_string_view();
        texts::build(texts.len(), |row, reversed| {
            if texts.is_valid(row) {
                reversed.extend(texts.value(row).chars().rev());
            }
            Ok(texts.is_valid(row))
        })
    }
}
