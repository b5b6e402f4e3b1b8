//! `trim`: text without blanks or other characters at both ends.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature;
use crate::bind::BoundExpr;
use crate::texts::{self, Ends};

/// trim(x, set): the text without white space at both ends or, with a set, without any of its characters there.
#[derive(Debug)]
pub(super) struct Trim;

impl ScalarFunction for Trim {
    fn name(&self) -> &'static str {
        "trim"
    }

    fn help(&self) -> &'static str {
        "trim(x, set): the text without white space at both ends or, with a set, without any of its characters there."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("trim('xxabcx', 'x')", "'abc'")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        signature::text_and_set(self.name(), arguments)
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(texts::trim(arguments, Ends::Both))
    }
}
