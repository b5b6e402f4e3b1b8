//! What groups take: the table of their keys, and the states of aggregates, which are asked for it.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema};
use frame_core::Result;
use frame_expr::{BoundCall, Expr, bind};

use super::columns::column_of;
use super::means::Means;
use super::rows::{Rows, number, own_width, width};
use super::selectivity::selectivity;
use super::state::State;
use crate::Aggregate;

/// Groups, and rows of each, that states are tried with.
const TRIED: usize = 1024;
const ROUNDS: usize = 4;
/// Keys and states leave a table one after the other; states by way of two copies: as columns, and as columns in the order of buckets.
const STATE_COPIES: f64 = 2.0;
/// Bytes of the hash of a group, and of its place in that order.
const ORDERED: f64 = 12.0;
/// Tables are asked for before they grow, and grow by doubling.
const ROOM: f64 = 3.0;
/// Groups are merged bucket by bucket.
const BUCKETS: f64 = 64.0;
/// What has grown by doubling has on average so much room.
const GROWN: f64 = 4.0 / 3.0;
/// With at most as many places per key whole numbers are found by their distance from the smallest one.
const SPREAD: f64 = 6.0;
/// Bytes of a text in a table, beside its letters.
const TEXT: f64 = 100.0;
/// Rows that hardly repeat a key are not grouped before they are put into buckets.
const REPEATED: f64 = 4.0 / 3.0;
/// The part of the limit that tables which have grown may take.
const TABLES_PART: f64 = 16.0;

/// Bytes for each group, and each row, of a grouping.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct GroupCosts {
    /// Of the key in a table, and beside it.
    slot: f64,
    key: f64,
    /// Of the table if it is one of places; for all groups.
    places: Option<f64>,
    /// Of the tables of texts that several keys have, and how many different texts there are.
    texts: f64,
    texts_count: f64,
    /// Of the states of a group, and as columns.
    states: f64,
    state_columns: f64,
    /// Of the values that states keep; for all rows.
    values: f64,
    /// Of the largest states of a group, and of the most values.
    largest_states: f64,
    largest_values: f64,
    /// Of a row that is not grouped.
    row: f64,
}

impl GroupCosts {
    /// What the groups of `aggregate` take, made of `input`.
    pub(super) fn new(aggregate: &Aggregate, input: &Rows, schema: &Schema) -> Result<Self> {
        let mut costs = Self::default();
        let keys: Vec<&Expr> = aggregate.keys.iter().map(|key| &key.expr).collect();
        costs.take_keys(&keys, input, schema)?;
        for call in &aggregate.aggregates {
            let bound = call.bind(schema)?;
            let tried = Tried::new(&bound);
            costs.states += tried.group;
            costs.largest_states = costs.largest_states.max(tried.group);
            costs.state_columns += tried.columns;
            let rows = call.filter.as_ref().map_or(input.rows, |filter| input.rows * selectivity(filter, input));
            let different = input.groups(keys.iter().copied().chain(&call.arguments)).min(rows);
            // Texts are longer than those that were tried.
            let long: f64 = call.arguments.iter().filter_map(|argument| Some(own_width(input.find(column_of(argument)?)?))).sum();
            let long = if tried.new > 0.0 { (long - 16.0).max(0.0) } else { 0.0 };
            let values = different * (tried.new + long) + (rows - different) * if tried.again > 0.0 { tried.again + long } else { 0.0 };
            costs.values += values;
            costs.largest_values = costs.largest_values.max(values);
            costs.row += bound.arguments.iter().map(|argument| width(argument.data_type())).sum::<f64>();
        }
        Ok(costs)
    }

    fn take_keys(&mut self, keys: &[&Expr], input: &Rows, schema: &Schema) -> Result<()> {
        let mut words = 0.0;
        for key in keys {
            let data_type = bind(key, schema)?.data_type().clone();
            let column = column_of(key).and_then(|name| input.find(name));
            let wide = column.map_or_else(|| width(&data_type), own_width).max(width(&data_type));
            self.row += wide;
            let is_text = data_type.is_string() || matches!(data_type, DataType::Dictionary(..));
            if is_text && keys.len() > 1 {
                // A number of half a word in the keys, and a table of its own.
                words += 0.5;
                self.texts += TEXT + wide;
                self.texts_count = self.texts_count.max(input.distinct(key));
            } else {
                words += (wide / 8.0).ceil().max(1.0);
            }
            let bounds = column.and_then(|column| column.min.as_ref().and_then(number).zip(column.max.as_ref().and_then(number)));
            if let (1, true, Some((min, max))) = (keys.len(), data_type.is_integer(), bounds)
                && max - min < SPREAD * input.groups(keys.iter().copied())
            {
                self.places = Some(4.0 * (max - min + 1.0));
            }
        }
        self.key = 8.0 * words;
        self.slot = 8.0 * words + 8.0;
        Ok(())
    }

    /// Bytes of a table of so many groups, without the values that they keep.
    fn table(&self, groups: f64) -> f64 {
        let slots = (groups * 8.0 / 7.0).max(4.0).log2().ceil().exp2() * (self.slot + 1.0);
        let found = self.places.map_or(slots, |places| places.min(slots));
        found + groups.min(self.texts_count) * self.texts + groups * GROWN * (self.key + self.states)
    }

