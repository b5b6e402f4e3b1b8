//! `length`: the number of characters of a text or of items of a list.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array};
use arrow::datatypes::DataType;
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::lists::{self, Lists};
use crate::texts;

/// length(x): the number of characters (not bytes) of the text, or of items of the list.
#[derive(Debug)]
pub(super) struct Length;

impl ScalarFunction for Length {
    fn name(&self) -> &'static str {
        "length"
    }

    fn help(&self) -> &'static str {
        "length(x): the number of characters (not bytes) of the text, or of items of the list."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("length('naïve')", "5")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [value] = arity(self.name(), arguments)?;
        let value = match lists::item_type(value.0.data_type()) {
            Some(_) => value.0,
            None => signature::text(self.name(), value)?,
        };
        Ok((vec![value], DataType::Int64))
    }

    fn evaluate(&self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        if let Some(texts) = arguments[0].as_string_view_opt() {
            let lengths = texts.iter().map(|text| text.map(|text| texts::length(text) as i64));
            return Ok(Arc::new(lengths.collect::<Int64Array>()));
        }
        let lists = Lists::new(&arguments[0])?;
        Ok(Arc::new((0..rows).map(|row| lists.range(row).map(|items| items.len() as i64)).collect::<Int64Array>()))
    }
}
