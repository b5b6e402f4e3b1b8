//! The value of one row per group, chosen by its place in an order: the states of `first`, `last`, `argmin` and `argmax`.
//!
//! If the order is a rank, and what goes before it and the value have keys, a group is one small struct; else both are bytes.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BinaryViewArray, UInt64Array};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, UInt64Type};
use frame_core::{Error, Result};

use super::values::{self, Coder};
use super::{End, state};
use crate::aggregates::GroupStates;

/// What comes first when the place of a row is found.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// The row at this end of the order.
    Order(End),
    /// The row with the value of this type, in the second argument, that is at this end; among equals the earliest.
    By(End, DataType),
}

#[derive(Debug, Clone, Copy, Default)]
struct Small {
    /// The smaller is chosen; so is the smaller rank.
    by: u64,
    rank: u64,
    value: u64,
    seen: bool,
}

#[derive(Debug, Clone, Default)]
struct Large {
    order: Vec<u8>,
    value: Vec<u8>,
    seen: bool,
}

/// The chosen rows; which kind they are shows with the first row.
enum Chosen {
    None,
    Small(Vec<Small>),
    Large(Vec<Large>),
}

pub(crate) struct Pick {
    place: Place,
    data_type: DataType,
    groups: usize,
    chosen: Chosen,
    /// Bytes of the strings of large rows.
    text_bytes: usize,
}

impl Pick {
    /// States for values of a type with keys or bytes.
    pub(crate) fn new(place: Place, data_type: &DataType) -> Self {
        Self { place, data_type: data_type.clone(), groups: 0, chosen: Chosen::None, text_bytes: 0 }
    }

    fn is_small(&self) -> bool {
        let by_has_key = if let Place::By(_, by) = &self.place { values::has_keys(by) } else { true };
        by_has_key && values::has_keys(&self.data_type)
    }

    fn small(&mut self) -> Result<&mut Vec<Small>> {
        if let Chosen::None = self.chosen {
            self.chosen = Chosen::Small(Vec::new());
        }
        let groups = self.groups;
        let Chosen::Small(rows) = &mut self.chosen else { return Err(Error::internal("an order that changes its kind")) };
        rows.resize(groups, Small::default());
        Ok(rows)
    }

    fn large(&mut self) -> Result<(&mut Vec<Large>, &mut usize)> {
        if let Chosen::None = self.chosen {
            self.chosen = Chosen::Large(Vec::new());
        }
        let groups = self.groups;
        let Chosen::Large(rows) = &mut self.chosen else { return Err(Error::internal("an order that changes its kind")) };
        rows.resize(groups, Large::default());
        Ok((rows, &mut self.text_bytes))
    }

    /// Ranks and keys, turned so that the smallest is chosen.
    fn update_small(&mut self, groups: &[u32], arguments: &[ArrayRef], ranks: &UInt64Array, nulls: Option<&NullBuffer>) -> Result<()> {
        let keys = values::keys(&arguments[0])?;
        let by = match &self.place {
            Place::Order(_) => None,
            Place::By(end, _) => {
                let mut by = values::equality_keys(&arguments[1])?;
                if *end == End::Max {
                    by.iter_mut().for_each(|key| *key = !*key);
                }
                Some(by)
            }
        };
        let turn = if let Place::Order(End::Max) = self.place { u64::MAX } else { 0 };
        let rows = self.small()?;
        let mut offer = |row: usize| {
            let rank = ranks.value(row) ^ turn;
            let by = by.as_ref().map_or(0, |by| by[row]);
            rows[groups[row] as usize].offer(by, rank, keys[row]);
        };
        match nulls {
            None => (0..groups.len()).for_each(offer),
            Some(nulls) => nulls.valid_indices().for_each(&mut offer),
        }
        Ok(())
    }

    fn update_large(&mut self, groups: &[u32], arguments: &[ArrayRef], order: &ArrayRef, nulls: Option<&NullBuffer>) -> Result<()> {
        let bytes = Coder::new(&self.data_type)?.encode(&arguments[0])?;
        let by = match &self.place {
            Place::Order(_) => None,
            Place::By(end, by) => Some(Coder::composable(by, *end)?.encode(&canonical_zeros(&arguments[1])?)?),
        };
        let end = if let Place::Order(end) = self.place { end } else { End::Min };
        let ranks = order.as_primitive_opt::<UInt64Type>();
        let keys = order.as_binary_opt::<i32>();
        let (rows, text_bytes) = self.large()?;
        let mut buffer = Vec::new();
        for (row, group) in groups.iter().enumerate() {
            if nulls.is_some_and(|nulls| nulls.is_null(row)) {
                continue;
            }
            buffer.clear();
            buffer.extend(by.as_ref().map_or(&[][..], |by| by.value(row)));
            match (ranks, keys) {
                (Some(ranks), _) => buffer.extend(ranks.value(row).to_be_bytes()),
                (_, Some(keys)) => buffer.extend(keys.value(row)),
                _ => return Err(Error::internal("an order that is neither ranks nor keys")),
            }
            rows[*group as usize].offer(end, &buffer, bytes.value(row), text_bytes);
        }
        Ok(())
    }
}

/// A column whose floats are equal only if their bits are.
fn canonical_zeros(column: &ArrayRef) -> Result<ArrayRef> {
    if !column.data_type().is_floating() {
        return Ok(Arc::clone(column));
    }
    let keys = UInt64Array::new(values::equality_keys(column)?.into(), column.logical_nulls());
    values::column_of_keys(&keys, column.data_type())
}

