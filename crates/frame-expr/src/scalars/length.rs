//! `length`: the number of characters of a text.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array};
use arrow::datatypes::DataType;
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;

/// length(x): the number of characters (not bytes) of the text.
#[derive(Debug)]
pub(super) struct Length;

impl ScalarFunction for Length {
    fn name(&self) -> &'static str {
        "length"
    }

    fn help(&self) -> &'static str {
        "length(x): the number of characters (not bytes) of the text."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("length('naïve')", "5")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [text] = arity(self.name(), arguments)?;
        Ok((vec![signature::text(self.name(), text)?], DataType::Int64))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(Arc::new(arguments[0].as_string_view().iter().map(|text| text.map(|text| text.chars().count() as i64)).collect::<Int64Array>()))
    }
}
