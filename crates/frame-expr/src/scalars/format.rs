//! `format`: dates and timestamps as text.

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::DataType;
use frame_core::{Error, QueryError, Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::time::Layout;

/// format(x, format): the date or timestamp as text in a format of strftime letters, in its local time.
#[derive(Debug)]
pub(super) struct Format;

impl ScalarFunction for Format {
    fn name(&self) -> &'static str {
        "format"
    }

    fn help(&self) -> &'static str {
        "format(x, format): the date or timestamp as text in a format of strftime letters, in its local time."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("format(@2024-01-31, '%d.%m.%Y')", "'31.01.2024'")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [moment, format] = arity(self.name(), arguments)?;
        let span = format.1;
        let moment = signature::moment(self.name(), moment)?;
        let (format, text) = signature::constant_text(self.name(), "the format", format)?;
        let layout = Layout::new(&text).map_err(|error| error.at(span))?;
        if !matches!(moment.data_type(), DataType::Timestamp(_, Some(_))) && !layout.is_zoneless() {
            let error = QueryError::Usage(format!("'{text}' asks for a zone, and the value has none"));
            return Err(Error::new(error).at(span).hint("give it one with to_zone(x, 'Europe/Berlin')"));
        }
        Ok((vec![moment, format], DataType::Utf8View))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Layout::new(arguments[1].as_string_view().value(0))?.write(&arguments[0])
    }

    fn can_fail(&self) -> bool {
        true
    }
}
