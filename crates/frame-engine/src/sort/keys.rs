//! Sort keys as bytes that sort.

use std::ops::Range;

use arrow::array::{ArrayRef, AsArray, UInt64Array, new_empty_array};
use arrow::datatypes::DataType;
use arrow::row::{Row, RowConverter, Rows, SortField};
use frame_core::Result;
use frame_expr::BoundExpr;

use super::borders::Borders;
use super::order::{Order, canonical};
use crate::narrow::Place;
use crate::packed::Packed;

/// What rows are ordered by.
#[derive(Debug)]
pub(crate) struct SortKeys {
    keys: Vec<(BoundExpr, Order)>,
    converter: RowConverter,
    /// Rows that are equal in all keys are ordered by a number that each has.
    is_ranked: bool,
    /// Where the pieces of runs that have these keys end.
    borders: Borders,
}

impl SortKeys {
    /// The order by these keys; behind them by the rank of each row if `is_ranked`.
    ///
    /// # Errors
    /// An Arrow error for a type without an order.
    pub(crate) fn new(keys: Vec<(BoundExpr, Order)>, is_ranked: bool) -> Result<Self> {
        let rank = is_ranked.then(|| SortField::new(DataType::UInt64));
        let fields = keys.iter().map(|(key, order)| order.field(key.data_type())).chain(rank);
        Ok(Self { converter: RowConverter::new(fields.collect())?, keys, is_ranked, borders: Borders::default() })
    }

    /// Whether rows have ranks.
    pub(crate) fn is_ranked(&self) -> bool {
        self.is_ranked
    }

    /// Where the pieces of runs that have these keys end.
    pub(super) fn borders(&self) -> &Borders {
        &self.borders
    }

    /// The keys of packed rows, behind whose columns are their ranks if they have them.
    pub(super) fn of_packed(&self, columns: &[Packed], rows: usize) -> Result<Rows> {
        let (columns, ranks) = columns.split_at(columns.len() - usize::from(self.is_ranked));
        // The others only keep their places.
        let column = |(at, column): (usize, &Packed)| {
            if self.keys.iter().any(|(key, _)| key.reads(at)) { column.column() } else { Ok(new_empty_array(&DataType::Null)) }
        };
        let columns = columns.iter().enumerate().map(column).collect::<Result<Vec<_>>>()?;
        let ranks = ranks.first().map(Packed::column).transpose()?;
        self.rows(&columns, rows, ranks.as_ref().map(AsArray::as_primitive))
    }

    /// The keys of rows; `ranks` if they have them.
    pub(crate) fn rows(&self, columns: &[ArrayRef], rows: usize, ranks: Option<&UInt64Array>) -> Result<Rows> {
        let mut values = Vec::with_capacity(self.keys.len() + 1);
        for (key, _) in &self.keys {
            values.push(canonical(key.evaluate(columns, rows)?)?);
        }
        if let Some(ranks) = ranks {
            values.push(std::sync::Arc::new(ranks.clone()));
        }
        Ok(self.converter.convert_columns(&values)?)
    }
}

/// A row among several batches, with some bytes of its key, which decide most comparisons.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    telling: u64,
    pub(super) batch: u32,
    pub(super) row: u32,
}

/// Bytes that a row takes while the order of rows is found: its entry, and a second one while entries are merged.
pub(crate) const ORDER_BYTES: usize = 2 * size_of::<Entry>();

impl Entry {
    /// How two rows of these batches compare.
    #[inline]
    pub(super) fn compare(&self, other: &Self, keys: &[&Rows]) -> std::cmp::Ordering {
        let key = |entry: &Self| keys[entry.batch as usize].row(entry.row as usize);
        self.telling.cmp(&other.telling).then_with(|| key(self).cmp(&key(other)))
    }

    /// The batch, and the row there.
    pub(super) fn place(&self) -> Place {
        (self.batch, self.row)
    }
}

/// Every row of some batches.
pub(super) fn entries(keys: &[&Rows]) -> Vec<Entry> {
    entries_of(keys, keys.iter().map(|keys| 0..keys.num_rows()))
}

/// Some rows of each of some batches.
pub(super) fn entries_of(keys: &[&Rows], parts: impl Iterator<Item = Range<usize>> + Clone) -> Vec<Entry> {
    let rows = || keys.iter().zip(parts.clone()).zip(0..);
    let telling = Telling::of(rows().flat_map(|((keys, part), _)| part.map(|row| keys.row(row))));
    let mut entries = Vec::with_capacity(parts.clone().map(|part| part.len()).sum());
    for ((keys, part), batch) in rows() {
        entries.extend(part.map(|row| Entry { telling: telling.number(keys.row(row).data()), batch, row: row as u32 }));
    }
    entries
}

/// Places of the bytes that tell keys apart: the first ones at which not all keys have the same byte.
struct Telling(Vec<usize>);

/// The bytes of keys that are looked at.
const LOOKED_AT: usize = 64;

impl Telling {
    fn of<'a>(mut keys: impl Iterator<Item = Row<'a>>) -> Self {
        let Some(first) = keys.next() else { return Self(Vec::new()) };
        let first = first.data();
        let first = &first[..first.len().min(LOOKED_AT)];
        let (mut differing, mut shortest) = ([0_u8; LOOKED_AT], first.len());
        for key in keys {
            shortest = shortest.min(key.data().len());
            differing.iter_mut().zip(first).zip(key.data()).for_each(|((differing, a), b)| *differing |= a ^ b);
        }
        Self((0..LOOKED_AT).filter(|place| *place >= shortest || differing[*place] != 0).take(size_of::<u64>()).collect())
    }

    /// A number that orders as the keys do, as far as it reaches. Where a key has no byte there is a zero.
    #[inline]
    fn number(&self, key: &[u8]) -> u64 {
        let shift = u64::BITS as usize - 8 * self.0.len();
        let number = self.0.iter().fold(0, |number, place| number << 8 | u64::from(key.get(*place).copied().unwrap_or(0)));
        number << (shift % u64::BITS as usize)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, StringArray};
    use proptest::prelude::*;

    use super::*;

    /// Entries compare as their keys.
    fn check(keys: &Rows) -> Result<(), TestCaseError> {
        let keys = [keys];
        let entries = entries(&keys);
        for a in &entries {
            for b in &entries {
                let expected = keys[0].row(a.row as usize).cmp(&keys[0].row(b.row as usize));
                prop_assert_eq!(a.compare(b, &keys), expected);
                prop_assert!(a.telling == b.telling || a.telling.cmp(&b.telling) == expected);
            }
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn entries_order_as_texts_do(texts in prop::collection::vec("[\\x00ab]{0,20}", 1..20)) {
            let texts: ArrayRef = Arc::new(StringArray::from(texts));
            check(&RowConverter::new(vec![SortField::new(DataType::Utf8)]).and_then(|converter| converter.convert_columns(&[texts])).expect("keys"))?;
        }

        #[test]
        fn entries_order_as_their_keys(values in prop::collection::vec(prop::option::of(-300_i64..300), 1..50), far in -1_i64..2) {
            let values: ArrayRef = Arc::new(values.into_iter().map(|value| value.map(|value| value + far * (1 << 40))).collect::<Int64Array>());
            let keys = RowConverter::new(vec![SortField::new(DataType::Int64)]).and_then(|converter| converter.convert_columns(&[values])).expect("keys");
            check(&keys)?;
        }
    }
}
