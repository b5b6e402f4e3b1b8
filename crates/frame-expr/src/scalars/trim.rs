//! `trim`: text without the blanks around it.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringViewArray};
use arrow::datatypes::DataType;
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;

/// trim(x): the text without the white space around it.
#[derive(Debug)]
pub(super) struct Trim;

impl ScalarFunction for Trim {
    fn name(&self) -> &'static str {
        "trim"
    }

    fn help(&self) -> &'static str {
        "trim(x): the text without the white space around it."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("trim('  abc ')", "'abc'")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [text] = arity(self.name(), arguments)?;
        Ok((vec![signature::text(self.name(), text)?], DataType::Utf8View))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(Arc::new(arguments[0].as_string_view().iter().map(|text| text.map(str::trim)).collect::<StringViewArray>()))
    }
}
