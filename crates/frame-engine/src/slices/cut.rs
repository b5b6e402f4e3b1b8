//! Where a table is cut.

use arrow::datatypes::{DataType, TimeUnit};
use frame_core::Scalar;
use frame_io::Table;

/// Partitions may be opened so many times as often as there are of them: most of it is the key column at the borders of slices.
const OPENED_MAX: f64 = 3.0;

/// With fewer slices nothing is won.
const SLICES_MIN: usize = 4;

/// Between which values of a column the rows of a partition lie, and how many they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    smallest: i64,
    largest: i64,
    rows: u64,
}

impl Extent {
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn has(&self, value: i64) -> bool {
        (self.smallest..=self.largest).contains(&value)
    }

    /// Whether the partition has no rows behind a slice.
    pub(super) fn ends_in(&self, slice: Bounds) -> bool {
        (slice.first..=slice.last).contains(&self.largest)
    }
}

/// The first and the last value of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(super) first: i64,
    pub(super) last: i64,
}

impl Bounds {
    /// The partitions that may have rows of the slice.
    pub(super) fn partitions(self, extents: &[Extent]) -> Vec<usize> {
        let meets = |extent: &Extent| extent.rows > 0 && extent.smallest <= self.last && extent.largest >= self.first;
        extents.iter().enumerate().filter(|(_, extent)| meets(extent)).map(|(at, _)| at).collect()
    }

    /// Adds the slice of a table with values from `smallest` to `largest`, in at most so many parts as wide as each other.
    fn part(self, (smallest, largest): (i64, i64), parts: u64, slices: &mut Vec<Self>) {
        let from = self.first.max(smallest);
        let width = i128::from(self.last.min(largest)) - i128::from(from) + 1;
        let parts = i128::from(parts).clamp(1, width.max(1));
        let mut first = self.first;
        for part in 1..parts {
            let next = (i128::from(from) + width * part / parts) as i64;
            slices.push(Self { first, last: next - 1 });
            first = next;
        }
        slices.push(Self { first, last: self.last });
    }
}

/// What the table's file says of a column, partition by partition; `None` if it does not say it of all of them, if there are nulls, or if
/// values are no whole numbers.
pub(crate) fn extents(table: &dyn Table, column: &str) -> Option<Vec<Extent>> {
    if !is_whole(table.schema().field_with_name(column).ok()?.data_type()) {
        return None;
    }
    (0..table.partitions())
        .map(|partition| {
            let range = table.range(partition, column)?;
            if range.rows == 0 {
                return Some(Extent { smallest: 0, largest: 0, rows: 0 });
            }
            let (smallest, largest) = (number(&range.min?)?, number(&range.max?)?);
            (range.nulls == Some(0) && smallest <= largest).then_some(Extent { smallest, largest, rows: range.rows })
        })
        .collect()
}

/// Whether the values of a column of this type are the numbers that their bounds are.
fn is_whole(data_type: &DataType) -> bool {
    match data_type {
        DataType::UInt64 => false,
        DataType::Date32 | DataType::Timestamp(TimeUnit::Microsecond, None) => true,
        other => other.is_integer(),
    }
}

/// The number that a bound is, if it is a whole one.
pub(super) fn number(bound: &Scalar) -> Option<i64> {
    match bound {
        Scalar::Int(value) | Scalar::Timestamp(value) => Some(*value),
        Scalar::Date(day) => Some(i64::from(*day)),
        _ => None,
    }
}

