//! Sort keys as bytes that sort.

use arrow::array::{ArrayRef, UInt64Array};
use arrow::datatypes::DataType;
use arrow::row::{Row, RowConverter, Rows, SortField};
use frame_core::Result;
use frame_expr::BoundExpr;

use super::order::{Order, canonical};

/// What rows are ordered by.
#[derive(Debug)]
pub(crate) struct SortKeys {
    keys: Vec<(BoundExpr, Order)>,
    converter: RowConverter,
    /// Rows that are equal in all keys are ordered by a number that each has.
    is_ranked: bool,
}

impl SortKeys {
    /// The order by these keys; behind them by the rank of each row if `is_ranked`.
    ///
    /// # Errors
    /// An Arrow error for a type without an order.
    pub(crate) fn new(keys: Vec<(BoundExpr, Order)>, is_ranked: bool) -> Result<Self> {
        let rank = is_ranked.then(|| SortField::new(DataType::UInt64));
        let fields = keys.iter().map(|(key, order)| order.field(key.data_type())).chain(rank);
        Ok(Self { converter: RowConverter::new(fields.collect())?, keys, is_ranked })
    }

    /// Whether rows have ranks.
    pub(crate) fn is_ranked(&self) -> bool {
        self.is_ranked
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

/// A row among several batches, with the first bytes of its key, which decide most comparisons.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    prefix: u64,
    pub(super) batch: u32,
    pub(super) row: u32,
}

impl Entry {
    /// Row `row` of batch `batch`, whose key is `key`.
    #[inline]
    pub(super) fn new(key: Row<'_>, batch: usize, row: usize) -> Self {
        Self { prefix: prefix(key.as_ref()), batch: batch as u32, row: row as u32 }
    }

    /// How two rows of these batches compare.
    #[inline]
    pub(super) fn compare(&self, other: &Self, keys: &[&Rows]) -> std::cmp::Ordering {
        let key = |entry: &Self| keys[entry.batch as usize].row(entry.row as usize);
        self.prefix.cmp(&other.prefix).then_with(|| key(self).cmp(&key(other)))
    }

    /// The place as Arrow's `interleave` takes it.
    pub(super) fn place(&self) -> (usize, usize) {
        (self.batch as usize, self.row as usize)
    }
}

/// A number that orders as the first bytes of keys do, as far as it reaches.
///
/// The first byte of a key says whether a value is null: one of the three lowest or of the three highest numbers. Three bits of it leave
/// room for all but three bits of a number behind it.
#[inline]
fn prefix(key: &[u8]) -> u64 {
    let Some((mark, rest)) = key.split_first() else { return 0 };
    let mark = match mark {
        0..3 => u64::from(*mark),
        0xfd.. => u64::from(mark - 0xf8),
        // No mark: such keys are told apart by all of their bytes.
        _ => return 3 << 61,
    };
    let next = match rest.first_chunk::<8>() {
        Some(first) => u64::from_be_bytes(*first),
        None => rest.iter().zip(0..).fold(0, |next, (byte, at)| next | u64::from(*byte) << (56 - 8 * at)),
    };
    mark << 61 | next >> 3
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::prefix;

    proptest! {
        #[test]
        fn prefixes_never_contradict_their_keys(a: Vec<u8>, b: Vec<u8>, common in prop::collection::vec(prop::sample::select(vec![0, 1, 2, 50, 253, 255]), 0..9)) {
            let (a, b) = ([common.clone(), a].concat(), [common, b].concat());
            prop_assert!(prefix(&a) == prefix(&b) || prefix(&a).cmp(&prefix(&b)) == a.cmp(&b));
        }
    }
}
