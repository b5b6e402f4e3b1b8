//! `replace_regex`: a text with what a regular expression finds exchanged.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType;
use frame_core::{Result, Span};
use regex::Regex;

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::pattern::{self, Patterns};
use crate::texts;

/// replace_regex(x, regex, with): the text with everything that the regular expression finds replaced; ${1} in it stands for group 1.
#[derive(Debug)]
pub(super) struct ReplaceRegex {
    /// The regular expression, if it is the same for every row.
    pub(super) regex: Option<Regex>,
}

impl ScalarFunction for ReplaceRegex {
    fn name(&self) -> &'static str {
        "replace_regex"
    }

    fn help(&self) -> &'static str {
        "replace_regex(x, regex, with): the text with everything that the regular expression finds replaced; ${1} in it stands for group 1."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("replace_regex('2024-01-31', '-0?', '.')", "'2024.1.31'")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let texts = arity::<3>(self.name(), arguments)?;
        let texts = texts.into_iter().map(|text| signature::text(self.name(), text)).collect::<Result<_>>()?;
        Ok((texts, DataType::Utf8View))
    }

    fn prepare(&self, arguments: &[BoundExpr], spans: &[Span]) -> Result<Option<Arc<dyn ScalarFunction>>> {
        let regex = pattern::constant(&arguments[1], spans[1])?;
        Ok(regex.map(|regex| Arc::new(Self { regex: Some(regex) }) as Arc<dyn ScalarFunction>))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        let mut patterns = Patterns::new(self.regex.as_ref());
        let [texts, wanted, others] = [0, 1, 2].map(|at| arguments[at].as_string_view());
        texts::build(texts.len(), |row, replaced| {
            if texts.is_null(row) || wanted.is_null(row) || others.is_null(row) {
                return Ok(false);
            }
            let regex = patterns.get(wanted.value(row))?;
            replaced.push_str(&regex.replace_all(texts.value(row), others.value(row)));
            texts::check_length(self.name(), Some(replaced.len()))?;
            Ok(true)
        })
    }

    fn can_fail(&self) -> bool {
        true
    }
}
