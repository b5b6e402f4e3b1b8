//! What makes a row better than another, as bytes that sort.

use arrow::array::ArrayRef;
use arrow::row::RowConverter;
use frame_core::{Result, hash};
use frame_expr::BoundExpr;

use crate::sort::{Order, canonical};

/// What makes a row better than another.
#[derive(Debug)]
pub(crate) enum Ranking {
    /// Expressions; rows that are equal in them are ranked by their place, the last one first if that is asked for.
    Keys { keys: Vec<(BoundExpr, Order)>, last_first: bool },
    /// Chance: a hash of the number of the row. `starts` is the number of the first row of each partition.
    Chance { seed: u64, starts: Vec<u64> },
}

/// The ranks of the rows of a batch: row `i` has the bytes from `ends[i - 1]` to `ends[i]`.
#[derive(Debug, Default)]
pub(super) struct Ranks {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Ranks {
    pub(super) fn get(&self, row: usize) -> &[u8] {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.bytes[start..self.ends[row]]
    }

    fn push(&mut self, rank: &[u8]) {
        self.bytes.extend_from_slice(rank);
        self.ends.push(self.bytes.len());
    }
}

/// A number between 0 and 2⁶⁴ for a row, the same wherever it is computed.
pub(super) fn chance(seed: u64, row: u64) -> u64 {
    hash::words(hash::word(seed), row)
}

impl Ranking {
    /// The ranks of a batch whose first row is the one numbered `first` of its partition.
    pub(super) fn ranks(&self, columns: &[ArrayRef], rows: usize, partition: usize, first: u64) -> Result<Ranks> {
        let mut ranks = Ranks::default();
        match self {
            Self::Keys { keys, .. } if keys.is_empty() => ranks.ends = vec![0; rows],
            Self::Keys { keys, .. } => {
                let fields = keys.iter().map(|(key, order)| order.field(key.data_type()));
                let values = keys.iter().map(|(key, _)| canonical(key.evaluate(columns, rows)?)).collect::<Result<Vec<_>>>()?;
                let packed = RowConverter::new(fields.collect())?.convert_columns(&values)?;
                packed.iter().for_each(|row| ranks.push(row.as_ref()));
            }
            Self::Chance { seed, starts } => {
                let start = starts.get(partition).copied().unwrap_or(0) + first;
                (start..start + rows as u64).for_each(|row| ranks.push(&chance(*seed, row).to_be_bytes()));
            }
        }
        Ok(ranks)
    }

    /// Whether all ranks have the same length, of at most sixteen bytes.
    pub(super) fn is_short(&self) -> bool {
        match self {
            Self::Keys { keys, .. } => {
                // A byte says whether a value is null.
                let widths = keys.iter().map(|(key, _)| key.data_type().primitive_width().map(|width| width + 1));
                widths.sum::<Option<usize>>().is_some_and(|width| width <= 16)
            }
            Self::Chance { .. } => true,
        }
    }

    /// The place of a row as it counts among rows of one rank.
    pub(super) fn place(&self, place: u64) -> u64 {
        match self {
            Self::Keys { last_first: true, .. } => !place,
            _ => place,
        }
    }
}
