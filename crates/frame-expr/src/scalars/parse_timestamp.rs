//! `parse_timestamp`: a timestamp from text in any format.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, TimeUnit};
use frame_core::{Error, QueryError, Result, Scalar, Span};

use super::ScalarFunction;
use super::signature::{self, optional};
use crate::bind::BoundExpr;
use crate::time::{Layout, Reading};

/// parse_timestamp(x, format): the timestamp that the text says in a format of strftime letters; another text is an error, or null with a third argument 'null'. Texts with an offset (%z) give timestamps in UTC.
#[derive(Debug)]
pub(super) struct ParseTimestamp;

impl ScalarFunction for ParseTimestamp {
    fn name(&self) -> &'static str {
        "parse_timestamp"
    }

    fn help(&self) -> &'static str {
        "parse_timestamp(x, format): the timestamp that the text says in a format of strftime letters; another text is an error, or null with a third argument 'null'. Texts with an offset (%z) give timestamps in UTC."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("parse_timestamp('31.01.2024 10:20', '%d.%m.%Y %H:%M')", "@2024-01-31T10:20:00")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let name = self.name();
        let [text, format, reading] = optional(name, arguments, [Scalar::from("fail")])?;
        let (format_span, reading_span) = (format.1, reading.1);
        let (format, layout) = signature::constant_text(name, "the format", format)?;
        let layout = Layout::new(&layout).map_err(|error| error.at(format_span))?;
        let zone = layout.has_offset().then(|| "UTC".into());
        let (reading, word) = signature::constant_text(name, "'null'", reading)?;
        if !matches!(word.as_str(), "null" | "fail") {
            let error = QueryError::Usage(format!("`{name}` does not know '{word}'"));
            return Err(Error::new(error).at(reading_span).hint("the third argument is 'null' or 'fail': what becomes of bad values"));
        }
        Ok((vec![signature::text(name, text)?, format, reading], DataType::Timestamp(TimeUnit::Microsecond, zone)))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        let layout = Layout::new(arguments[1].as_string_view().value(0))?;
        let reading = if arguments[2].as_string_view().value(0) == "null" { Reading::OrNull } else { Reading::Strict };
        let timestamps = layout.timestamps(arguments[0].as_string_view(), reading)?;
        Ok(Arc::new(timestamps.with_timezone_opt(layout.has_offset().then_some("UTC"))))
    }

    fn can_fail(&self) -> bool {
        true
    }
}