/// Slices of about `rows_min` rows, ascending; of more where a partition has more and its values are not spread evenly. `None` if the table does
/// not lie in the order of the column, or if all its values lie within `width_min`: groups of so few values need no slices.
pub(crate) fn cut(extents: &[Extent], rows_min: u64, width_min: u64) -> Option<Vec<Bounds>> {
    let mut order: Vec<&Extent> = extents.iter().filter(|extent| extent.rows > 0).collect();
    order.sort_by_key(|extent| (extent.smallest, extent.largest));
    let (smallest, largest) = (order.first()?.smallest, order.iter().map(|extent| extent.largest).max()?);
    if largest.abs_diff(smallest) < width_min {
        return None;
    }
    let (mut slices, mut first, mut rows) = (Vec::new(), i64::MIN, 0);
    let mut add = |slice: Bounds, rows: u64| slice.part((smallest, largest), rows / rows_min.max(1), &mut slices);
    for extent in order {
        if rows >= rows_min && extent.smallest > first {
            add(Bounds { first, last: extent.smallest - 1 }, rows);
            (first, rows) = (extent.smallest, 0);
        }
        rows += extent.rows;
    }
    add(Bounds { first, last: i64::MAX }, rows);
    (slices.len() >= SLICES_MIN && are_near(&slices, extents)).then_some(slices)
}

/// Whether the rows of each slice lie in few partitions.
pub(super) fn are_near(slices: &[Bounds], extents: &[Extent]) -> bool {
    let opened: Vec<usize> = slices.iter().map(|slice| slice.partitions(extents).len()).collect();
    let is_much = opened.iter().any(|opened| 2 * opened > extents.len());
    // Each slice opens a partition at least.
    !is_much && opened.iter().sum::<usize>() as f64 <= OPENED_MAX * extents.len().max(slices.len()) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extents(list: &[(i64, i64)]) -> Vec<Extent> {
        list.iter().map(|(smallest, largest)| Extent { smallest: *smallest, largest: *largest, rows: 10 }).collect()
    }

    #[test]
    fn files_in_order_are_cut_between_partitions() {
        let in_order = extents(&[(0, 9), (9, 20), (21, 30), (30, 44), (45, 50)]);
        let slices = cut(&in_order, 10, 10).expect("slices");
        let last = slices.len() - 1;
        assert_eq!((slices[0].first, slices[last].last), (i64::MIN, i64::MAX));
        assert!(slices.windows(2).all(|pair| pair[0].last + 1 == pair[1].first));
        assert_eq!(slices[0], Bounds { first: i64::MIN, last: 8 });
        assert_eq!(slices[0].partitions(&in_order), [0]);
        assert_eq!(slices[1].partitions(&in_order), [0, 1]);
        assert_eq!(cut(&in_order, 20, 10), None, "too few slices");
        assert_eq!(cut(&in_order, 10, 51), None, "too few values");
        let mut backwards = in_order.clone();
        backwards.reverse();
        assert_eq!(cut(&backwards, 10, 10), Some(slices));
    }

    #[test]
    fn large_partitions_are_cut_by_value() {
        let slices = cut(&extents(&[(0, 9), (10, 20), (21, 21), (22, 30)]), 3, 10).expect("slices");
        assert_eq!(slices.iter().map(|slice| slice.first).collect::<Vec<_>>(), [i64::MIN, 3, 6, 10, 13, 17, 21, 22, 25, 28]);
        assert!(slices.windows(2).all(|pair| pair[0].last + 1 == pair[1].first));
        assert_eq!(slices[9].last, i64::MAX);
        let all = cut(&extents(&[(i64::MIN, -9), (-8, 0), (1, 5), (6, i64::MAX)]), 5, 10).expect("slices");
        assert!(all.windows(2).all(|pair| pair[0].first <= pair[0].last && pair[0].last + 1 == pair[1].first));
    }

    #[test]
    fn files_in_no_order_are_not_cut() {
        assert_eq!(cut(&extents(&[(0, 50); 9]), 10, 10), None);
        assert_eq!(cut(&extents(&[(0, 90), (5, 95), (10, 88), (15, 91), (20, 99), (25, 93)]), 10, 10), None);
        // Narrow slices in front, and one behind them that has all the rows.
        assert_eq!(cut(&extents(&[(0, 90), (1, 95), (2, 88), (3, 91), (4, 99)]), 10, 10), None);
        assert_eq!(cut(&[], 10, 0), None);
    }
}
