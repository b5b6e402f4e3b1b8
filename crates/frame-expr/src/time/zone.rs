//! Time zones by their IANA names or fixed offsets: from instants to local time and back.

use arrow::array::timezone::Tz;
use chrono::{DateTime, LocalResult, NaiveDateTime, Offset, TimeZone};
use frame_core::{Error, QueryError, Result};

/// A time zone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Zone(pub(crate) Tz);

fn naive(micros: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_micros(micros).map(|moment| moment.naive_utc())
}

/// The longest time that clocks are put forward, and more.
const GAP_MAX_MINUTES: i64 = 26 * 60;

impl Zone {
    /// The zone of that name.
    ///
    /// # Errors
    /// A `QueryError` that shows how zones are named.
    pub(crate) fn named(name: &str) -> Result<Self> {
        name.parse().map(Self).map_err(|_| {
            Error::new(QueryError::Usage(format!("unknown time zone '{name}'")))
                .hint("use a name of the IANA database such as 'Europe/Berlin', 'UTC' or '+02:00'")
        })
    }

    /// Microseconds by which the local time is ahead at an instant in microseconds since 1970-01-01T00:00:00 UTC; `None` out of range.
    pub(crate) fn offset(self, micros: i64) -> Option<i64> {
        let seconds = self.0.offset_from_utc_datetime(&naive(micros)?).fix().local_minus_utc();
        Some(i64::from(seconds) * 1_000_000)
    }

    /// The instant of a local time: of two the earlier one; in a gap, the time as if the clock had not been put forward yet.
    pub(crate) fn instant(self, local: i64) -> Option<i64> {
        let moment = naive(local)?;
        let offset = match self.0.offset_from_local_datetime(&moment) {
            LocalResult::Single(offset) => offset.fix(),
            LocalResult::Ambiguous(one, other) => {
                // The larger offset is the earlier instant.
                let (one, other) = (one.fix(), other.fix());
                if one.local_minus_utc() >= other.local_minus_utc() { one } else { other }
            }
            LocalResult::None => self.offset_before(moment)?,
        };
        local.checked_sub(i64::from(offset.local_minus_utc()) * 1_000_000)
    }

    /// The offset in force just before a local time that does not exist.
    fn offset_before(self, moment: NaiveDateTime) -> Option<chrono::FixedOffset> {
        (1..=GAP_MAX_MINUTES).step_by(15).find_map(|minutes| {
            let earlier = moment.checked_sub_signed(chrono::TimeDelta::minutes(minutes))?;
            self.0.offset_from_local_datetime(&earlier).latest().map(|offset| offset.fix())
        })
    }
}
