//! `upper`: text in upper case.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringViewArray};
use arrow::datatypes::DataType;
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;

/// upper(x): the text in upper case.
#[derive(Debug)]
pub(super) struct Upper;

impl ScalarFunction for Upper {
    fn name(&self) -> &'static str {
        "upper"
    }

    fn help(&self) -> &'static str {
        "upper(x): the text in upper case."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("upper('abc')", "'ABC'")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [text] = arity(self.name(), arguments)?;
        Ok((vec![signature::text(self.name(), text)?], DataType::Utf8View))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(Arc::new(arguments[0].as_string_view().iter().map(|text| text.map(str::to_uppercase)).collect::<StringViewArray>()))
    }
}
