//! The side that is looked up: its rows are gathered in their order and put into a table by key. What does not fit in memory stays on
//! disk, in buckets by key.

use std::sync::{Arc, OnceLock};

use arrow::array::{Array, ArrayRef, new_empty_array, new_null_array};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::util::display::array_value_to_string;
use frame_core::{Batch, DataError, Error, Result};
use frame_graph::Scheduler;
use frame_memory::{Grant, Reservation};
use frame_plan::{Expect, KeyPair};

use super::columns::{gathered, too_many};
use super::gathering::{Aside, Gathering, Way};
use super::keys::{Key, Keys};
use super::near::{Near, NearRule};
use super::parted::Parted;
use super::pieces::Pieces;
use super::table::{NONE, Table};
use crate::compact::compacted;
use crate::context::Context;
use crate::graph::Sink;
use crate::source::{Batches, Source};

/// Where a stage leaves what it has made of its side.
pub(crate) type BuiltSlot = Arc<OnceLock<Side>>;

/// A side of a join that is ready for the other one.
#[derive(Debug)]
pub(crate) enum Side {
    /// It is in memory.
    Table(Built),
    /// It is on disk, by bucket of its keys.
    Buckets(Parted),
    /// It is on disk, in its order.
    Pieces(Arc<Pieces>),
    /// It was to spare work, and is too large for that.
    Passing,
}

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

/// How rows become a table.
#[derive(Debug, Clone)]
pub(crate) struct Making {
    /// None for a join of everything with everything.
    pub(crate) keys: Vec<Key>,
    pub(crate) near: Option<NearRule>,
    /// Which columns are needed behind the join.
    pub(crate) is_kept: Vec<bool>,
}

/// A row takes so many bytes of a table: a slot, its place and its hash, and a quarter for the room that tables keep.
pub(super) const TABLE_BYTES: usize = 40;

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
    pub(crate) making: Making,
    pub(crate) once: Option<Once>,
    /// The rows are also what the next stage reads.
    pub(crate) passes_on: bool,
    pub(crate) schema: SchemaRef,
    pub(crate) built: BuiltSlot,
    /// The join as text.
    pub(crate) text: String,
}

impl Sink for Build {
    type Share = Gathering;

    fn start(&self, cx: &Context) -> Result<Gathering> {
        Ok(Gathering::new(cx))
    }

    fn push(&self, share: &mut Gathering, batch: Batch, cx: &Context) -> Result<()> {
        share.push(self.narrow(compacted(batch)?)?, &self.way(), cx)
    }

