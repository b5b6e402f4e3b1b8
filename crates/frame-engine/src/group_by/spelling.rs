//! Tables of the groups of all workers, in which texts among several keys are numbers as long as all workers have numbered theirs.

use arrow::datatypes::DataType;
use frame_core::Result;
use frame_expr::BoundExpr;
use frame_memory::Reservation;

use super::numbers::{self, Map, Texts, spelled_as};
use super::sink::GroupBy;
use super::totals::{Finished, Totals};
use crate::context::Context;

/// What the numbers in the keys of all workers stand for.
#[derive(Debug, Default)]
pub(super) struct Spelling {
    /// None if there are no numbers.
    texts: Option<Texts>,
    _memory: Option<Reservation>,
}

impl Spelling {
    /// One numbering for the groups that the workers have in their buckets, whose keys become its numbers when they are read; or none, if
    /// one of the workers has texts: then they become texts.
    ///
    /// # Errors
    /// `MemoryError` if there is no room for the texts.
    pub(super) fn of(shares: &mut [Totals], cx: &Context) -> Result<Self> {
        if !shares.iter().all(Totals::is_numbered) {
            shares.iter_mut().try_for_each(Totals::spell)?;
            return Ok(Self::default());
        }
        let (mut numbered, mut known) = (Vec::new(), Vec::new());
        for share in shares {
            if let Some(texts) = share.take_texts()? {
                numbered.push(share);
                known.push(texts);
            }
        }
        if known.is_empty() {
            return Ok(Self::default());
        }
        let mut memory = cx.budget.reserve("group by");
        memory.require(2 * known.iter().map(numbers::bytes).sum::<usize>())?;
        let joined = numbers::joined(&known)?;
        drop(known);
        memory.require(numbers::bytes(&joined.texts))?;
        for (share, map) in numbered.into_iter().zip(joined.maps) {
            share.set_map(Map::new(map, &cx.budget)?);
        }
        Ok(Self { texts: Some(joined.texts), _memory: Some(memory) })
    }

    /// A table for groups that the bits of the hash up to `level` brought together. It may have `groups_max` groups.
    ///
    /// # Errors
    /// An Arrow error for keys of types without an order.
    pub(super) fn table(&self, group_by: &GroupBy, level: u32, groups_max: usize, cx: &Context) -> Result<Totals> {
        let types = self.types(group_by.keys.iter().map(BoundExpr::data_type));
        Totals::with_keys(types, group_by, level, groups_max, cx)
    }

    /// The groups of a table, with the types of the result.
    ///
    /// # Errors
    /// `MemoryError` if there is no room for them.
    pub(super) fn finish(&self, totals: Totals, group_by: &GroupBy) -> Result<Finished> {
        let types = group_by.types();
        let Some(texts) = &self.texts else { return totals.finish(group_by, &types) };
        let rows = totals.len();
        let mut finished = totals.finish(group_by, &self.types(types.iter()))?;
        let keys = spelled_as(&finished.columns[..texts.len()], texts, &types)?;
        finished.columns.splice(..texts.len(), keys);
        let views = rows * texts.iter().flatten().count() * size_of::<u128>();
        finished.memory.require(finished.memory.bytes() + views)?;
        Ok(finished)
    }

    /// These types, of keys and what is behind them, with those of numbers for texts that have some.
    fn types<'a>(&self, types: impl Iterator<Item = &'a DataType>) -> Vec<DataType> {
        let are_numbers = self.texts.iter().flatten().map(Option::is_some).chain(std::iter::repeat(false));
        types.zip(are_numbers).map(|(data_type, is_number)| if is_number { DataType::UInt32 } else { data_type.clone() }).collect()
    }
}
