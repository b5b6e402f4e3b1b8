//! The groups of one worker: keys, and the states of every aggregate.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::compute::filter;
use arrow::datatypes::DataType;
use frame_core::{Batch, Origin, Result};
use frame_expr::aggregates::GroupStates;
use frame_expr::{BoundCall, BoundExpr};
use frame_memory::Reservation;

use super::buckets::{Buckets, Part};
use super::keys::{self, KeyTable};
use super::ranks;
use super::sink::GroupBy;
use crate::context::Context;
use crate::sort::canonical;

/// Groups and their states.
pub(crate) struct Totals {
    keys: Box<dyn KeyTable>,
    states: Vec<Box<dyn GroupStates>>,
    /// Group of each row of the batch in hand.
    groups: Vec<u32>,
    /// Groups of the rows that count for the aggregate in hand.
    selected: Vec<u32>,
    /// Groups that have left.
    buckets: Buckets,
    /// With as many groups the table is emptied into the buckets.
    groups_max: usize,
    memory: Reservation,
}

/// What has become of groups.
pub(super) struct Finished {
    /// Keys, then values, in the order in which the groups were met.
    pub(super) columns: Vec<ArrayRef>,
    /// The states of each aggregate over all groups, if the total is asked for.
    pub(super) whole: Option<Vec<Vec<ArrayRef>>>,
    pub(super) memory: Reservation,
}

impl Totals {
    /// No groups yet.
    pub(super) fn new(group_by: &GroupBy, cx: &Context) -> Result<Self> {
        let types: Vec<DataType> = group_by.keys.iter().map(|key| key.data_type().clone()).collect();
        let mut totals = Self {
            keys: keys::table(&types)?,
            states: group_by.calls.iter().map(|call| call.aggregate.start()).collect(),
            selected: Vec::new(),
            groups: Vec::new(),
            buckets: Buckets::default(),
            groups_max: cx.table_groups.max(1),
            memory: cx.budget.reserve("group by"),
        };
        totals.resize()?;
        Ok(totals)
    }

    /// Number of groups.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Adds the rows of a batch.
    pub(super) fn push(&mut self, batch: Batch, group_by: &GroupBy) -> Result<()> {
        let batch = batch.dense()?;
        let (columns, rows) = (batch.columns(), batch.len());
        let keys = group_by.keys.iter().map(|key| canonical(key.evaluate(columns, rows)?)).collect::<Result<Vec<_>>>()?;
        self.keys.assign(&keys, rows, &mut self.groups)?;
        self.resize()?;
        for (call, states) in group_by.calls.iter().zip(&mut self.states) {
            let Some(keep) = call.keep(columns, rows)? else {
                states.update(&self.groups, &arguments(call, columns, rows, batch.origin(), None)?)?;
                continue;
            };
            self.selected.clear();
            self.selected.extend(keep.values().set_indices().map(|row| self.groups[row]));
            states.update(&self.selected, &arguments(call, columns, rows, batch.origin(), Some(&keep))?)?;
        }
        if self.len() >= self.groups_max && !group_by.keys.is_empty() { self.flush() } else { Ok(()) }
    }

    /// Whether groups have left the table.
    pub(super) fn has_buckets(&self) -> bool {
        !self.buckets.parts.is_empty()
    }

    /// Takes over the groups of another worker.
    pub(super) fn merge(&mut self, mut other: Self) -> Result<()> {
        let rows = other.len();
        let keys = other.keys.take_keys()?;
        let states = other.take_states()?;
        self.absorb(rows, &keys, &states)
    }

    /// Adds groups that have been in another table.
    fn absorb(&mut self, rows: usize, keys: &[ArrayRef], states: &[Vec<ArrayRef>]) -> Result<()> {
        self.keys.assign(keys, rows, &mut self.groups)?;
        self.resize()?;
        self.states.iter_mut().zip(states).try_for_each(|(states, others)| states.merge(&self.groups, others))
    }

    fn take_states(&mut self) -> Result<Vec<Vec<ArrayRef>>> {
        self.states.iter_mut().map(|states| states.take_states()).collect()
    }

