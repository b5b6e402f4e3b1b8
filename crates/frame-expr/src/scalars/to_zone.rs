//! `to_zone`: a timestamp told in another zone.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::time::{self, Zone};

/// to_zone(x, zone): the same instant in the zone of that IANA name; a timestamp without a zone counts as UTC (cast(x, timestamp('Europe/Berlin')) takes it as local time instead).
#[derive(Debug)]
pub(super) struct ToZone;

impl ScalarFunction for ToZone {
    fn name(&self) -> &'static str {
        "to_zone"
    }

    fn help(&self) -> &'static str {
        "to_zone(x, zone): the same instant in the zone of that IANA name; a timestamp without a zone counts as UTC (cast(x, timestamp('Europe/Berlin')) takes it as local time instead)."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("format(to_zone(@2024-07-01T12:00, 'Europe/Berlin'), '%H:%M %z')", "'14:00 +0200'")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [moment, zone] = arity(self.name(), arguments)?;
        let span = zone.1;
        let moment = signature::moment(self.name(), moment)?;
        let (argument, zone) = signature::constant_text(self.name(), "the zone", zone)?;
        Zone::named(&zone).map_err(|error| error.at(span))?;
        Ok((vec![moment, argument], DataType::Timestamp(TimeUnit::Microsecond, Some(zone.into()))))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        let zone = arguments[1].as_string_view().value(0);
        let instants = time::universal_micros(&arguments[0])?.reinterpret_cast::<TimestampMicrosecondType>();
        Ok(Arc::new(instants.with_timezone(zone)))
    }

    fn can_fail(&self) -> bool {
        true
    }
}
