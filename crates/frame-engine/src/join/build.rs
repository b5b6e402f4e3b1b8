//! The side that is looked up: its rows are gathered in their order and put into a table by key.

use std::sync::{Arc, OnceLock};

use arrow::array::{Array, ArrayRef, new_empty_array};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::util::display::array_value_to_string;
use frame_core::{Batch, DataError, Error, Origin, Result};
use frame_graph::Scheduler;
use frame_memory::Reservation;
use frame_plan::{Expect, KeyPair};

use super::columns::{gathered, held_bytes, too_many};
use super::keys::{Key, Keys};
use super::near::{Near, NearRule};
use super::table::{NONE, Table};
use crate::compact::compacted;
use crate::context::Context;
use crate::graph::Sink;
use crate::source::{Batches, Source};

/// Where a stage leaves the table.
pub(crate) type BuiltSlot = Arc<OnceLock<Built>>;

/// The gathered rows, and how to find them.
#[derive(Debug)]
pub(crate) struct Built {
    /// The columns that are needed behind the join.
    pub(super) columns: Vec<Option<ArrayRef>>,
    pub(super) rows: usize,
    pub(super) table: Table,
    /// For joins to the nearest row.
    pub(super) near: Option<Near>,
    /// Held as long as the rows.
    _memory: Reservation,
}

/// Keys must be there once on this side.
#[derive(Debug, Clone)]
pub(crate) struct Once {
    pub(crate) expect: Expect,
    /// `left` or `right`.
    pub(crate) side: &'static str,
    pub(crate) pairs: Vec<KeyPair>,
}

/// Gathers rows and makes their table.
#[derive(Debug)]
pub(crate) struct Build {
    /// None for a join of everything with everything.
    pub(crate) keys: Vec<Key>,
    pub(crate) near: Option<NearRule>,
    pub(crate) once: Option<Once>,
    /// Which columns are needed behind the join.
    pub(crate) is_kept: Vec<bool>,
    /// The rows are also what the next stage reads.
    pub(crate) passes_on: bool,
    pub(crate) schema: SchemaRef,
    pub(crate) built: BuiltSlot,
    /// The join as text.
    pub(crate) text: String,
}

/// Batches of one worker and where they come from.
pub(crate) struct Share {
    batches: Vec<(Option<Origin>, Batch)>,
    /// Row groups share dictionaries between batches.
    dictionaries: Vec<ArrayRef>,
    bytes: usize,
    memory: Reservation,
}

impl Sink for Build {
    type Share = Share;

    fn start(&self, cx: &Context) -> Result<Share> {
        Ok(Share { batches: Vec::new(), dictionaries: Vec::new(), bytes: 0, memory: cx.budget.reserve("join") })
    }

    fn push(&self, share: &mut Share, batch: Batch, _: &Context) -> Result<()> {
        let batch = compacted(batch)?;
        share.bytes += batch.columns().iter().map(|column| held_bytes(column, &mut share.dictionaries)).sum::<usize>();
        share.memory.require(share.bytes)?;
        share.batches.push((batch.origin(), batch));
        Ok(())
    }

    fn finish(&self, shares: Vec<Share>, scheduler: &Scheduler, cx: &Context) -> Result<Arc<dyn Source>> {
        let mut memory = cx.budget.reserve("join");
        let (mut batches, mut held) = (Vec::new(), Vec::new());
        for share in shares {
            batches.extend(share.batches);
            held.push(share.memory);
        }
        batches.sort_by_key(|(origin, _)| *origin);
        let rows: usize = batches.iter().map(|(_, batch)| batch.len()).sum();
        if rows >= NONE as usize {
            return Err(too_many("rows"));
        }
        // The gathered columns stand beside the batches for a moment.
        let mut bytes: usize = held.iter().map(Reservation::bytes).sum();
        memory.require(bytes)?;
        let columns = scheduler.map(self.schema.fields().len(), |at| {
            if !self.is_needed(at) {
                return Ok(new_empty_array(&DataType::Null));
            }
            let parts: Vec<ArrayRef> = batches.iter().map(|(_, batch)| batch.columns()[at].clone()).collect();
            gathered(&parts, self.schema.field(at).data_type())
        })?;
        let passed = if self.passes_on {
            Some((batches, held))
        } else {
            drop((batches, held));
            None
        };
        cx.cancel.check()?;
        let table = if self.keys.is_empty() {
            Table::whole(rows as u32)
        } else {
            // A slot, its place and its hash for each row, and a quarter for the room that tables keep.
            memory.require(bytes + rows * 40)?;
            Table::new(Keys::new(&self.keys, &columns, rows)?, cx.table_groups, scheduler)?
        };
        if let (Some(once), Some(row)) = (&self.once, table.repeated()) {
            return Err(self.repeated(once, &columns, row as usize));
        }
        let near = self.near.as_ref().map(|rule| Near::new(rule, &self.keys, &table, &columns, rows, scheduler)).transpose()?;
        let columns: Vec<Option<ArrayRef>> = columns.into_iter().zip(&self.is_kept).map(|(column, kept)| kept.then_some(column)).collect();
        bytes = columns.iter().flatten().map(|column| column.get_array_memory_size()).sum::<usize>() + table.bytes();
        memory.require(bytes + near.as_ref().map_or(0, Near::bytes))?;
        let built = Built { columns, rows, table, near, _memory: memory };
        self.built.set(built).map_err(|_| Error::internal("a join was built twice"))?;
        let (batches, held) = passed.unwrap_or_default();
        Ok(Arc::new(Batches::new(batches.into_iter().map(|(_, batch)| batch).collect(), held)))
    }

    fn explain(&self) -> String {
        let names: Vec<&str> = self.keys.iter().map(|key| self.schema.field(key.column).name().as_str()).collect();
        match names.as_slice() {
            [] => format!("gather for {}", self.text),
            names => format!("table by [{}] for {}", names.join(", "), self.text),
        }
    }
}

impl Build {
    /// Whether the values of a column are looked at.
    fn is_needed(&self, column: usize) -> bool {
        self.is_kept[column] || self.keys.iter().chain(self.near.iter().map(|near| &near.right)).any(|key| key.column == column)
    }

    /// The error for a key that is there a second time in this row.
    fn repeated(&self, once: &Once, columns: &[ArrayRef], row: usize) -> Error {
        let value = |key: &Key| array_value_to_string(&columns[key.column], row).unwrap_or_default();
        let name = |pair: &KeyPair| if once.side == "left" { pair.left.clone() } else { pair.right.clone() };
        let names: Vec<String> = once.pairs.iter().map(name).collect();
        Error::new(DataError::RepeatedKey {
            side: once.side,
            expected: once.expect.word(),
            columns: names,
            values: self.keys.iter().map(value).collect(),
        })
    }
}
