//! The nearest row: for each key the rows in the order of the column that is to be near.

use std::cmp::Ordering;

use arrow::array::{Array, ArrayRef, Int64Array};
use arrow::datatypes::TimeUnit;
use frame_core::{Error, Result, Scalar};
use frame_graph::Scheduler;
use frame_plan::Direction;

use super::keys::{Key, KeyColumn, Keys};
use super::table::{NONE, Table};

/// What near means.
#[derive(Debug, Clone)]
pub(crate) struct NearRule {
    pub(crate) left: Key,
    pub(crate) right: Key,
    pub(crate) direction: Direction,
    pub(crate) within: Option<Scalar>,
    /// Of times.
    pub(crate) unit: Option<TimeUnit>,
}

/// The rows of each key, in the order of their values.
#[derive(Debug)]
pub(super) struct Near {
    values: Values,
    /// The row of each value.
    rows: Vec<u32>,
    /// Where the values of a key begin and end, by the first row with that key.
    ranges: Vec<(u32, u32)>,
    direction: Direction,
}

/// Values in order, and the farthest that is near enough.
#[derive(Debug)]
enum Values {
    Ints(Vec<i64>, Option<i128>),
    Floats(Vec<f64>, Option<f64>),
}

impl NearRule {
    /// The farthest that is near enough, in units of the column.
    fn within_ints(&self) -> Result<Option<i128>> {
        Ok(match (&self.within, self.unit) {
            (None, _) => None,
            (Some(Scalar::Duration(micros)), Some(unit)) => Some(match unit {
                TimeUnit::Second => i128::from(*micros) / 1_000_000,
                TimeUnit::Millisecond => i128::from(*micros) / 1000,
                TimeUnit::Microsecond => i128::from(*micros),
                TimeUnit::Nanosecond => i128::from(*micros) * 1000,
            }),
            (Some(Scalar::Int(number)), None) => Some(i128::from(*number)),
            // Whole numbers are never a part of one apart.
            (Some(Scalar::Float(number)), None) => Some(number.floor() as i128),
            (Some(other), _) => return Err(Error::internal(format!("a distance of {other}"))),
        })
    }

    fn within_floats(&self) -> Result<Option<f64>> {
        Ok(match &self.within {
            None => None,
            Some(Scalar::Int(number)) => Some(*number as f64),
            Some(Scalar::Float(number)) => Some(*number),
            Some(other) => return Err(Error::internal(format!("a distance of {other}"))),
        })
    }
}

fn words(column: &KeyColumn) -> Result<&Int64Array> {
    match column {
        KeyColumn::Words(words) => Ok(words),
        KeyColumn::Bytes(_) => Err(Error::internal("distances of bytes")),
    }
}

/// Sorts on all threads or on this one; equal rows keep their order.
fn sort(scheduler: Option<&Scheduler>, rows: &mut [u32], compare: impl Fn(&u32, &u32) -> Ordering + Sync) {
    match scheduler {
        Some(scheduler) => scheduler.sort_by(rows, compare),
        None => rows.sort_by(compare),
    }
}

fn float(word: i64) -> f64 {
    f64::from_bits(word as u64)
}

impl Near {
    /// Orders the rows of each key in `table`.
    pub(super) fn new(
        rule: &NearRule,
        keys: &[Key],
        table: &Table,
        columns: &[ArrayRef],
        rows: usize,
        scheduler: Option<&Scheduler>,
    ) -> Result<Self> {
        let values = rule.right.of(&columns[rule.right.column])?;
        let values = words(&values)?;
        let mut first = Vec::new();
        table.find(&Keys::new(keys, columns, rows)?, &mut first);
        let is_float = rule.right.is_float();
        let counts = |row: &u32| {
            let at = *row as usize;
            first[at] != NONE && values.is_valid(at) && !(is_float && float(values.value(at)).is_nan())
        };
        let mut order: Vec<u32> = (0..rows as u32).filter(counts).collect();
        let words = values.values();
        let key = |row: &u32| (first[*row as usize], words[*row as usize]);
        if is_float {
            sort(scheduler, &mut order, |a, b| {
                let ((a, x), (b, y)) = (key(a), key(b));
                a.cmp(&b).then_with(|| float(x).total_cmp(&float(y)))
            });
        } else {
            sort(scheduler, &mut order, |a, b| key(a).cmp(&key(b)));
        }
        let mut ranges = vec![(0, 0); rows];
        for (at, row) in (0..).zip(&order) {
            let range: &mut (u32, u32) = &mut ranges[first[*row as usize] as usize];
            *range = (if range.1 == 0 { at } else { range.0 }, at + 1);
        }
        let values = if is_float {
            Values::Floats(order.iter().map(|row| float(words[*row as usize])).collect(), rule.within_floats()?)
        } else {
            Values::Ints(order.iter().map(|row| words[*row as usize]).collect(), rule.within_ints()?)
        };
        Ok(Self { values, rows: order, ranges, direction: rule.direction })
    }

