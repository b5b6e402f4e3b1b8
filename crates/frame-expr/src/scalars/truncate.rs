//! `truncate`: the beginning of the hour, day, month of a timestamp.

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, DurationMicrosecondType, IntervalYearMonthType, TimeUnit};
use frame_core::{Error, QueryError, Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::time::Step;
use crate::types::{DURATION, MONTHS};

/// truncate(x, unit): the beginning of the second, minute, hour, day, week (Monday), month, quarter or year, or of the stretch of a duration such as '15m', that holds x.
#[derive(Debug)]
pub(super) struct Truncate;

impl ScalarFunction for Truncate {
    fn name(&self) -> &'static str {
        "truncate"
    }

    fn help(&self) -> &'static str {
        "truncate(x, unit): the beginning of the second, minute, hour, day, week (Monday), month, quarter or year, or of the stretch of a duration such as '15m', that holds x."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("truncate(@2024-05-17, 'quarter')", "@2024-04-01")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [moment, (unit, span)] = arity(self.name(), arguments)?;
        let moment = signature::moment(self.name(), moment)?;
        let unit = match step(unit.constant().as_ref()) {
            Some(step) => step.map(|_| unit).map_err(|error| error.at(span))?,
            None => {
                let (unit, text) = signature::constant_text(self.name(), "the unit", (unit, span))?;
                Step::named(&text).map_err(|error| error.at(span))?;
                unit
            }
        };
        let data_type = match moment.data_type() {
            DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
            other => other.clone(),
        };
        Ok((vec![moment, unit], data_type))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        let step = match step(Some(&arguments[1])) {
            Some(step) => step?,
            None => Step::named(arguments[1].as_string_view().value(0))?,
        };
        step.truncate(&arguments[0])
    }

    fn can_fail(&self) -> bool {
        true
    }
}

/// The step that a duration or a number of months is; `None` for another value.
fn step(value: Option<&ArrayRef>) -> Option<Result<Step>> {
    let value = value?;
    let step = match value.data_type() {
        duration if *duration == DURATION => Step::Micros(value.as_primitive::<DurationMicrosecondType>().value(0)),
        months if *months == MONTHS => Step::Months(value.as_primitive::<IntervalYearMonthType>().value(0)),
        _ => return None,
    };
    Some(match step {
        Step::Micros(1..) | Step::Months(1..) => Ok(step),
        _ => Err(Error::new(QueryError::Usage("a stretch of time is longer than nothing".to_owned())).hint("write a duration such as 15m")),
    })
}
