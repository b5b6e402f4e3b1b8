//! Points in time at equal distances from a first one.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use frame_core::{Error, QueryError, Result, Scalar, calendar};

use super::{instants, local_micros, universal_micros};
use crate::types::type_name;

const MICROS_PER_HOUR: i64 = 3_600_000_000;
const MICROS_PER_DAY: i64 = 24 * MICROS_PER_HOUR;

/// Steps along a column of dates or timestamps. Points in time are numbers that grow with them: microseconds, of the local time where a step
/// is longer than an hour, so that a day is a day when clocks are changed.
#[derive(Debug, Clone)]
pub struct Steps {
    every: Scalar,
    data_type: DataType,
}

impl Steps {
    /// Steps of a duration, or of calendar months, along a column of this type.
    ///
    /// # Errors
    /// A type error for a column that is no point in time; an error for a step that is no longer than nothing or no whole number of days.
    pub fn new(every: &Scalar, data_type: &DataType) -> Result<Self> {
        let is_whole = match (every, data_type) {
            (Scalar::Months(1..), DataType::Date32 | DataType::Timestamp(..)) | (Scalar::Duration(1..), DataType::Timestamp(..)) => true,
            (Scalar::Duration(micros @ 1..), DataType::Date32) => micros % MICROS_PER_DAY == 0,
            (_, DataType::Date32 | DataType::Timestamp(..)) => false,
            (_, other) => {
                let error = QueryError::Type { operation: "`every`".to_owned(), found: type_name(other) };
                return Err(Error::new(error).hint("it takes a date or a timestamp; convert with cast(x, timestamp)"));
            }
        };
        if !is_whole {
            let error = Error::new(QueryError::Usage(format!("{every} is no step along a {}", type_name(data_type))));
            return Err(error.hint("write a duration such as 15m, 1d or 1mo; a date goes by whole days"));
        }
        Ok(Self { every: every.clone(), data_type: data_type.clone() })
    }

    fn is_local(&self) -> bool {
        !matches!(self.every, Scalar::Duration(..=MICROS_PER_HOUR))
    }

    /// The values of the column as numbers.
    ///
    /// # Errors
    /// An arithmetic error for a value out of range.
    pub fn numbers(&self, column: &ArrayRef) -> Result<Int64Array> {
        if self.is_local() { local_micros(column) } else { universal_micros(column) }
    }

    /// The number of the point so many steps behind `first`; `None` out of range.
    pub fn step(&self, first: i64, steps: i64) -> Option<i64> {
        match &self.every {
            Scalar::Duration(micros) => first.checked_add(micros.checked_mul(steps)?),
            Scalar::Months(months) => {
                let months = i32::try_from(i64::from(*months).checked_mul(steps)?).ok()?;
                let day = calendar::add_months(first.div_euclid(MICROS_PER_DAY) as i32, months)?;
                i64::from(day).checked_mul(MICROS_PER_DAY)?.checked_add(first.rem_euclid(MICROS_PER_DAY))
            }
            _ => None,
        }
    }

    /// About how many steps there are from one number to another; never too few.
    pub fn count(&self, from: i64, to: i64) -> usize {
        let micros = match &self.every {
            Scalar::Duration(micros) => *micros,
            Scalar::Months(months) => i64::from(*months) * 28 * MICROS_PER_DAY,
            _ => 1,
        };
        usize::try_from((i128::from(to) - i128::from(from)) / i128::from(micros.max(1)) + 1).unwrap_or(0)
    }

    /// Numbers as values of the column's type.
    ///
    /// # Errors
    /// An arithmetic error for a value out of range.
    pub fn times(&self, numbers: &Int64Array) -> Result<ArrayRef> {
        let times: ArrayRef = match &self.data_type {
            DataType::Timestamp(_, zone) if self.is_local() => {
                instants(numbers, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?
            }
            DataType::Timestamp(_, zone) => {
                Arc::new(numbers.reinterpret_cast::<TimestampMicrosecondType>().with_timezone_opt(zone.clone()))
            }
            _ => Arc::new(numbers.reinterpret_cast::<TimestampMicrosecondType>()),
        };
        Ok(cast(&times, &self.data_type)?)
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Date32Array, TimestampMicrosecondArray};

    use super::*;

    #[test]
    fn months_are_counted_from_the_first_one() {
        let column: ArrayRef = Arc::new(Date32Array::from(vec![calendar::parse_date(b"2024-01-31").expect("a date")]));
        let steps = Steps::new(&Scalar::Months(1), column.data_type()).expect("steps");
        let first = steps.numbers(&column).expect("numbers").value(0);
        let numbers: Int64Array = (0..4).map(|at| steps.step(first, at)).collect();
        let days = steps.times(&numbers).expect("dates");
        let expected: Vec<_> =
            ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"].map(|day| calendar::parse_date(day.as_bytes())).to_vec();
        assert_eq!(days.as_ref(), &Date32Array::from(expected) as &dyn arrow::array::Array);
        assert!((3..6).contains(&steps.count(numbers.value(0), numbers.value(3))));
        assert!(Steps::new(&Scalar::Duration(MICROS_PER_HOUR), column.data_type()).is_err(), "no whole day");
    }

    #[test]
    fn a_day_is_a_day_when_clocks_are_changed() {
        let noon = calendar::parse_timestamp(b"2024-03-30T12:00").expect("a time");
        // Noon in Berlin, an hour before that of UTC in winter.
        let column = TimestampMicrosecondArray::from(vec![noon - MICROS_PER_HOUR]).with_timezone("Europe/Berlin");
        let column: ArrayRef = Arc::new(column);
        let day = Steps::new(&Scalar::Duration(MICROS_PER_DAY), column.data_type()).expect("steps");
        let first = day.numbers(&column).expect("numbers").value(0);
        assert_eq!(first, noon);
        let next = day.times(&Int64Array::from(vec![day.step(first, 1)])).expect("a time");
        let expected = TimestampMicrosecondArray::from(vec![noon + 22 * MICROS_PER_HOUR]).with_timezone("Europe/Berlin");
        assert_eq!(next.as_ref(), &expected as &dyn arrow::array::Array);
    }
}