    fn finish(&self, mut shares: Vec<Gathering>, scheduler: &Scheduler, cx: &Context) -> Result<Arc<dyn Source>> {
        let way = self.way();
        if shares.iter().any(Gathering::is_spilled) {
            return self.by_disk(shares, &way, scheduler, cx);
        }
        shares.iter_mut().try_for_each(Gathering::settle)?;
        let rows: usize = shares.iter().flat_map(|share| &share.batches).map(|(_, batch)| batch.len()).sum();
        // The gathered columns stand beside the batches for a moment.
        let bytes: usize = shares.iter().map(|share| share.memory.bytes()).sum();
        let of_table = if self.making.keys.is_empty() { 0 } else { rows * TABLE_BYTES };
        let mut memory = cx.budget.reserve("join");
        if matches!(way, Way::Never) {
            memory.require(bytes + of_table)?;
        } else if memory.resize(bytes + of_table) == Grant::Full || rows >= NONE as usize {
            return self.by_disk(shares, &way, scheduler, cx);
        }
        if rows >= NONE as usize {
            return Err(too_many("rows"));
        }
        let (mut batches, mut held) = (Vec::new(), Vec::new());
        for share in shares {
            batches.extend(share.batches);
            held.push(share.memory);
        }
        batches.sort_by_key(|(origin, _)| *origin);
        let columns = scheduler.map(self.schema.fields().len(), |at| {
            if !self.making.is_needed(at) {
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
        let built = self.making.built(columns, rows, memory, Some(scheduler), cx, |table, columns| {
            let repeated = self.once.as_ref().and_then(|once| Some((once, table.repeated()?)));
            repeated.map_or(Ok(()), |(once, row)| Err(once.repeated(self.making.values(columns, row as usize))))
        })?;
        self.put(Side::Table(built))?;
        let (batches, held) = passed.unwrap_or_default();
        Ok(Arc::new(Batches::new(batches.into_iter().map(|(_, batch)| batch).collect(), held)))
    }

    fn explain(&self) -> String {
        let names: Vec<&str> = self.making.keys.iter().map(|key| self.schema.field(key.column).name().as_str()).collect();
        match names.as_slice() {
            [] => format!("gather for {}", self.text),
            names => format!("table by [{}] for {}", names.join(", "), self.text),
        }
    }
}

impl Build {
    /// How the rows go to disk if they do not fit in memory.
    fn way(&self) -> Way {
        match (self.making.keys.is_empty(), &self.making.near) {
            // The nearest of all rows can only be found among all of them.
            (true, Some(_)) => Way::Never,
            (true, None) => Way::InOrder,
            _ if self.passes_on => Way::InOrder,
            _ => Way::ByKey { keys: self.making.keys.clone(), drops_nulls: false },
        }
    }

    /// Without the values of columns that nobody looks at.
    fn narrow(&self, batch: Batch) -> Result<Batch> {
        let is_needed = |at: usize| self.passes_on || self.making.is_needed(at);
        let (rows, columns) = (batch.len(), batch.columns().iter().enumerate());
        let columns = columns.map(|(at, column)| if is_needed(at) { column.clone() } else { new_null_array(&DataType::Null, rows) });
        Ok(Batch::new(batch.schema().clone(), columns.collect(), rows)?.with_origin(batch.origin()))
    }

    /// The types of the rows as they were pushed.
    fn types(&self) -> Vec<DataType> {
        let is_needed = |at: usize| self.passes_on || self.making.is_needed(at);
        let fields = self.schema.fields().iter().enumerate();
        fields.map(|(at, field)| if is_needed(at) { field.data_type().clone() } else { DataType::Null }).collect()
    }

    /// Leaves the rows on disk.
    fn by_disk(&self, shares: Vec<Gathering>, way: &Way, scheduler: &Scheduler, cx: &Context) -> Result<Arc<dyn Source>> {
        let nothing = || Arc::new(Batches::new(Vec::new(), Vec::new()));
        match Gathering::spilled(shares, way, scheduler, cx)? {
            Aside::ByKey(buckets, memory) => {
                let parted = Parted { buckets, making: self.making.clone(), types: self.types(), _memory: memory };
                if let Some(once) = &self.once {
                    parted.check(once, scheduler, cx)?;
                }
                self.put(Side::Buckets(parted))?;
                Ok(nothing())
            }
            Aside::InOrder(pieces, memory) => {
                let pieces = Arc::new(Pieces::new(pieces, (self.types(), self.schema.clone()), &self.making, memory, cx));
                if self.passes_on {
                    self.put(Side::Passing)?;
                    return Ok(pieces);
                }
                self.put(Side::Pieces(pieces))?;
                Ok(nothing())
            }
        }
    }

    fn put(&self, side: Side) -> Result<()> {
        self.built.set(side).map_err(|_| Error::internal("a join was built twice"))
    }
}

impl Making {
    /// Whether the values of a column are looked at.
    pub(super) fn is_needed(&self, column: usize) -> bool {
        self.is_kept[column] || self.keys.iter().chain(self.near.iter().map(|near| &near.right)).any(|key| key.column == column)
    }

    /// The table of rows, for which `memory` has room; `check` sees it before anything else is made.
    pub(super) fn built(
        &self,
        columns: Vec<ArrayRef>,
        rows: usize,
        mut memory: Reservation,
        scheduler: Option<&Scheduler>,
        cx: &Context,
        check: impl FnOnce(&Table, &[ArrayRef]) -> Result<()>,
    ) -> Result<Built> {
        let table = match self.keys.as_slice() {
            [] => Table::whole(rows as u32),
            keys => Table::new(Keys::new(keys, &columns, rows)?, cx.table_groups, scheduler)?,
        };
        check(&table, &columns)?;
        let near = self.near.as_ref().map(|rule| Near::new(rule, &self.keys, &table, &columns, rows, scheduler)).transpose()?;
        let columns: Vec<Option<ArrayRef>> = columns.into_iter().zip(&self.is_kept).map(|(column, kept)| kept.then_some(column)).collect();
        let bytes = columns.iter().flatten().map(|column| column.get_array_memory_size()).sum::<usize>() + table.bytes();
        memory.require(bytes + near.as_ref().map_or(0, Near::bytes))?;
        Ok(Built { columns, rows, table, near, _memory: memory })
    }

    /// The keys of a row as text.
    pub(super) fn values(&self, columns: &[ArrayRef], row: usize) -> Vec<String> {
        self.keys.iter().map(|key| array_value_to_string(&columns[key.column], row).unwrap_or_default()).collect()
    }
}

impl Once {
    /// The error for a key that is there a second time.
    pub(super) fn repeated(&self, values: Vec<String>) -> Error {
        let name = |pair: &KeyPair| if self.side == "left" { pair.left.clone() } else { pair.right.clone() };
        let columns = self.pairs.iter().map(name).collect();
        Error::new(DataError::RepeatedKey { side: self.side, expected: self.expect.word(), columns, values })
    }
}
