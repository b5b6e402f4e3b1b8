//! `position`: where a text holds another.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array};
use arrow::datatypes::DataType;
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::texts;

/// position(x, part): the place of the first character of the first part in the text, from 1; 0 if it is not there.
#[derive(Debug)]
pub(super) struct Position;

impl ScalarFunction for Position {
    fn name(&self) -> &'static str {
        "position"
    }

    fn help(&self) -> &'static str {
        "position(x, part): the place of the first character of the first part in the text, from 1; 0 if it is not there."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("position('banana', 'nan')", "3")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [text, part] = arity(self.name(), arguments)?;
        Ok((vec![signature::text(self.name(), text)?, signature::text(self.name(), part)?], DataType::Int64))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        let rows = arguments[0].as_string_view().iter().zip(arguments[1].as_string_view());
        let places = rows.map(|(text, part)| {
            let (text, part) = (text?, part?);
            Some(text.find(part).map_or(0, |at| texts::length(&text[..at]) as i64 + 1))
        });
        Ok(Arc::new(places.collect::<Int64Array>()))
    }
}
