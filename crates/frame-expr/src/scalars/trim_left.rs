//! `trim_left`: text without blanks or other characters at its beginning.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature;
use crate::bind::BoundExpr;
use crate::texts::{self, Ends};

/// trim_left(x, set): the text without white space at its beginning or, with a set, without any of its characters there.
#[derive(Debug)]
pub(super) struct TrimLeft;

impl ScalarFunction for TrimLeft {
    fn name(&self) -> &'static str {
        "trim_left"
    }

    fn help(&self) -> &'static str {
        "trim_left(x, set): the text without white space at its beginning or, with a set, without any of its characters there."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("trim_left('  abc ')", "'abc '")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        signature::text_and_set(self.name(), arguments)
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(texts::trim(arguments, Ends::Left))
    }
}
