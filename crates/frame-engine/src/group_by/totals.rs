//! The groups of one worker: keys, and the states of every aggregate.

use arrow::array::ArrayRef;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use frame_core::{Batch, Result};
use frame_expr::aggregates::GroupStates;
use frame_memory::Reservation;

use super::keys::{self, KeyTable};
use super::sink::GroupBy;
use crate::context::Context;
use crate::sort::canonical;

/// Groups and their states.
pub(crate) struct Totals {
    keys: Box<dyn KeyTable>,
    states: Vec<Box<dyn GroupStates>>,
    /// Group of each row of the batch in hand.
    groups: Vec<u32>,
    memory: Reservation,
}

impl Totals {
    /// No groups yet.
    pub(super) fn new(group_by: &GroupBy, cx: &Context) -> Result<Self> {
        let types: Vec<DataType> = group_by.keys.iter().map(|key| key.data_type().clone()).collect();
        let mut totals = Self {
            keys: keys::table(&types)?,
            states: group_by.measures.iter().map(|measure| measure.start()).collect::<Result<_>>()?,
            groups: Vec::new(),
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
        for (measure, states) in group_by.measures.iter().zip(&mut self.states) {
            let argument = measure.argument(columns, rows)?;
            states.update(&self.groups, argument.as_ref())?;
        }
        Ok(())
    }

    /// Takes over the groups of another worker.
    pub(super) fn merge(&mut self, mut other: Self) -> Result<()> {
        let rows = other.len();
        let keys = other.keys.take_keys()?;
        self.keys.assign(&keys, rows, &mut self.groups)?;
        self.resize()?;
        for (states, other) in self.states.iter_mut().zip(&mut other.states) {
            states.merge(&self.groups, &other.take_states()?)?;
        }
        Ok(())
    }

    /// The columns of the result, in the order in which the groups were met, and the memory that they take.
    pub(super) fn finish(mut self, types: &[DataType]) -> Result<(Vec<ArrayRef>, Reservation)> {
        let mut columns = self.keys.take_keys()?;
        for (column, data_type) in columns.iter_mut().zip(types) {
            if column.data_type() != data_type {
                *column = cast(column, data_type)?;
            }
        }
        for states in &mut self.states {
            columns.push(states.take_values()?);
        }
        Ok((columns, self.memory))
    }

    /// Makes room for the states of new groups and reserves what all of it takes. A batch is small against a table that matters, so
    /// the reservation may come a batch late.
    fn resize(&mut self) -> Result<()> {
        let groups = self.keys.len();
        self.states.iter_mut().for_each(|states| states.resize(groups));
        let bytes = self.keys.bytes() + self.states.iter().map(|states| states.bytes()).sum::<usize>() + self.groups.capacity() * 4;
        self.memory.require(bytes)
    }
}
