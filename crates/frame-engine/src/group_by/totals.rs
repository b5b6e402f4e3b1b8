//! The groups of one worker: keys, and the states of every aggregate.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::compute::filter;
use arrow::datatypes::DataType;
use frame_core::{Batch, Error, Origin, Result};
use frame_expr::aggregates::GroupStates;
use frame_expr::{BoundCall, BoundExpr};
use frame_memory::{Grant, Reservation, SpillDir};

use super::buckets::{Buckets, Groups, LEVELS, Part, Spilled};
use super::keys::{self, KeyTable, rows};
use super::numbers::{Map, Numbers, Texts};
use super::ranks;
use super::sink::GroupBy;
use super::waiting::Waiting;
use crate::context::Context;
use crate::sort::canonical;

/// Groups and their states.
pub(crate) struct Totals {
    types: Vec<DataType>,
    keys: Box<dyn KeyTable>,
    states: Vec<Box<dyn GroupStates>>,
    /// Rows that are not grouped yet.
    waiting: Waiting,
    /// Whether rows should wait: the table does not fit the cache, and few of them are new to it.
    is_crowded: bool,
    /// Groups of what is absorbed.
    groups: Vec<u32>,
    /// Groups that have left.
    buckets: Buckets,
    /// With as many groups the table is emptied into the buckets.
    groups_max: usize,
    /// Rows since the table was empty.
    rows: usize,
    /// Keys hardly repeat: rows go into the buckets as they are.
    is_ungrouped: bool,
    /// Rows on their way there, and their hashes.
    ungrouped: Vec<Groups>,
    hashes: Vec<u64>,
    /// The texts in all keys that have left the table are numbers.
    numbers: Option<Numbers>,
    spill: SpillDir,
    /// With more bytes the groups go to disk even if memory is left.
    gathered_bytes: usize,
    /// With more bytes of texts they are no longer numbered.
    numbered_bytes: usize,
    memory: Reservation,
}

/// Keys and states leave a table one after the other. States do by way of two copies: as columns, and as columns in the order of buckets.
const STATE_COPIES: usize = 2;

/// Bytes that emptying a table takes for each group besides: its hash and its place in the order.
const LEAVING_BYTES: usize = 12;

/// A larger table does not stay in the cache of a core.
const CACHED_BYTES: usize = 1 << 19;

/// The part of the limit that may wait to be grouped.
const WAITING_PART: usize = 128;

