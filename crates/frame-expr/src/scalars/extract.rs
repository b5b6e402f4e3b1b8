//! `extract`: the part of a text that a regular expression finds.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringViewArray};
use arrow::datatypes::{DataType, Int64Type};
use frame_core::{Error, QueryError, Result, Scalar, Span};
use regex::Regex;

use super::ScalarFunction;
use super::signature::{self, optional};
use crate::bind::BoundExpr;
use crate::pattern::{self, Patterns};

/// extract(x, regex, group): the text that the regular expression finds first, or that its group finds (group 1 if it has one and none is given, 0 is all); null if it finds nothing.
#[derive(Debug)]
pub(super) struct Extract {
    /// The regular expression, if it is the same for every row.
    pub(super) regex: Option<Regex>,
}

impl ScalarFunction for Extract {
    fn name(&self) -> &'static str {
        "extract"
    }

    fn help(&self) -> &'static str {
        "extract(x, regex, group): the text that the regular expression finds first, or that its group finds (group 1 if it has one and none is given, 0 is all); null if it finds nothing."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("extract('order 4711', '([0-9]+)')", "'4711'")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let name = self.name();
        let [text, pattern, group] = optional(name, arguments, [Scalar::Int(AUTOMATIC)])?;
        Ok((vec![signature::text(name, text)?, signature::text(name, pattern)?, signature::int(name, group)?], DataType::Utf8View))
    }

    fn prepare(&self, arguments: &[BoundExpr], spans: &[Span]) -> Result<Option<Arc<dyn ScalarFunction>>> {
        let Some(regex) = pattern::constant(&arguments[1], spans[1])? else { return Ok(None) };
        let group = arguments[2].constant();
        let group = group.as_ref().and_then(|group| group.as_primitive_opt::<Int64Type>()?.iter().next()?);
        if let Some(group) = group.filter(|group| group_of(&regex, *group).is_none()) {
            let error = QueryError::Usage(format!("the regular expression has no group {group}"));
            let place = spans.get(2).or(spans.get(1)).copied().unwrap_or_default();
            return Err(Error::new(error)
                .at(place)
                .hint(format!("it has groups 0 (all) to {}; a group stands in parentheses", regex.captures_len() - 1)));
        }
        Ok(Some(Arc::new(Self { regex: Some(regex) })))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        let mut patterns = Patterns::new(self.regex.as_ref());
        let (texts, wanted) = (arguments[0].as_string_view(), arguments[1].as_string_view());
        let groups = arguments[2].as_primitive::<Int64Type>();
        let rows = texts.iter().zip(wanted).zip(groups);
        let parts = rows.map(|row| {
            let ((Some(text), Some(pattern)), Some(group)) = row else { return Ok(None) };
            let regex = patterns.get(pattern)?;
            Ok(group_of(regex, group).and_then(|group| part(regex, text, group)))
        });
        Ok(Arc::new(parts.collect::<Result<StringViewArray>>()?))
    }

    fn can_fail(&self) -> bool {
        true
    }
}

/// The group that is meant if none is named.
const AUTOMATIC: i64 = i64::MIN;

fn group_of(regex: &Regex, group: i64) -> Option<usize> {
    if group == AUTOMATIC {
        return Some(usize::from(regex.captures_len() > 1));
    }
    usize::try_from(group).ok().filter(|group| *group < regex.captures_len())
}

fn part<'a>(regex: &Regex, text: &'a str, group: usize) -> Option<&'a str> {
    // Finding the whole is cheaper than finding the groups too.
    if group == 0 { regex.find(text).map(|found| found.as_str()) } else { regex.captures(text)?.get(group).map(|found| found.as_str()) }
}
