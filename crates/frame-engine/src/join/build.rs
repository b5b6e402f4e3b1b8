//! The side that is looked up: its rows are gathered in their order and put into a table by key. What does not fit in memory stays on
//! disk, in buckets by key.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow::array::{Array, ArrayRef, new_empty_array, new_null_array};
use arrow::compute::{max, min};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::util::display::array_value_to_string;
use frame_core::{Batch, DataError, Error, Result};
use frame_graph::Scheduler;
use frame_memory::{Grant, Reservation};
use frame_plan::{Expect, KeyPair};

use super::buckets::{Bucket, Parter, Rule, Wanted, merge};
use super::columns::{gathered, held_bytes, too_many};
use super::gathering::{Aside, Gathering, Way};
use super::keys::{Key, KeyColumn, Keys};
use super::marks::Marks;
use super::near::{Near, NearRule};
use super::parted::{Parted, Resident};
use super::pieces::Pieces;
use super::staying::{Stayed, Staying};
use super::table::{self, NONE, Table};
use crate::compact::compacted;
use crate::context::Context;
use crate::graph::Sink;
use crate::source::{Batches, Source};
use crate::spill::SharedValues;

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
    /// The least and the greatest key, if keys are whole numbers and that is known; the other way round if there is none.
    pub(super) bounds: Option<(i64, i64)>,
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

/// Where the keys of rows lie that are words, and whether they are made of columns of another width.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    least: i64,
    greatest: i64,
    is_copied: bool,
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
    pub(crate) making: Making,
    pub(crate) once: Option<Once>,
    /// Some of the rows may stay in memory when not all of them fit there.
    pub(crate) staying: Option<Arc<Staying>>,
    /// Remembers the keys of rows on disk.
    pub(crate) marks: Option<Arc<Marks>>,
    /// The dictionaries of rows on disk.
    pub(crate) shared: Arc<SharedValues>,
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
        if let Some(staying) = &self.staying {
            staying.begin(cx);
        }
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
        let batches = || shares.iter().flat_map(|share| &share.batches).map(|(_, batch)| batch);
        let rows: usize = batches().map(Batch::len).sum();
        let mut memory = cx.budget.reserve("join");
        let room = self.room(batches, rows)?;
        if matches!(way, Way::Never) {
            memory.require(room.least)?;
        } else if !room.is_there(&mut memory, scheduler) || rows >= NONE as usize {
            drop(memory);
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
        let batches: Vec<Batch> = batches.into_iter().map(|(_, batch)| batch).collect();
        let passed = if self.passes_on {
            Batches::new(batches.clone(), held)
        } else {
            // What the batches hold becomes what their columns do.
            held.into_iter().for_each(|held| memory.absorb(held));
            Batches::new(Vec::new(), Vec::new())
        };
        let columns = self.columns(batches, scheduler, cx)?;
        cx.cancel.check()?;
        let mut built = self.making.built(columns, rows, memory, Some(scheduler), cx, |table, columns| {
            let repeated = self.once.as_ref().and_then(|once| Some((once, table.repeated()?)));
            repeated.map_or(Ok(()), |(once, row)| Err(once.repeated(self.making.values(columns, row as usize))))
        })?;
        built.bounds = room.bounds.filter(|_| self.making.keys.iter().all(Key::is_int)).map(|bounds| (bounds.least, bounds.greatest));
        self.put(Side::Table(built))?;
        Ok(Arc::new(passed))
    }

    fn explain(&self) -> String {
        let names: Vec<&str> = self.making.keys.iter().map(|key| self.schema.field(key.column).name().as_str()).collect();
        match names.as_slice() {
            [] => format!("gather for {}", self.text),
            names => format!("table by [{}] for {}", names.join(", "), self.text),
        }
    }
}

/// Bytes of memory that it takes to make a table of batches, beside what they take.
#[derive(Debug, Clone, Copy)]
struct Room {
    /// If one column after the other takes the place of its parts.
    least: usize,
    /// Of the widest column: each thread has one in hand if there is room for so many.
    widest: usize,
    /// Where the keys lie.
    bounds: Option<Bounds>,
}

impl Room {
    /// Reserves it, for several threads if possible.
    fn is_there(self, memory: &mut Reservation, scheduler: &Scheduler) -> bool {
        let more = self.widest * (scheduler.threads() - 1);
        memory.resize(self.least + more) == Grant::Granted || memory.resize(self.least) == Grant::Granted
    }
}

impl Build {
    /// For rows of a schema. What is expected of keys, what stays or is remembered, rows that are passed on, and the text are for those who
    /// have them.
    pub(crate) fn new(making: Making, schema: SchemaRef, built: BuiltSlot) -> Self {
        let shared = Arc::default();
        Self { making, once: None, staying: None, marks: None, shared, passes_on: false, schema, built, text: String::new() }
    }

    /// How rows go to buckets.
    fn rule(&self) -> Rule {
        Rule { keys: self.making.keys.clone(), wanted: Wanted::All(self.marks.clone()), shared: self.shared.clone() }
    }

    /// How the rows go to disk if they do not fit in memory.
    fn way(&self) -> Way {
        match (self.making.keys.is_empty(), &self.making.near) {
            // The nearest of all rows can only be found among all of them.
            (true, Some(_)) => Way::Never,
            (true, None) => Way::InOrder,
            _ if self.passes_on => Way::InOrder,
            _ => match &self.staying {
                Some(staying) => Way::Partly { rule: self.rule(), staying: staying.clone() },
                None => Way::ByKey { rule: self.rule(), is_ranked: true },
            },
        }
    }

