//! `trim_right`: text without blanks or other characters at its end.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature;
use crate::bind::BoundExpr;
use crate::texts::{self, Ends};

/// trim_right(x, set): the text without white space at its end or, with a set, without any of its characters there.
#[derive(Debug)]
pub(super) struct TrimRight;

impl ScalarFunction for TrimRight {
    fn name(&self) -> &'static str {
        "trim_right"
    }

    fn help(&self) -> &'static str {
        "trim_right(x, set): the text without white space at its end or, with a set, without any of its characters there."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("trim_right('007.500', '0')", "'007.5'")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        signature::text_and_set(self.name(), arguments)
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(texts::trim(arguments, Ends::Right))
    }
}
