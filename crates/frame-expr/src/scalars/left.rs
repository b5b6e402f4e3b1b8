//! `left`: the first characters of a text.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature;
use crate::bind::BoundExpr;
use crate::texts::{self, Ends};

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
        signature::text_and_count(self.name(), arguments)
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(texts::cut(arguments, Ends::Left))
    }
}