impl Small {
    #[inline(always)]
    fn offer(&mut self, by: u64, rank: u64, value: u64) {
        if !self.seen || (by, rank) < (self.by, self.rank) {
            *self = Self { by, rank, value, seen: true };
        }
    }
}

impl Large {
    fn offer(&mut self, end: End, order: &[u8], value: &[u8], text_bytes: &mut usize) {
        let better = match end {
            _ if !self.seen => true,
            End::Min => order < self.order.as_slice(),
            End::Max => order > self.order.as_slice(),
        };
        if better {
            *text_bytes -= self.order.capacity() + self.value.capacity();
            self.order.clear();
            self.order.extend_from_slice(order);
            self.value.clear();
            self.value.extend_from_slice(value);
            self.seen = true;
            *text_bytes += self.order.capacity() + self.value.capacity();
        }
    }
}

impl GroupStates for Pick {
    fn resize(&mut self, groups: usize) {
        self.groups = groups;
    }

    fn update(&mut self, groups: &[u32], arguments: &[ArrayRef]) -> Result<()> {
        let wanted = if let Place::By(..) = self.place { 3 } else { 2 };
        let [values @ .., order] = arguments else { return Err(Error::internal("an aggregate without its order")) };
        if arguments.len() != wanted {
            return Err(Error::internal("an aggregate with another number of arguments"));
        }
        let nulls = values.iter().fold(None, |nulls, column| NullBuffer::union(nulls.as_ref(), column.logical_nulls().as_ref()));
        let nulls = nulls.filter(|nulls| nulls.null_count() > 0);
        match order.as_primitive_opt::<UInt64Type>() {
            Some(ranks) if self.is_small() => self.update_small(groups, values, ranks, nulls.as_ref()),
            _ => self.update_large(groups, values, order, nulls.as_ref()),
        }
    }

    fn take_states(&mut self) -> Result<Vec<ArrayRef>> {
        self.text_bytes = 0;
        let groups = std::mem::take(&mut self.groups);
        match std::mem::replace(&mut self.chosen, Chosen::None) {
            Chosen::Small(mut rows) => {
                rows.resize(groups, Small::default());
                let column = |part: fn(&Small) -> u64| -> ArrayRef {
                    Arc::new(rows.iter().map(|row| row.seen.then_some(part(row))).collect::<UInt64Array>())
                };
                Ok(vec![column(|row| row.by), column(|row| row.rank), column(|row| row.value)])
            }
            Chosen::Large(mut rows) => {
                rows.resize(groups, Large::default());
                let orders: BinaryArray = rows.iter().map(|row| row.seen.then_some(row.order.as_slice())).collect();
                let values: BinaryArray = rows.iter().map(|row| row.seen.then_some(row.value.as_slice())).collect();
                Ok(vec![Arc::new(orders), Arc::new(values)])
            }
            Chosen::None => {
                let nulls = || Arc::new(BinaryArray::new_null(groups)) as ArrayRef;
                Ok(vec![nulls(), nulls()])
            }
        }
    }

    fn merge(&mut self, groups: &[u32], states: &[ArrayRef]) -> Result<()> {
        if states.len() == 3 {
            let (by, ranks, values): (&UInt64Array, &UInt64Array, &UInt64Array) = (state(states, 0)?, state(states, 1)?, state(states, 2)?);
            let rows = self.small()?;
            for (row, group) in groups.iter().enumerate().filter(|(row, _)| ranks.is_valid(*row)) {
                rows[*group as usize].offer(by.value(row), ranks.value(row), values.value(row));
            }
            return Ok(());
        }
        let (orders, values): (&BinaryArray, &BinaryArray) = (state(states, 0)?, state(states, 1)?);
        if orders.null_count() == orders.len() {
            return Ok(()); // such states do not say which kind they are
        }
        let end = if let Place::Order(end) = self.place { end } else { End::Min };
        let (rows, text_bytes) = self.large()?;
        for (row, group) in groups.iter().enumerate().filter(|(row, _)| orders.is_valid(*row)) {
            rows[*group as usize].offer(end, orders.value(row), values.value(row), text_bytes);
        }
        Ok(())
    }

    fn take_values(&mut self) -> Result<ArrayRef> {
        self.text_bytes = 0;
        let groups = std::mem::take(&mut self.groups);
        match std::mem::replace(&mut self.chosen, Chosen::None) {
            Chosen::Small(mut rows) => {
                rows.resize(groups, Small::default());
                let keys = rows.iter().map(|row| row.seen.then_some(row.value)).collect::<UInt64Array>();
                values::column_of_keys(&keys, &self.data_type)
            }
            Chosen::Large(mut rows) => {
                rows.resize(groups, Large::default());
                let bytes = rows.iter().map(|row| row.seen.then_some(row.value.as_slice())).collect::<BinaryViewArray>();
                Coder::new(&self.data_type)?.decode(&bytes)
            }
            Chosen::None => Ok(arrow::array::new_null_array(&self.data_type, groups)),
        }
    }

    fn bytes(&self) -> usize {
        self.text_bytes
            + match &self.chosen {
                Chosen::None => 0,
                Chosen::Small(rows) => rows.capacity() * size_of::<Small>(),
                Chosen::Large(rows) => rows.capacity() * size_of::<Large>(),
            }
    }
}