    /// Bytes of a table of so many groups with such a part of all values, and of what emptying it takes.
    fn emptied(&self, groups: f64, part: f64) -> f64 {
        let table = self.table(groups);
        let keys = table - groups * GROWN * self.states;
        let largest = STATE_COPIES * (groups * GROWN * self.largest_states + part * self.largest_values);
        table + part * self.values + keys.max(largest) + groups * ORDERED
    }
}

/// What the states of an aggregate take, found by trying.
#[derive(Debug, Clone, Copy, Default)]
struct Tried {
    /// Bytes of a group; of a row with a value that is new to it, and of one with a value that it had.
    group: f64,
    new: f64,
    again: f64,
    /// Bytes of a group as columns.
    columns: f64,
}

impl Tried {
    fn new(call: &BoundCall) -> Self {
        let mut states = call.aggregate.start();
        states.resize(TRIED);
        let groups: Vec<u32> = (0..TRIED as u32).collect();
        let mut tried = Self { group: states.bytes() as f64 / TRIED as f64, ..Self::default() };
        let rows = (ROUNDS * TRIED) as f64;
        let mut update = |first: usize, rank: usize| -> Option<usize> {
            let arguments = rows_of(call, first, rank)?;
            states.update(&groups, &arguments).ok()?;
            Some(states.bytes())
        };
        // The first row may change how states are kept.
        let Some(one) = update(0, 0) else { return tried };
        tried.group = tried.group.max(one as f64 / TRIED as f64);
        let each = |round: usize| round * TRIED;
        let new = (1..=ROUNDS).filter_map(|round| update(each(round), each(round))).last().unwrap_or(one);
        let again = (1..=ROUNDS).filter_map(|round| update(each(round), each(round + ROUNDS))).last().unwrap_or(new);
        tried.new = new.saturating_sub(one) as f64 / rows;
        tried.again = again.saturating_sub(new) as f64 / rows;
        if tried.new > 0.0 {
            // What was there after one row for each group was that row.
            tried.group = (tried.group - tried.new).max(0.0);
        }
        let columns = states.take_states().unwrap_or_default();
        tried.columns = match tried.new > 0.0 {
            true => tried.group,
            false => columns.iter().map(|column| column.get_array_memory_size()).sum::<usize>() as f64 / TRIED as f64,
        };
        tried
    }
}

/// Arguments of a row for each group: numbers from `first` on, as the types that the aggregate takes.
fn rows_of(call: &BoundCall, first: usize, rank: usize) -> Option<Vec<ArrayRef>> {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values((first..first + TRIED).map(|number| number as i64)));
    let mut arguments =
        call.aggregate.inputs().iter().map(|data_type| cast(&numbers, data_type)).collect::<std::result::Result<Vec<_>, _>>().ok()?;
    if call.aggregate.needs_order() {
        arguments.push(Arc::new(UInt64Array::from_iter_values((rank..rank + TRIED).map(|rank| rank as u64))));
    }
    Some(arguments)
}

/// What grouping `input` into `output` takes.
pub(super) fn state(aggregate: &Aggregate, costs: &GroupCosts, input: &Rows, output: &Rows, tasks: f64, means: &Means) -> State {
    let groups = if aggregate.keys.is_empty() { 1.0 } else { output.rows };
    let result = output.bytes();
    let (rows_of_task, values_of_task) = (input.rows / tasks, costs.values / tasks);
    let of_task = groups.min(rows_of_task);
    let held_most = means.table_groups as f64;
    if of_task < held_most || aggregate.keys.is_empty() {
        let table = costs.emptied(of_task, 1.0 / tasks);
        let held = tasks * table;
        // One of the tables takes over the others.
        let merged = if tasks > 1.0 { costs.emptied(groups, 1.0) - table } else { 0.0 };
        let spilling = if aggregate.keys.is_empty() { 0.0 } else { tasks * (costs.table(of_task) + values_of_task) };
        return State {
            gathering: held + merged.max(0.0),
            room: if spilling > 0.0 { ROOM * held } else { held },
            kept: result,
            spilling,
            is_mixed: false,
        };
    }
    // Tables are emptied again and again, until they are known to see the same groups and may hold all of them.
    let is_grouped = rows_of_task > REPEATED * of_task;
    let affordable = means.memory_bytes as f64 / TABLES_PART / (costs.emptied(held_most, 0.0) / held_most);
    let in_table = if rows_of_task > 2.0 * of_task { of_task.min(affordable.max(held_most)) } else { held_most };
    let added = if is_grouped { (3.0 * of_task).min(rows_of_task) } else { rows_of_task };
    let column = if is_grouped { costs.key + costs.state_columns } else { costs.row };
    let buckets = tasks * (added * column + values_of_task);
    let tables = tasks * costs.emptied(in_table, 0.0);
    let merging = tasks * costs.emptied(groups / BUCKETS, 1.0 / BUCKETS);
    let held = buckets + tables;
    State {
        gathering: held.max(buckets + result + merging),
        room: ROOM * held,
        kept: result,
        spilling: buckets + tasks * costs.table(in_table),
        is_mixed: false,
    }
}
