//! HyperLogLog sketches per group: the states of `approx_nunique`.
//!
//! Few registers are kept one by one, many as all of them; the estimate is the same. See [`frame_core::cardinality`].

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, LargeListArray, UInt32Array};
use arrow::datatypes::{DataType, UInt32Type};
use frame_core::cardinality::{self, REGISTERS};
use frame_core::{Error, Result, hash};

use super::log::{Log, flatten};
use super::state;
use super::values::{self, Coder};
use crate::aggregates::GroupStates;

/// As many registers are kept one by one before all of them are.
const SPARSE_MAX: usize = REGISTERS / 16;

/// The registers of one group that are not 0.
#[derive(Debug, Clone)]
enum Registers {
    /// Register and rank, sorted by register.
    Sparse(Vec<(u16, u8)>),
    Dense(Box<[u8]>),
}

pub(crate) struct Sketch {
    data_type: DataType,
    groups: Vec<Registers>,
    /// Bytes of the registers.
    held: usize,
}

impl Sketch {
    /// States for values of a type with keys or bytes.
    pub(crate) fn new(data_type: &DataType) -> Self {
        Self { data_type: data_type.clone(), groups: Vec::new(), held: 0 }
    }

    #[inline]
    fn add_hash(&mut self, group: u32, hash: u64) {
        let (register, rank) = cardinality::register(hash);
        self.raise(group, register, rank);
    }

    #[inline]
    fn raise(&mut self, group: u32, register: u16, rank: u8) {
        let registers = &mut self.groups[group as usize];
        let sparse = match registers {
            Registers::Dense(ranks) => {
                let held = &mut ranks[usize::from(register)];
                *held = rank.max(*held);
                return;
            }
            Registers::Sparse(sparse) => sparse,
        };
        match sparse.binary_search_by_key(&register, |(register, _)| *register) {
            Ok(at) => sparse[at].1 = rank.max(sparse[at].1),
            Err(at) if sparse.len() < SPARSE_MAX => {
                let before = sparse.capacity();
                sparse.insert(at, (register, rank));
                self.held += (sparse.capacity() - before) * size_of::<(u16, u8)>();
            }
            Err(_) => {
                let mut ranks = vec![0; REGISTERS].into_boxed_slice();
                sparse.iter().for_each(|(register, rank)| ranks[usize::from(*register)] = *rank);
                ranks[usize::from(register)] = rank;
                self.held = self.held + REGISTERS - sparse.capacity() * size_of::<(u16, u8)>();
                *registers = Registers::Dense(ranks);
            }
        }
    }
}

impl Registers {
    /// Register and rank of those that are not 0.
    fn each(&self) -> Box<dyn Iterator<Item = (u16, u8)> + '_> {
        match self {
            Self::Sparse(sparse) => Box::new(sparse.iter().copied()),
            Self::Dense(ranks) => Box::new((0..).zip(ranks.iter().copied()).filter(|(_, rank)| *rank > 0)),
        }
    }
}

impl GroupStates for Sketch {
    fn resize(&mut self, groups: usize) {
        self.groups.resize(groups, Registers::Sparse(Vec::new()));
    }

    fn update(&mut self, groups: &[u32], arguments: &[ArrayRef]) -> Result<()> {
        let column = arguments.first().ok_or_else(|| Error::internal("an aggregate without its argument"))?;
        if values::has_keys(&self.data_type) {
            let keys = values::equality_keys(column)?;
            let nulls = column.logical_nulls();
            for (row, (group, key)) in groups.iter().zip(keys).enumerate() {
                if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                    // Two rounds: the ranks need every bit of the hash to be fair.
                    self.add_hash(*group, hash::word(hash::word(key)));
                }
            }
            return Ok(());
        }
        let bytes = Coder::new(&self.data_type)?.encode(column)?;
        for (group, value) in groups.iter().zip(&bytes) {
            if let Some(value) = value {
                self.add_hash(*group, hash::word(hash::bytes(value)));
            }
        }
        Ok(())
    }

    fn take_states(&mut self) -> Result<Vec<ArrayRef>> {
        self.held = 0;
        let groups = std::mem::take(&mut self.groups);
        let mut log = Log::default();
        log.resize(groups.len());
        for (group, registers) in (0..).zip(&groups) {
            registers.each().for_each(|(register, rank)| log.push(group, u32::from(register) << 8 | u32::from(rank)));
        }
        let grouped = log.take();
        let items = UInt32Array::from(grouped.values().to_vec());
        Ok(vec![grouped.lists(Arc::new(items))?])
    }

    fn merge(&mut self, groups: &[u32], states: &[ArrayRef]) -> Result<()> {
        let lists: &LargeListArray = state(states, 0)?;
        let (groups, items) = flatten(groups, lists);
        let items = items.as_primitive_opt::<UInt32Type>().ok_or_else(|| Error::internal("registers of another type"))?;
        groups.iter().zip(items.values()).for_each(|(group, item)| self.raise(*group, (item >> 8) as u16, *item as u8));
        Ok(())
    }

    fn take_values(&mut self) -> Result<ArrayRef> {
        self.held = 0;
        let groups = std::mem::take(&mut self.groups);
        Ok(Arc::new(Int64Array::from_iter_values(
            groups.iter().map(|registers| cardinality::estimate(registers.each().map(|(_, rank)| rank)) as i64),
        )))
    }

    fn bytes(&self) -> usize {
        self.held + self.groups.capacity() * size_of::<Registers>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sparse_and_dense_registers_estimate_alike() {
        for count in [0_i64, 1, 1000, 1025, 20_000] {
            let mut sketch = Sketch::new(&DataType::Int64);
            sketch.resize(1);
            let values: ArrayRef = Arc::new(Int64Array::from_iter_values(0..count));
            sketch.update(&vec![0; count as usize], &[values]).expect("an update");
            let found = sketch.take_values().expect("an estimate").as_primitive::<arrow::datatypes::Int64Type>().value(0);
            let error = (found - count).abs() as f64;
            assert!(error <= 4.0 * 0.0082 * count as f64 && (count > 100 || error == 0.0), "{found} for {count}");
        }
    }
}
