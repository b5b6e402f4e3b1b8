//! Dates and timestamps to and from text by a format of strftime letters, such as `%d.%m.%Y %H:%M`.

use std::fmt::Write;

use arrow::array::{Array, ArrayRef, Date32Array, StringViewArray, TimestampMicrosecondArray};
use arrow::datatypes::DataType;
use chrono::format::{Fixed, Item, Parsed, StrftimeItems, parse};
use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeZone};
use frame_core::{DataError, Error, QueryError, Result};

use super::{Zone, universal_micros};
use crate::texts;

/// A format, read once.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    text: String,
    items: Vec<Item<'static>>,
}

/// What becomes of a text that does not fit the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// The run stops.
    Strict,
    /// The value is null.
    OrNull,
}

impl Reading {
    fn failed<T>(self, text: &str, layout: &Layout) -> Result<Option<T>> {
        if self == Self::OrNull {
            return Ok(None);
        }
        let expected = format!("of the form '{}'", layout.text);
        Err(Error::new(DataError::Value { position: None, value: text.to_owned(), expected })
            .hint("change the format, or make bad values null with a third argument 'null'"))
    }
}

impl Layout {
    /// The format with that text.
    ///
    /// # Errors
    /// A `QueryError` for a letter that means nothing.
    pub(crate) fn new(text: &str) -> Result<Self> {
        let items = StrftimeItems::new(text).parse_to_owned().map_err(|_| {
            Error::new(QueryError::Usage(format!("'{text}' is no date format")))
                .hint("letters: %Y %m %d %H %M %S %f (fraction) %j %a %A %b %B %p %z and others of strftime; %% is a percent sign")
        })?;
        Ok(Self { text: text.to_owned(), items })
    }

    /// Whether texts of this format say their offset from UTC.
    pub(crate) fn has_offset(&self) -> bool {
        self.items.iter().any(|item| {
            matches!(
                item,
                Item::Fixed(
                    Fixed::TimezoneOffset
                        | Fixed::TimezoneOffsetColon
                        | Fixed::TimezoneOffsetDoubleColon
                        | Fixed::TimezoneOffsetTripleColon
                        | Fixed::TimezoneOffsetColonZ
                        | Fixed::TimezoneOffsetZ
                        | Fixed::RFC2822
                        | Fixed::RFC3339
                )
            ) || matches!(item, Item::Fixed(fixed) if format!("{fixed:?}").contains("TimezoneOffsetPermissive"))
        })
    }

    /// Whether values without a zone can be written in this format.
    pub(crate) fn is_zoneless(&self) -> bool {
        write!(String::new(), "{}", NaiveDateTime::default().format_with_items(self.items.iter())).is_ok()
    }

    /// Dates or timestamps as text.
    pub(crate) fn write(&self, array: &ArrayRef) -> Result<ArrayRef> {
        let zone = match array.data_type() {
            DataType::Timestamp(_, Some(zone)) => Some(Zone::named(zone)?),
            _ => None,
        };
        let micros = universal_micros(array)?;
        texts::build(micros.len(), |row, text| {
            if micros.is_null(row) {
                return Ok(false);
            }
            let moment = DateTime::from_timestamp_micros(micros.value(row)).map(|moment| moment.naive_utc());
            let written = moment.and_then(|moment| match zone {
                None => write!(text, "{}", moment.format_with_items(self.items.iter())).ok(),
                Some(zone) => write!(text, "{}", zone.0.from_utc_datetime(&moment).format_with_items(self.items.iter())).ok(),
            });
            match written {
                Some(()) => Ok(true),
                None => Err(Error::new(QueryError::Arithmetic(format!("a timestamp cannot be written as '{}'", self.text)))),
            }
        })
    }

    fn read(&self, text: &str) -> Option<Parsed> {
        let mut parsed = Parsed::new();
        parse(&mut parsed, text, self.items.iter()).ok()?;
        Some(parsed)
    }

    /// Texts as dates.
    pub(crate) fn dates(&self, texts: &StringViewArray, reading: Reading) -> Result<Date32Array> {
        let date = |text: &str| Some(self.read(text)?.to_naive_date().ok()?.to_epoch_days());
        let values = texts.iter().map(|text| match text {
            None => Ok(None),
            Some(text) => date(text).map_or_else(|| reading.failed(text, self), |day| Ok(Some(day))),
        });
        values.collect()
    }

    /// Texts as timestamps in microseconds, those with an offset in UTC. A date alone is midnight.
    pub(crate) fn timestamps(&self, texts: &StringViewArray, reading: Reading) -> Result<TimestampMicrosecondArray> {
        let values = texts.iter().map(|text| match text {
            None => Ok(None),
            Some(text) => self.read(text).and_then(|parsed| micros(&parsed)).map_or_else(|| reading.failed(text, self), |at| Ok(Some(at))),
        });
        values.collect()
    }
}

fn micros(parsed: &Parsed) -> Option<i64> {
    if parsed.offset().is_some() {
        return Some(parsed.to_datetime().ok()?.timestamp_micros());
    }
    let has_time = parsed.hour_mod_12().is_some() || parsed.timestamp().is_some();
    let moment = match has_time {
        true => parsed.to_naive_datetime_with_offset(0).ok()?,
        false => parsed.to_naive_date().ok()?.and_time(NaiveTime::MIN),
    };
    Some(moment.and_utc().timestamp_micros())
}
