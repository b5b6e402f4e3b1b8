//! `concat`: texts one after the other.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray};
use arrow::datatypes::DataType;
use frame_core::{Error, QueryError, Result, Span};

use super::ScalarFunction;
use super::signature;
use crate::bind::BoundExpr;

/// concat(x, y, ...): the texts one after the other; null if one is null.
#[derive(Debug)]
pub(super) struct Concat;

impl ScalarFunction for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }

    fn help(&self) -> &'static str {
        "concat(x, y, ...): the texts one after the other; null if one is null."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("concat('a', 'b', 'c')", "'abc'")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        if arguments.is_empty() {
            return Err(Error::new(QueryError::Arity {
                function: "concat".to_owned(),
                expected: "at least 1 argument".to_owned(),
                found: 0,
            }));
        }
        let texts = arguments.into_iter().map(|argument| signature::text(self.name(), argument)).collect::<Result<_>>()?;
        Ok((texts, DataType::Utf8View))
    }

    fn evaluate(&self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let texts: Vec<_> = arguments.iter().map(|argument| argument.as_string_view()).collect();
        let row = |row: usize| texts.iter().map(|text| text.is_valid(row).then(|| text.value(row))).collect::<Option<String>>();
        Ok(Arc::new((0..rows).map(row).collect::<StringViewArray>()))
    }
}
