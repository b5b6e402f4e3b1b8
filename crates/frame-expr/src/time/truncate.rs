//! The beginnings of the stretches that a calendar or a clock is cut into.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Date32Type, Int64Type, TimeUnit};
use frame_core::{Error, QueryError, Result, Scalar, calendar, duration};

use super::local::{failed, out_of_range};
use super::{instants, local_micros, universal_micros};

const MICROS_PER_HOUR: i64 = 3_600_000_000;
const MICROS_PER_DAY: i64 = 24 * MICROS_PER_HOUR;
const MICROS_PER_WEEK: i64 = 7 * MICROS_PER_DAY;
/// 1970-01-05 was a Monday.
const FIRST_MONDAY: i64 = 4 * MICROS_PER_DAY;

/// How long the stretches are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Microseconds, counted from 1970-01-01T00:00 local time, or from a Monday if they are whole weeks.
    Micros(i64),
    /// Calendar months, counted from January of the year 0.
    Months(i32),
}

impl Step {
    /// A unit such as `month`, or a duration such as `15m`.
    ///
    /// # Errors
    /// A `QueryError` with the units there are.
    pub(crate) fn named(text: &str) -> Result<Self> {
        let step = match text {
            "microsecond" => Self::Micros(1),
            "millisecond" => Self::Micros(1_000),
            "second" => Self::Micros(1_000_000),
            "minute" => Self::Micros(60_000_000),
            "hour" => Self::Micros(MICROS_PER_HOUR),
            "day" => Self::Micros(MICROS_PER_DAY),
            "week" => Self::Micros(MICROS_PER_WEEK),
            "month" => Self::Months(1),
            "quarter" => Self::Months(3),
            "year" => Self::Months(12),
            other => match duration::parse(other) {
                Some(Scalar::Duration(micros @ 1..)) => Self::Micros(micros),
                Some(Scalar::Months(months @ 1..)) => Self::Months(months),
                _ => {
                    return Err(Error::new(QueryError::Usage(format!("'{text}' is no unit of time")))
                        .hint("units: second, minute, hour, day, week, month, quarter, year, or a duration such as 15m"));
                }
            },
        };
        Ok(step)
    }

    /// The beginning of the stretch that holds a local time; `None` out of range.
    fn floor(self, local: i64) -> Option<i64> {
        match self {
            Self::Micros(step) => {
                let origin = if step % MICROS_PER_WEEK == 0 { FIRST_MONDAY } else { 0 };
                local.checked_sub(local.checked_sub(origin)?.rem_euclid(step))
            }
            Self::Months(_) => {
                let day = self.floor_day(local.div_euclid(MICROS_PER_DAY) as i32)?;
                i64::from(day).checked_mul(MICROS_PER_DAY)
            }
        }
    }

    /// The first day of the stretch that holds a day.
    fn floor_day(self, day: i32) -> Option<i32> {
        match self {
            Self::Micros(step) if step <= MICROS_PER_DAY => Some(day),
            Self::Micros(_) => {
                let start = self.floor(i64::from(day).checked_mul(MICROS_PER_DAY)?)?;
                i32::try_from(start.div_euclid(MICROS_PER_DAY)).ok()
            }
            Self::Months(step) => {
                let (year, month, _) = calendar::civil_from_days(day);
                if year.abs() > calendar::YEARS_MAX {
                    return None;
                }
                let months = (year * 12 + i64::from(month) - 1).div_euclid(step.into()) * i64::from(step);
                calendar::days_from_civil(i32::try_from(months.div_euclid(12)).ok()?, months.rem_euclid(12) as u32 + 1, 1)
            }
        }
    }

    /// Dates or timestamps at the beginning of their stretch; dates stay dates, timestamps come out in microseconds.
    pub(crate) fn truncate(self, array: &ArrayRef) -> Result<ArrayRef> {
        if let Some(dates) = array.as_primitive_opt::<Date32Type>() {
            let floored = dates.try_unary::<_, Date32Type, _>(|day| self.floor_day(day).ok_or_else(out_of_range));
            return Ok(std::sync::Arc::new(floored.map_err(failed)?));
        }
        let DataType::Timestamp(_, zone) = array.data_type() else {
            return Err(Error::internal(format!("{} is no point in time", array.data_type())));
        };
        let to = DataType::Timestamp(TimeUnit::Microsecond, zone.clone());
        let local = local_micros(array)?;
        let floored = local.try_unary::<_, Int64Type, _>(|micros| self.floor(micros).ok_or_else(out_of_range)).map_err(failed)?;
        match (self, zone) {
            // Within an hour the offset stays the same; by way of the local time, the hour that clocks repeat would be taken for the first.
            (Self::Micros(..=MICROS_PER_HOUR), Some(_)) => {
                let micros = universal_micros(array)?;
                let back = |(micros, (local, floored)): (Option<i64>, (Option<i64>, Option<i64>))| Some(micros? - (local? - floored?));
                let rows = micros.iter().zip(local.iter().zip(floored.iter()));
                let result: arrow::array::TimestampMicrosecondArray = rows.map(back).collect();
                Ok(std::sync::Arc::new(result.with_timezone_opt(zone.clone())))
            }
            _ => instants(&floored, &to),
        }
    }
}