    /// What it takes to make the table of these batches.
    fn room<'a, B: Iterator<Item = &'a Batch>>(&self, batches: impl Fn() -> B, rows: usize) -> Result<Room> {
        let bytes = |at: usize| {
            let mut dictionaries = Vec::new();
            batches().map(|batch| held_bytes(&batch.columns()[at], &mut dictionaries)).sum()
        };
        let columns: Vec<usize> = (0..self.schema.fields().len()).filter(|at| self.making.is_needed(*at)).map(bytes).collect();
        let widest = columns.iter().copied().max().unwrap_or(0);
        let bounds = self.making.bounds(batches())?;
        let table = self.making.table_bytes(bounds, rows);
        // Batches that are passed on stay beside their columns.
        let of_columns = if self.passes_on { columns.iter().sum() } else { 0 };
        Ok(Room { least: of_columns + widest.max(table), widest, bounds })
    }

    /// The columns of all batches; each one takes the place of its parts.
    fn columns(&self, batches: Vec<Batch>, scheduler: &Scheduler, cx: &Context) -> Result<Vec<ArrayRef>> {
        let bytes: usize = batches.iter().map(Batch::memory_bytes).sum();
        let mut parts: Vec<_> = self.schema.fields().iter().map(|_| Vec::with_capacity(batches.len())).collect();
        for batch in batches {
            parts.iter_mut().zip(batch.columns()).for_each(|(parts, column)| parts.push(column.clone()));
        }
        let parts: Vec<_> = parts.into_iter().map(Mutex::new).collect();
        let column = |at: usize| {
            let parts = std::mem::take(&mut *parts[at].lock().unwrap_or_else(PoisonError::into_inner));
            if !self.making.is_needed(at) {
                return Ok(new_empty_array(&DataType::Null));
            }
            gathered(&parts, self.schema.field(at).data_type())
        };
        if bytes < cx.budget.free_bytes() {
            return scheduler.map(parts.len(), column);
        }
        // What is given up lies with the thread that has made it until that one gives it back to the system.
        let settled = |at: usize| {
            let column = column(at);
            scheduler.everywhere(|| cx.budget.settle());
            column
        };
        (0..parts.len()).map(settled).collect()
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
            Aside::ByKey { mut buckets, stayed, of_stayed, mut memory } => {
                let resident = self.resident(stayed, of_stayed, (&mut buckets, &mut memory), scheduler, cx)?;
                let (making, marks) = (self.making.clone(), self.marks.clone().filter(|marks| marks.tells_apart()));
                let is_ranked = self.staying.is_none();
                let parted = Parted { buckets, resident, making, types: self.types(), is_ranked, marks, _memory: memory };
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

    /// The table of the rows that stay in memory. As long as there is no room for it, some of them go to those that are on disk.
    fn resident(
        &self,
        mut stayed: Stayed,
        mut memory: Reservation,
        (buckets, places): (&mut [Bucket], &mut Vec<Reservation>),
        scheduler: &Scheduler,
        cx: &Context,
    ) -> Result<Option<Resident>> {
        let Some(staying) = &self.staying else { return Ok(None) };
        let mut parter = Parter::new(self.rule(), 0);
        let (batches, room) = loop {
            let rows = stayed.rows();
            if rows == 0 {
                break (Vec::new(), None);
            }
            let batches = stayed.batches(&self.schema)?;
            let mut room = cx.budget.reserve("join");
            if rows < NONE as usize && self.room(|| batches.iter(), rows)?.is_there(&mut room, scheduler) {
                break (batches, Some(room));
            }
            drop((batches, room));
            memory.require(stayed.bytes() + stayed.lowering_bytes(cx) + parter.bytes())?;
            staying.lower(staying.chosen());
            stayed.lower(staying.chosen(), &mut parter, cx)?;
            memory.require(stayed.bytes() + parter.bytes())?;
        };
        places.push(memory.split(parter.bytes()));
        merge(buckets, parter.buckets);
        let rows = stayed.rows();
        drop(stayed);
        let Some(room) = room else { return Ok(None) };
        memory.absorb(room);
        let columns = self.columns(batches, scheduler, cx)?;
        let built = self.making.built(columns, rows, memory, Some(scheduler), cx, |_, _| Ok(()))?;
        Ok(Some(Resident { buckets: staying.chosen(), built: BuiltSlot::new(Side::Table(built).into()) }))
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

    /// The least and the greatest key of some rows, if keys are words.
    pub(super) fn bounds<'a>(&self, batches: impl Iterator<Item = &'a Batch>) -> Result<Option<Bounds>> {
        let [only] = self.keys.as_slice() else { return Ok(None) };
        if !only.is_whole() {
            return Ok(None);
        }
        let mut bounds = Bounds { least: i64::MAX, greatest: i64::MIN, is_copied: false };
        for column in batches.map(|batch| &batch.columns()[only.column]) {
            let KeyColumn::Words(words) = only.of(column)? else { return Ok(None) };
            bounds.least = min(&words).map_or(bounds.least, |word| bounds.least.min(word));
            bounds.greatest = max(&words).map_or(bounds.greatest, |word| bounds.greatest.max(word));
            bounds.is_copied |= column.data_type().primitive_width() != Some(size_of::<i64>());
        }
        Ok(Some(bounds))
    }

    /// Bytes of memory that it takes to make the table of so many rows.
    pub(super) fn table_bytes(&self, bounds: Option<Bounds>, rows: usize) -> usize {
        match bounds {
            _ if self.keys.is_empty() => 0,
            None => rows * (table::ROW_BYTES + table::KEY_BYTES * self.keys.len()),
            Some(Bounds { least, greatest, is_copied }) => {
                let words = if is_copied { rows * size_of::<i64>() } else { 0 };
                Table::bytes_of_words((least, greatest), rows) + words
            }
        }
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
        Ok(Built { columns, rows, table, near, bounds: None, _memory: memory })
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
