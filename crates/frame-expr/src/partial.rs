//! Aggregates in two steps: the states of some rows as values of a column, and the result of such values.
//!
//! States are merged wherever threads meet, and the result does not depend on what is merged with what. So grouping rows first, and then
//! the groups, gives the bits that grouping the rows gives; states that are there several times count several times.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StructArray, new_null_array};
use arrow::datatypes::{DataType, Field, Fields};
use frame_core::{Error, Result};

use crate::aggregates::GroupStates;

/// What a call of an aggregate makes of what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Step {
    /// A result of rows.
    #[default]
    Whole,
    /// States of rows: one column, of a struct.
    States,
    /// A result of a column of states, made of rows whose arguments had these types.
    Merged(Vec<DataType>),
}

/// The fields of a column of states of these types.
pub(crate) fn fields(states: &[DataType]) -> Fields {
    states.iter().enumerate().map(|(at, data_type)| Field::new(format!("{at}"), data_type.clone(), true)).collect()
}

/// The states of an aggregate whose results are these states.
pub(crate) struct ToStates {
    pub(crate) states: Box<dyn GroupStates>,
    pub(crate) fields: Fields,
}

impl GroupStates for ToStates {
    fn resize(&mut self, groups: usize) {
        self.states.resize(groups);
    }

    fn update(&mut self, groups: &[u32], arguments: &[ArrayRef]) -> Result<()> {
        self.states.update(groups, arguments)
    }

    fn take_states(&mut self) -> Result<Vec<ArrayRef>> {
        self.states.take_states()
    }

    fn merge(&mut self, groups: &[u32], states: &[ArrayRef]) -> Result<()> {
        self.states.merge(groups, states)
    }

    fn take_values(&mut self) -> Result<ArrayRef> {
        let mut columns = self.states.take_states()?;
        let rows = columns.first().map_or(0, |column| column.len());
        // What only rare values need is left out where there are none.
        let rest = self.fields.iter().skip(columns.len()).map(|field| new_null_array(field.data_type(), rows));
        columns.extend(rest.collect::<Vec<_>>());
        Ok(Arc::new(StructArray::try_new(self.fields.clone(), columns, None)?))
    }

    fn bytes(&self) -> usize {
        self.states.bytes()
    }
}

/// The states of an aggregate whose arguments are states.
pub(crate) struct OfStates(pub(crate) Box<dyn GroupStates>);

impl GroupStates for OfStates {
    fn resize(&mut self, groups: usize) {
        self.0.resize(groups);
    }

    fn update(&mut self, groups: &[u32], arguments: &[ArrayRef]) -> Result<()> {
        let states = arguments.first().and_then(|column| column.as_struct_opt());
        let states = states.ok_or_else(|| Error::internal("an aggregate of states was given something else"))?;
        self.0.merge(groups, states.columns())
    }

    fn take_states(&mut self) -> Result<Vec<ArrayRef>> {
        self.0.take_states()
    }

    fn merge(&mut self, groups: &[u32], states: &[ArrayRef]) -> Result<()> {
        self.0.merge(groups, states)
    }

    fn take_values(&mut self) -> Result<ArrayRef> {
        self.0.take_values()
    }

    fn bytes(&self) -> usize {
        self.0.bytes()
    }
}
