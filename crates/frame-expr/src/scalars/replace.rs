//! `replace`: a text with parts of it exchanged.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringViewArray};
use arrow::datatypes::DataType;
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;

/// replace(x, y, z): the text with every y in it replaced by z.
#[derive(Debug)]
pub(super) struct Replace;

impl ScalarFunction for Replace {
    fn name(&self) -> &'static str {
        "replace"
    }

    fn help(&self) -> &'static str {
        "replace(x, y, z): the text with every y in it replaced by z."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("replace('banana', 'an', 'o')", "'booa'")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let texts = arity::<3>(self.name(), arguments)?;
        let texts = texts.into_iter().map(|text| signature::text(self.name(), text)).collect::<Result<_>>()?;
        Ok((texts, DataType::Utf8View))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        let rows = arguments[0].as_string_view().iter().zip(arguments[1].as_string_view()).zip(arguments[2].as_string_view());
        Ok(Arc::new(rows.map(|((text, from), to)| Some(text?.replace(from?, to?))).collect::<StringViewArray>()))
    }
}