    /// Bytes of memory held.
    pub(super) fn bytes(&self) -> usize {
        self.rows.capacity() * (size_of::<u32>() + size_of::<i64>()) + self.ranges.capacity() * size_of::<(u32, u32)>()
    }

    /// Replaces the first row with the key of each row by the nearest one, or [`NONE`].
    pub(super) fn narrow(&self, rule: &NearRule, column: &ArrayRef, found: &mut [u32]) -> Result<()> {
        let targets = rule.left.of(column)?;
        let targets = words(&targets)?;
        for (row, found) in found.iter_mut().enumerate().filter(|(_, found)| **found != NONE) {
            if targets.is_null(row) {
                *found = NONE;
                continue;
            }
            let (start, end) = self.ranges[*found as usize];
            let (start, end) = (start as usize, end as usize);
            let target = targets.value(row);
            let nearest = match &self.values {
                Values::Ints(values, within) => {
                    let distance = |a: i64, b: i64| (i128::from(a) - i128::from(b)).abs();
                    nearest(&values[start..end], target, self.direction, *within, distance)
                }
                Values::Floats(..) if float(target).is_nan() => None,
                Values::Floats(values, within) => {
                    // Equal infinities are not apart.
                    let distance = |a: f64, b: f64| if a == b { 0.0 } else { (a - b).abs() };
                    nearest(&values[start..end], float(target), self.direction, *within, distance)
                }
            };
            *found = nearest.map_or(NONE, |at| self.rows[start + at]);
        }
        Ok(())
    }
}

/// The place of the nearest of sorted values: the last of equal ones below, the first of equal ones above.
fn nearest<T: Copy + PartialOrd, D: PartialOrd>(
    values: &[T],
    target: T,
    direction: Direction,
    within: Option<D>,
    distance: impl Fn(T, T) -> D,
) -> Option<usize> {
    let is_near = |at: &usize| within.as_ref().is_none_or(|within| distance(values[*at], target) <= *within);
    let below = || values.partition_point(|value| *value <= target).checked_sub(1);
    let above = || Some(values.partition_point(|value| *value < target)).filter(|at| *at < values.len());
    let found = match direction {
        Direction::Backward => below(),
        Direction::Forward => above(),
        Direction::Nearest => match (below(), above()) {
            (Some(below), Some(above)) if distance(values[above], target) < distance(values[below], target) => Some(above),
            (below, above) => below.or(above),
        },
    };
    found.filter(is_near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_the_last_row_below_and_to_the_first_above() {
        let values = [1_i64, 3, 3, 3, 8, 8];
        let at = |target, direction, within| nearest(&values, target, direction, within, |a, b| (i128::from(a) - i128::from(b)).abs());
        for (target, backward, forward, near) in [
            (0, None, Some(0), Some(0)),
            (3, Some(3), Some(1), Some(3)),
            (5, Some(3), Some(4), Some(3)),
            (6, Some(3), Some(4), Some(4)),
            (9, Some(5), None, Some(5)),
        ] {
            assert_eq!(at(target, Direction::Backward, None), backward, "{target}");
            assert_eq!(at(target, Direction::Forward, None), forward, "{target}");
            assert_eq!(at(target, Direction::Nearest, None), near, "{target}");
        }
        assert_eq!(at(5, Direction::Backward, Some(1)), None);
        assert_eq!(at(5, Direction::Backward, Some(2)), Some(3));
        assert_eq!(at(i64::MIN, Direction::Forward, Some(i128::MAX)), Some(0));
    }
}