    /// Empties the table into the buckets.
    pub(super) fn flush(&mut self) -> Result<()> {
        let (hashes, groups) = (self.keys.hashes(), self.keys.len());
        let keys = self.keys.take_keys()?;
        let states = self.take_states()?;
        self.buckets.add(&hashes, &keys, &states)?;
        if let Some(repeated) = self.buckets.repeated() {
            // As long as all tables together stay a small part of the budget.
            let affordable = self.memory.limit_bytes() / 16 / (self.memory.bytes() / groups.max(1)).max(1);
            self.groups_max = self.groups_max.max((2 * repeated).min(affordable));
        }
        self.resize()
    }

    /// The parts that were put into buckets, about how many groups they have, and the memory that they take.
    pub(super) fn into_parts(self) -> (Vec<Part>, usize, Reservation) {
        let groups = self.buckets.groups();
        (self.buckets.parts, groups, self.memory)
    }

    /// Makes room for about as many groups.
    pub(super) fn reserve(&mut self, groups: usize) {
        self.keys.reserve(groups);
    }

    /// Adds the groups of one bucket of a part.
    pub(super) fn add_bucket(&mut self, part: &Part, bucket: usize) -> Result<()> {
        let (rows, keys, states) = part.bucket(bucket);
        if rows == 0 { Ok(()) } else { self.absorb(rows, &keys, &states) }
    }

    /// The columns of the result.
    pub(super) fn finish(mut self, group_by: &GroupBy, types: &[DataType]) -> Result<Finished> {
        let rows = self.len();
        let mut columns = self.keys.take_keys_as(&types[..group_by.keys.len()])?;
        let mut whole = group_by.with_total.then(Vec::new);
        for (call, mut states) in group_by.calls.iter().zip(self.states) {
            if let Some(whole) = &mut whole {
                let all = states.take_states()?;
                let (same, one): (Vec<u32>, Vec<u32>) = ((0..rows as u32).collect(), vec![0; rows]);
                let mut sum = call.aggregate.start();
                sum.resize(1);
                sum.merge(&one, &all)?;
                whole.push(sum.take_states()?);
                states = call.aggregate.start();
                states.resize(rows);
                states.merge(&same, &all)?;
            }
            columns.push(states.take_values()?);
        }
        Ok(Finished { columns, whole, memory: self.memory })
    }

    /// Makes room for the states of new groups and reserves what all of it takes. A batch is small against a table that matters, so
    /// the reservation may come a batch late.
    fn resize(&mut self) -> Result<()> {
        let groups = self.keys.len();
        self.states.iter_mut().for_each(|states| states.resize(groups));
        let bytes = self.keys.bytes()
            + self.states.iter().map(|states| states.bytes()).sum::<usize>()
            + (self.groups.capacity() + self.selected.capacity()) * 4
            + self.buckets.bytes();
        self.memory.require(bytes)
    }
}

/// What an aggregate takes of the rows of a batch that count: its arguments, and the order of the rows if it asks for it.
fn arguments(
    call: &BoundCall,
    columns: &[ArrayRef],
    rows: usize,
    origin: Option<Origin>,
    keep: Option<&BooleanArray>,
) -> Result<Vec<ArrayRef>> {
    let kept = |array: &dyn Array| keep.map_or_else(|| Ok(array.slice(0, array.len())), |keep| filter(array, keep));
    let ranks = if call.aggregate.needs_order() { Some(kept(&ranks::ranks(origin, rows)?)?) } else { None };
    // A row that does not count must not fail either; otherwise it is less work to compute first.
    let is_narrowed = keep.is_some() && call.can_fail();
    let narrowed = if is_narrowed { columns.iter().map(|column| kept(column)).collect::<std::result::Result<_, _>>()? } else { Vec::new() };
    let (columns, rows) = match keep {
        Some(keep) if is_narrowed => (narrowed.as_slice(), keep.true_count()),
        _ => (columns, rows),
    };
    let value = |expr: &BoundExpr| -> Result<ArrayRef> {
        let values = expr.evaluate(columns, rows)?;
        Ok(if is_narrowed { values } else { kept(&values)? })
    };
    let mut arguments = call.arguments.iter().map(value).collect::<Result<Vec<_>>>()?;
    if let Some(ranks) = ranks {
        let order = call.order.iter().map(|(expr, descending, nulls_first)| Ok((value(expr)?, *descending, *nulls_first)));
        let order = order.collect::<Result<Vec<_>>>()?;
        arguments.push(if order.is_empty() { ranks } else { ranks::keys(&order, ranks.as_primitive())? });
    }
    Ok(arguments)
}