/// Bytes that a group takes at least.
const GROUP_BYTES_MIN: usize = 64;

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
        let types = group_by.keys.iter().map(|key| key.data_type().clone()).collect();
        Self::with_keys(types, group_by, 0, cx.table_groups.max(1), cx)
    }

    /// No groups yet, with keys of these types, which may be numbers for texts, of those that the bits of a hash up to `level` brought
    /// together. The table may have `groups_max` groups.
    pub(super) fn with_keys(types: Vec<DataType>, group_by: &GroupBy, level: u32, groups_max: usize, cx: &Context) -> Result<Self> {
        let mut totals = Self {
            keys: keys::table(&types)?,
            types,
            states: group_by.calls.iter().map(|call| call.aggregate.start()).collect(),
            waiting: Waiting::default(),
            is_crowded: false,
            groups: Vec::new(),
            buckets: Buckets::new(level),
            groups_max,
            rows: 0,
            is_ungrouped: false,
            ungrouped: Vec::new(),
            hashes: Vec::new(),
            numbers: None,
            spill: cx.spill.clone(),
            gathered_bytes: cx.gathered_bytes,
            numbered_bytes: cx.numbered_bytes,
            memory: cx.budget.reserve("group by"),
        };
        // Without keys there is one group from the start.
        totals.resize();
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
        if self.is_ungrouped {
            return self.push_rows(&keys, &batch, group_by);
        }
        let arguments = group_by.calls.iter().map(|call| {
            let keep = call.keep(columns, rows)?;
            let values = arguments(call, columns, rows, batch.origin(), keep.as_ref())?;
            Ok((keep, values))
        });
        self.waiting.push(keys, arguments.collect::<Result<_>>()?, rows);
        let may_wait = self.is_crowded && !self.waiting.is_full(self.memory.budget().limit_bytes() / WAITING_PART);
        if may_wait && self.memory.resize(self.bytes()) == Grant::Granted {
            return Ok(());
        }
        self.settle(group_by)
    }

    /// Groups the rows that wait.
    pub(super) fn settle(&mut self, group_by: &GroupBy) -> Result<()> {
        let (rows, groups_before) = (self.waiting.rows(), self.len());
        if rows == 0 {
            return Ok(());
        }
        // What a row has added so far, as a new group or to the state of an old one.
        let table = self.table_bytes();
        let of_a_row = table.checked_div(self.rows).unwrap_or(0);
        self.rows += rows;
        let least = rows.saturating_mul(GROUP_BYTES_MIN);
        // What has grown doubles at most.
        self.make_room(least.saturating_add(table.min(rows.saturating_mul(of_a_row))), least)?;
        self.waiting.assign(self.keys.as_mut())?;
        self.resize();
        self.waiting.update(&mut self.states)?;
        let keys = self.waiting.clear();
        self.is_crowded = self.table_bytes() > CACHED_BYTES && self.len().saturating_sub(groups_before) < rows / 8;
        self.keep()?;
        if self.len() < self.groups_max || group_by.keys.is_empty() {
            return Ok(());
        }
        // Rows that hardly repeat a key in a whole table, nor from table to table, need no table.
        let is_one_each = self.rows < self.len() + self.len() / 4;
        self.flush()?;
        self.is_ungrouped = is_one_each
            && !self.buckets.repeat_a_little()
            && group_by.calls.iter().all(|call| call.filter.is_none())
            && rows::plain(&keys)?.is_some();
        if self.is_ungrouped && self.numbers.is_none() && !self.is_spilled() {
            self.numbers = Numbers::new(&self.types);
            self.numbers.iter_mut().try_for_each(|numbers| self.buckets.number(numbers))?;
        }
        Ok(())
    }

    /// Adds the rows of a batch to the buckets without grouping them.
    fn push_rows(&mut self, keys: &[ArrayRef], batch: &Batch, group_by: &GroupBy) -> Result<()> {
        let (columns, rows) = (batch.columns(), batch.len());
        let (keys, hashes) = match &mut self.numbers {
            Some(numbers) => numbers.keys(keys, rows)?,
            None => {
                let keys = rows::plain(keys)?.ok_or_else(|| Error::internal("keys that have no hash of their own any more"))?;
                let hashes = rows::hashes(&keys, rows)?;
                (keys, hashes)
            }
        };
        let arguments = group_by.calls.iter().map(|call| arguments(call, columns, rows, batch.origin(), None));
        let states = arguments.collect::<Result<_>>()?;
        self.hashes.extend(hashes);
        self.ungrouped.push(Groups { keys, states, rows, are_rows: true });
        if self.hashes.len() < self.groups_max {
            return Ok(());
        }
        self.flush_rows()?;
        if self.numbers.as_ref().is_some_and(|numbers| numbers.is_too_much(self.numbered_bytes)) {
            self.spell()?;
        }
        // They may do so later on.
        self.is_ungrouped = self.buckets.repeated().is_none();
        self.keep()
    }

    /// Gives up numbers: the keys in the buckets are texts again when they are read.
    pub(super) fn spell(&mut self) -> Result<()> {
        let Some(texts) = self.take_texts()? else { return Ok(()) };
        let map = Map::new(texts, self.memory.budget())?;
        self.set_map(map);
        Ok(())
    }

    /// Sets what the numbers in the keys in the buckets become when they are read.
    pub(super) fn set_map(&mut self, map: Map) {
        self.buckets.set_map(&Arc::new(map));
    }

    /// Puts the rows that are not grouped into the buckets.
    fn flush_rows(&mut self) -> Result<()> {
        let batches = std::mem::take(&mut self.ungrouped);
        let Some(groups) = Groups::joined(&batches)? else { return Ok(()) };
        drop(batches);
        self.buckets.add(&std::mem::take(&mut self.hashes), groups.keys, groups.states.into_iter().map(Ok), true)
    }

    /// Reserves the bytes by which the table may grow, or puts the groups on disk and reserves those that it takes at least.
    fn make_room(&mut self, more: usize, least: usize) -> Result<()> {
        if self.memory.resize(self.bytes().saturating_add(more)) == Grant::Granted {
            return Ok(());
        }
        if !self.can_be_cut() {
            // It will not be emptied, so there is one copy.
            return self.memory.require(self.staying_bytes().saturating_add(least));
        }
        self.give_up()?;
        self.memory.require(least)
    }

    /// Reserves what the groups take, or puts them on disk.
    fn keep(&mut self) -> Result<()> {
        let bytes = self.bytes();
        if bytes <= self.gathered_bytes && self.memory.resize(bytes) == Grant::Granted {
            return Ok(());
        }
        if self.len() < 2 && self.buckets.parts.is_empty() || !self.can_be_cut() {
            // Cutting cannot make a single group smaller, and it will not be copied.
            return self.memory.require(self.staying_bytes());
        }
        self.give_up()
    }

    /// Whether there are bits of the hash left to tell groups on disk apart by; without keys all rows are one group.
    fn can_be_cut(&self) -> bool {
        !self.types.is_empty() && self.buckets.level() + 1 < LEVELS
    }

    /// Puts all groups on disk.
    pub(super) fn give_up(&mut self) -> Result<()> {
        self.empty()?;
        // An empty table keeps its room.
        self.keys = keys::table(&self.types)?;
        self.groups = Vec::new();
        self.buckets.spill(&self.spill)?;
        self.memory.require(self.bytes())
    }

    /// Whether groups are on disk.
    pub(super) fn is_spilled(&self) -> bool {
        self.buckets.is_spilled()
    }

    /// Bytes of memory reserved.
    pub(super) fn reserved_bytes(&self) -> usize {
        self.memory.bytes()
    }

    /// The groups on disk, by bucket: all of them if they were given up before.
    pub(super) fn into_spilled(self) -> Vec<Vec<Spilled>> {
        self.buckets.into_spilled()
    }

    /// Adds groups that were on disk; they may go there again.
    pub(super) fn add_spilled(&mut self, groups: &Spilled) -> Result<()> {
        let mut reading = self.memory.budget().reserve("reading spilled groups");
        if reading.resize(groups.bytes()) == Grant::Full {
            if self.can_be_cut() {
                self.give_up()?;
            }
            reading.require(groups.bytes())?;
        }
        let bytes = groups.rows().saturating_mul(GROUP_BYTES_MIN).max(groups.bytes());
        self.make_room(bytes, bytes)?;
        self.absorb(&groups.read()?)?;
        drop(reading);
        self.keep()
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
        self.absorb(&Groups { keys, states, rows, are_rows: false })?;
        self.memory.require(self.bytes())
    }

    /// Adds groups that have been in another table, or rows that have not been in one.
    fn absorb(&mut self, groups: &Groups) -> Result<()> {
        self.keys.assign(&groups.keys, groups.rows, &mut self.groups)?;
        self.resize();
        self.states.iter_mut().zip(&groups.states).try_for_each(|(states, others)| match groups.are_rows {
            true => states.update(&self.groups, others),
            false => states.merge(&self.groups, others),
        })
    }

    fn take_states(&mut self) -> Result<Vec<Vec<ArrayRef>>> {
        self.states.iter_mut().map(|states| states.take_states()).collect()
    }

    /// Empties the table into the buckets.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.empty()?;
        self.keep()
    }

    fn empty(&mut self) -> Result<()> {
        self.flush_rows()?;
        self.rows = 0;
        let (hashes, groups) = (self.keys.hashes(), self.keys.len());
        if groups == 0 {
            return Ok(());
        }
        let bytes = self.table_bytes() + self.leaving_bytes();
        let mut keys = self.keys.take_keys()?;
        if let Some(numbers) = &mut self.numbers {
            keys = numbers.keys(&keys, groups)?.0;
        }
        self.buckets.add(&hashes, keys, self.states.iter_mut().map(|states| states.take_states()), false)?;
        if let Some(repeated) = self.buckets.repeated() {
            // As long as all tables together stay a small part of the budget.
            let affordable = self.memory.budget().limit_bytes() / 16 / (bytes / groups).max(1);
            self.groups_max = self.groups_max.max((2 * repeated).min(affordable));
        }
        self.resize();
        Ok(())
    }

    /// The parts that were put into buckets, about how many groups they have, and the memory that they take.
    pub(super) fn into_parts(self) -> (Vec<Part>, usize, Reservation) {
        let groups = self.buckets.groups();
        (self.buckets.parts, groups, self.memory)
    }

    /// Whether the keys in the buckets, if there are any, have numbers for texts.
    pub(super) fn is_numbered(&self) -> bool {
        self.numbers.is_some() || self.buckets.is_empty()
    }

    /// The texts that the numbers in the keys stand for, if there are numbers: for whoever has the keys from now on.
    pub(super) fn take_texts(&mut self) -> Result<Option<Texts>> {
        let Some(numbers) = self.numbers.take() else { return Ok(None) };
        let texts = numbers.into_texts()?;
        self.memory.require(self.bytes())?;
        Ok(Some(texts))
    }

    /// Makes room for about as many groups.
    pub(super) fn reserve(&mut self, groups: usize) {
        self.keys.reserve(groups);
    }

    /// Adds the groups of one bucket of a part.
    pub(super) fn add_bucket(&mut self, part: &Part, bucket: usize) -> Result<()> {
        let groups = part.bucket(bucket)?;
        if groups.rows == 0 {
            return Ok(());
        }
        self.absorb(&groups)?;
        self.memory.require(self.bytes())
    }

    /// The columns of the result.
    pub(super) fn finish(mut self, group_by: &GroupBy, types: &[DataType]) -> Result<Finished> {
        let rows = self.len();
        let mut columns = self.keys.take_keys_as(&types[..group_by.keys.len()])?;
        let mut whole = group_by.with_total.then(Vec::new);
        for (call, mut states) in group_by.calls.iter().zip(std::mem::take(&mut self.states)) {
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
        let whole_bytes: usize = whole.iter().flatten().flatten().map(|column| column.get_array_memory_size()).sum();
        let bytes = columns.iter().map(|column| column.get_array_memory_size()).sum::<usize>() + whole_bytes;
        self.memory.require(bytes)?;
        Ok(Finished { columns, whole, memory: self.memory })
    }

    /// Makes room for the states of new groups.
    fn resize(&mut self) {
        let groups = self.keys.len();
        self.states.iter_mut().for_each(|states| states.resize(groups));
    }

    /// Bytes of the table and its states.
    fn table_bytes(&self) -> usize {
        self.keys.bytes() + self.states.iter().map(|states| states.bytes()).sum::<usize>()
    }

    /// Bytes of everything, and of what emptying the table takes.
    fn bytes(&self) -> usize {
        self.staying_bytes() + self.leaving_bytes()
    }

    /// Bytes that emptying the table takes besides.
    fn leaving_bytes(&self) -> usize {
        // Of what keys take most is the index, which is not copied.
        let largest = self.states.iter().map(|states| STATE_COPIES * states.bytes()).fold(self.keys.bytes(), usize::max);
        largest + LEAVING_BYTES * self.len()
    }

    /// Bytes of everything.
    fn staying_bytes(&self) -> usize {
        self.table_bytes()
            + self.waiting.bytes()
            + self.groups.capacity() * 4
            + self.hashes.capacity() * 8
            + self.buckets.bytes()
            + self.numbers.as_ref().map_or(0, Numbers::bytes)
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
