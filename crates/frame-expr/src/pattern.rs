//! Regular expressions of functions: compiled once where they are constant, else once per run of equal ones.

use frame_core::{DataError, Error, QueryError, Result, Span};
use regex::Regex;

use crate::bind::BoundExpr;

/// The regular expression that an argument is for every row, if it is constant.
///
/// # Errors
/// A `QueryError` at the argument with what is wrong with it.
pub(crate) fn constant(argument: &BoundExpr, span: Span) -> Result<Option<Regex>> {
    let Some(text) = argument.constant_text() else { return Ok(None) };
    Regex::new(&text).map(Some).map_err(|complaint| {
        let error = QueryError::Usage(format!("bad regular expression: {}", reason(&complaint)));
        Error::new(error).at(span).hint("write \\ before . + * ? ( ) [ ] { } to mean the character itself")
    })
}

/// What is wrong, without the drawing of the place.
fn reason(complaint: &regex::Error) -> String {
    let text = complaint.to_string();
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// The regular expressions of rows.
pub(crate) struct Patterns<'a> {
    constant: Option<&'a Regex>,
    latest: Option<(String, Regex)>,
}

impl<'a> Patterns<'a> {
    /// All rows have the constant one, if there is one.
    pub(crate) fn new(constant: Option<&'a Regex>) -> Self {
        Self { constant, latest: None }
    }

    /// The one with that text.
    ///
    /// # Errors
    /// A `DataError` if it is none.
    pub(crate) fn get(&mut self, text: &str) -> Result<&Regex> {
        if let Some(regex) = self.constant {
            return Ok(regex);
        }
        let latest = self.latest.take();
        let known = match latest {
            Some(latest) if latest.0 == text => latest,
            _ => {
                let regex = Regex::new(text).map_err(|complaint| {
                    let expected = format!("a regular expression: {}", reason(&complaint));
                    Error::new(DataError::Value { position: None, value: text.to_owned(), expected })
                })?;
                (text.to_owned(), regex)
            }
        };
        Ok(&self.latest.insert(known).1)
    }
}
