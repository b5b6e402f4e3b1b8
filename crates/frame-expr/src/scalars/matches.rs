//! `matches`: whether a regular expression is found in a text.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray};
use arrow::datatypes::DataType;
use frame_core::{Result, Span};
use regex::Regex;

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::pattern::{self, Patterns};

/// x matches regex: whether the regular expression is found anywhere in the text; ^ and $ stand for its ends, (?i) ignores case.
#[derive(Debug)]
pub(super) struct Matches {
    /// The regular expression, if it is the same for every row.
    pub(super) regex: Option<Regex>,
}

impl ScalarFunction for Matches {
    fn name(&self) -> &'static str {
        "matches"
    }

    fn help(&self) -> &'static str {
        "x matches regex: whether the regular expression is found anywhere in the text; ^ and $ stand for its ends, (?i) ignores case."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("'banana' matches '^b.*a$'", "true")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [text, pattern] = arity(self.name(), arguments)?;
        Ok((vec![signature::text(self.name(), text)?, signature::text(self.name(), pattern)?], DataType::Boolean))
    }

    fn prepare(&self, arguments: &[BoundExpr], spans: &[Span]) -> Result<Option<Arc<dyn ScalarFunction>>> {
        let regex = pattern::constant(&arguments[1], spans[1])?;
        Ok(regex.map(|regex| Arc::new(Self { regex: Some(regex) }) as Arc<dyn ScalarFunction>))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        let mut patterns = Patterns::new(self.regex.as_ref());
        let rows = arguments[0].as_string_view().iter().zip(arguments[1].as_string_view());
        let found = rows.map(|(text, pattern)| match (text, pattern) {
            (Some(text), Some(pattern)) => Ok(Some(patterns.get(pattern)?.is_match(text))),
            _ => Ok(None),
        });
        Ok(Arc::new(found.collect::<Result<BooleanArray>>()?))
    }

    fn can_fail(&self) -> bool {
        true
    }
}
