//! `right`: the last characters of a text.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature;
use crate::bind::BoundExpr;
use crate::texts::{self, Ends};

/// right(x, n): the last n characters of the text; all but the first -n if n is negative.
#[derive(Debug)]
pub(super) struct Right;

impl ScalarFunction for Right {
    fn name(&self) -> &'static str {
        "right"
    }

    fn help(&self) -> &'static str {
        "right(x, n): the last n characters of the text; all but the first -n if n is negative."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("right('banana', 3)", "'ana'")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        signature::text_and_count(self.name(), arguments)
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(texts::cut(arguments, Ends::Right))
    }
}
