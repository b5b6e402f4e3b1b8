//! The order of rows as a column, for aggregates whose answer depends on it.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryBuilder, UInt64Array};
use arrow::compute::SortOptions;
use arrow::row::{RowConverter, SortField};
use frame_core::{Error, Origin, Result};

use crate::sort::canonical;

/// Bits of a rank that count the rows of a batch, and the batches of a partition.
const ROW_BITS: u32 = 16;
const BATCH_BITS: u32 = 24;

/// A number for each row that grows in the order of the input, whatever the threads.
///
/// # Errors
/// An internal error if a batch is too long or has no origin.
pub(crate) fn ranks(origin: Option<Origin>, rows: usize) -> Result<UInt64Array> {
    let origin = origin.ok_or_else(|| Error::internal("a batch without an origin"))?;
    let (partition, batch) = (origin.partition as u64, origin.batch as u64);
    if rows > 1 << ROW_BITS || batch >> BATCH_BITS != 0 || partition >> (64 - ROW_BITS - BATCH_BITS) != 0 {
        return Err(Error::internal(format!("{rows} rows at {origin:?} are too many to number")));
    }
    let first = partition << (BATCH_BITS + ROW_BITS) | batch << ROW_BITS;
    Ok(UInt64Array::from_iter_values(first..first + rows as u64))
}

/// The rank that no row of the partitions before this one reaches.
pub(crate) fn first_rank(partition: usize) -> u64 {
    (partition as u64).saturating_mul(1 << (BATCH_BITS + ROW_BITS))
}

/// Keys that sort by columns, each descending or not and nulls first or not, and then by rank, bytewise.
///
/// # Errors
/// An Arrow error for a type without an order.
pub(super) fn keys(order: &[(ArrayRef, bool, bool)], ranks: &UInt64Array) -> Result<ArrayRef> {
    let rows = ranks.len();
    let mut values = Vec::with_capacity(order.len());
    let mut fields = Vec::with_capacity(order.len());
    for (column, descending, nulls_first) in order {
        let options = SortOptions { descending: *descending, nulls_first: *nulls_first };
        fields.push(SortField::new_with_options(column.data_type().clone(), options));
        values.push(canonical(Arc::clone(column))?);
    }
    let packed = RowConverter::new(fields)?.convert_columns(&values)?;
    let mut keys = BinaryBuilder::with_capacity(rows, packed.size() + 8 * rows);
    let mut key = Vec::new();
    for (row, rank) in packed.iter().zip(ranks.values()) {
        key.clear();
        key.extend_from_slice(row.as_ref());
        key.extend_from_slice(&rank.to_be_bytes());
        keys.append_value(&key);
    }
    Ok(Arc::new(keys.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_grow_with_partition_batch_and_row() {
        let at = |partition, batch, rows| ranks(Some(Origin { partition, batch }), rows).expect("few rows").values().to_vec();
        let all = [at(0, 0, 3), at(0, 1, 1 << 16), at(0, 2, 1), at(1, 0, 2), at(70_000, 5, 1)].concat();
        assert!(all.is_sorted_by(|a, b| a < b));
        assert_eq!(at(7, 0, 1), [first_rank(7)]);
        assert!(ranks(None, 1).is_err());
        assert!(ranks(Some(Origin { partition: 0, batch: 0 }), (1 << 16) + 1).is_err());
    }
}
