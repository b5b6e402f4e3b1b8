//! `lower`: text in lower case.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringViewArray};
use arrow::datatypes::DataType;
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;

/// lower(x): the text in lower case.
#[derive(Debug)]
pub(super) struct Lower;

impl ScalarFunction for Lower {
    fn name(&self) -> &'static str {
        "lower"
    }

    fn help(&self) -> &'static str {
        "lower(x): the text in lower case."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("lower('ABC')", "'abc'")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [text] = arity(self.name(), arguments)?;
        Ok((vec![signature::text(self.name(), text)?], DataType::Utf8View))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(Arc::new(arguments[0].as_string_view().iter().map(|text| text.map(str::to_lowercase)).collect::<StringViewArray>()))
    }
}
