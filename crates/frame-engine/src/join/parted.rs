//! A join whose right side did not fit in memory: the left side is put into the same buckets on disk, and then bucket by bucket is joined.
//!
//! Rows come out by bucket. Where their order matters they carry the ranks of the rows that they were made of, and a sort by these puts
//! them where they belong. A failure of a left row counts only if rows behind it are wanted; so it comes at the end of those before it.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::{DataType, SchemaRef};
use frame_core::{Batch, Error, ErrorKind, Result};
use frame_expr::{Expr, bind};
use frame_graph::{Flow, Scheduler, StageWork};
use frame_io::{BatchReader, RowLedger, Stop};
use frame_memory::Reservation;
use frame_plan::JoinKind;

use super::bucket::{Joining, Sides, Task, fits, is_unordered, loaded};
use super::buckets::{BUCKETS, Bucket, LEVELS, Rule, Wanted, ranks};
use super::build::{BuiltSlot, Making, Once, Side};
use super::gathering::{Aside, Gathering, Way};
use super::hybrid::Hybrid;
use super::keys::Keys;
use super::marks::Marks;
use super::probe::Prober;
use super::table::Table;
use crate::compact::compacted;
use crate::context::Context;
use crate::graph::StageSink;
use crate::group_by::ranks::first_rank;
use crate::pipeline::Pipeline;
use crate::sort::{Order, SortKeys, Sorter, sorted};
use crate::source::Source;

/// The right side, by bucket.
#[derive(Debug)]
pub(crate) struct Parted {
    pub(super) buckets: Vec<Bucket>,
    /// Those that are in memory.
    pub(super) resident: Option<Resident>,
    pub(super) making: Making,
    /// The types of its columns.
    pub(super) types: Vec<DataType>,
    /// Whether ranks stand behind them: not where some rows may stay in memory, as their order is of no use then.
    pub(super) is_ranked: bool,
    /// Of the keys of all rows, also of those in memory, if they tell others apart.
    pub(super) marks: Option<Arc<Marks>>,
    /// For the places of the pieces.
    pub(super) _memory: Vec<Reservation>,
}

/// The table of the first so many buckets.
#[derive(Debug, Clone)]
pub(super) struct Resident {
    pub(super) buckets: usize,
    pub(super) built: BuiltSlot,
}

impl Parted {
    /// Rows of the other side that may match.
    fn matching(&self) -> Wanted {
        Wanted::Matching(self.marks.clone())
    }

    /// Whether keys are there once, as they are expected to be.
    ///
    /// # Errors
    /// The key that is there a second time in the lowest row.
    pub(super) fn check(&self, once: &Once, scheduler: &Scheduler, cx: &Context) -> Result<()> {
        let repeated = scheduler.map(BUCKETS, |at| {
            let (mut lowest, mut left, mut places) = (None, vec![(1, self.buckets[at].clone())], Vec::new());
            while let Some((level, bucket)) = left.pop() {
                if bucket.rows < 2 {
                    continue;
                }
                let mut memory = cx.budget.reserve("join");
                let is_small = fits(&bucket, &mut memory, cx);
                if !is_small && bucket.is_mixed() && level < LEVELS {
                    drop(memory);
                    let (parts, memory) = bucket.parted(&self.making.keys, level, cx)?;
                    left.extend(parts.into_iter().map(|part| (level + 1, part)));
                    places.push(memory);
                    continue;
                }
                // Rows that all have one hash have one key.
                let is_key = |column: usize| self.making.keys.iter().any(|key| key.column == column);
                let found = if is_small { self.repeated(&bucket, is_key)? } else { self.second(&bucket, cx)? };
                lowest = [lowest, found].into_iter().flatten().min_by_key(|(rank, _)| *rank);
            }
            Ok(lowest)
        })?;
        let lowest = repeated.into_iter().flatten().min_by_key(|(rank, _)| *rank);
        lowest.map_or(Ok(()), |(_, values)| Err(once.repeated(values)))
    }

    /// The lowest rank of a row of a bucket whose key is there above it, and the key.
    fn repeated(&self, bucket: &Bucket, is_key: impl Fn(usize) -> bool) -> Result<Option<(u64, Vec<String>)>> {
        let columns = loaded(&bucket.pieces, is_key, false)?;
        let keys = Keys::new(&self.making.keys, &columns, bucket.rows)?;
        let Some(row) = Table::new(keys, usize::MAX, None)?.repeated() else { return Ok(None) };
        Ok(Some((ranks(&columns)?[row as usize], self.making.values(&columns, row as usize))))
    }

    /// The same for a bucket of one key that is too large for memory.
    fn second(&self, bucket: &Bucket, cx: &Context) -> Result<Option<(u64, Vec<String>)>> {
        let mut lowest: Vec<(u64, Vec<String>)> = Vec::new();
        let mut memory = cx.budget.reserve("join");
        for piece in &bucket.pieces {
            cx.cancel.check()?;
            memory.require(2 * piece.bytes() + piece.reading_bytes())?;
            let columns = piece.read_plain()?;
            let keys = Keys::new(&self.making.keys, &columns, piece.rows())?;
            for (row, rank) in ranks(&columns)?.iter().enumerate().filter(|(row, _)| keys.is_valid(*row)) {
                if lowest.len() < 2 || *rank < lowest[1].0 {
                    lowest.push((*rank, self.making.values(&columns, row)));
                    lowest.sort_by_key(|(rank, _)| *rank);
                    lowest.truncate(2);
                }
            }
        }
        Ok(lowest.into_iter().nth(1))
    }
}

/// The join as a stage: the left side goes to disk and is joined from there.
#[derive(Debug, Clone)]
pub(crate) struct Apart {
    pub(crate) prober: Arc<Prober>,
    /// Not all rows of the result will be taken.
    pub(crate) is_cut: bool,
}

impl StageSink for Apart {
    fn collect(&self, pipeline: Pipeline, scheduler: &Arc<Scheduler>) -> Result<Arc<dyn Source>, Stop> {
        if let Some(joined) = self.prober.joined.get() {
            return Ok(joined.clone());
        }
        let right = self.right()?;
        if let Some(resident) = &right.resident {
            return Ok(Arc::new(Hybrid::new(self, resident, right.matching(), pipeline)));
        }
        let way = self.way()?;
        let waits = self.is_cut && !self.prober.is_unordered;
        let (shares, source) = pipeline.run_all(|pipeline| Parting { way: &way, pipeline, waits }, scheduler)?;
        let (mut gathered, mut stop) = (Vec::new(), None::<(usize, Stop)>);
        for share in shares {
            gathered.push(share.gathering);
            stop = [stop, share.stop].into_iter().flatten().min_by_key(|(partition, _)| *partition);
        }
        if stop.is_none() {
            source.close()?;
        }
        // What was read is given up before it is joined.
        let (file, cx) = (only_file(&pipeline), pipeline.cx.clone());
        drop((source, pipeline));
        Ok(scheduler.run_one(|| self.joined(gathered, &way, stop, (file, &cx), scheduler))?)
    }

    fn explain(&self) -> String {
        self.prober.text.clone()
    }
}

impl Apart {
    fn right(&self) -> Result<&Parted> {
        let Side::Buckets(right) = self.prober.side()? else { return Err(Error::internal("a join without buckets")) };
        Ok(right)
    }

    /// How left rows go to disk.
    fn way(&self) -> Result<Way> {
        let drops = matches!(self.prober.kind, JoinKind::Inner | JoinKind::Right | JoinKind::Semi);
        let wanted = if drops { self.right()?.matching() } else { Wanted::All(None) };
        let is_ranked = !is_unordered(&self.prober);
        Ok(Way::ByKey { rule: Rule::new(self.prober.finder.keys().to_vec(), wanted), is_ranked })
    }

    /// Joins the left rows that were gathered, up to the partition that could not be read to its end; `file` is the one that they come
    /// from, if it is only one.
    pub(super) fn joined(
        &self,
        gathered: Vec<Gathering>,
        way: &Way,
        stop: Option<(usize, Stop)>,
        (file, cx): (Option<String>, &Context),
        scheduler: &Scheduler,
    ) -> Result<Arc<dyn Source>> {
        let right = self.right()?;
        let Aside::ByKey { buckets: left, memory, .. } = Gathering::spilled(gathered, way, scheduler, cx)? else {
            return Err(Error::internal("rows that are not in buckets"));
        };
        let last = stop.as_ref().map(|(partition, _)| first_rank(partition + 1));
        let sides = Arc::new(Sides::new(&self.prober, right, last, cx));
        let tasks = left.into_iter().zip(&right.buckets).map(|(left, right)| Task::new(left, right.clone())).collect();
        let rows = Rows { sides, schema: self.prober.schema.clone(), file };
        if is_unordered(&self.prober) {
            return Ok(Arc::new(Unordered { tasks, rows, _memory: memory }));
        }
        let sorted = self.in_order(tasks, &rows.sides, scheduler, cx)?;
        Ok(Arc::new(InOrder { sorted, rows, stop: stop.map(|(_, stop)| stop) }))
    }

    /// Joins all buckets and sorts what comes out by the ranks of the left and the right rows. Unmatched right rows have no left one and
    /// come last.
    fn in_order(&self, tasks: Vec<Task>, sides: &Arc<Sides>, scheduler: &Scheduler, cx: &Context) -> Result<Arc<dyn Source>> {
        let keys = sides.schema.fields().iter().skip(sides.schema.fields().len() - sides.ranks);
        let keys = keys.map(|field| Ok((bind(&Expr::column(field.name()), &sides.schema)?, Order::default()))).collect::<Result<_>>()?;
        let keys = Arc::new(SortKeys::new(keys, false)?);
        // Rows that wait for their order leave most of the memory to the buckets.
        let held_bytes_max = cx.budget.free_bytes() / 4 / scheduler.threads();
        let tasks: Vec<_> = tasks.into_iter().map(|task| Mutex::new(Some(task))).collect();
        // A task takes a sorter that no other one has in hand, so there are no more of them than threads.
        let sorters = Mutex::new(Vec::new());
        let idle = || sorters.lock().unwrap_or_else(PoisonError::into_inner);
        scheduler.map(tasks.len(), |at| {
            let Some(task) = tasks[at].lock().unwrap_or_else(PoisonError::into_inner).take() else { return Ok(()) };
            let mut sorter = idle().pop().unwrap_or_else(|| Sorter::new(keys.clone(), cx));
            let mut joining = Joining::new(sides.clone(), task);
            while let Some(batch) = joining.next()? {
                sorter.push(batch, cx)?;
                if sorter.held_bytes() > held_bytes_max {
                    sorter.spill(cx)?;
                }
            }
            idle().push(sorter);
            Ok(())
        })?;
        sorted(sorters.into_inner().unwrap_or_else(PoisonError::into_inner), &keys, &sides.schema, scheduler, cx)
    }
}

/// The file that all partitions are of, if there is only one.
pub(super) fn only_file(pipeline: &Pipeline) -> Option<String> {
    let source = &pipeline.source;
    let first = (source.partitions() > 0).then(|| source.file(0)).flatten()?;
    (1..source.partitions()).all(|partition| source.file(partition) == Some(first)).then(|| first.to_owned())
}

/// Puts rows into buckets.
struct Parting<'a> {
    way: &'a Way,
    pipeline: Pipeline,
    /// What a row is to blame for comes behind the rows before it.
    waits: bool,
}

/// What one worker has put into buckets, and why it has not put in more.
struct Share {
    gathering: Gathering,
    stop: Option<(usize, Stop)>,
}

impl StageWork for Parting<'_> {
    type Share = Share;
    type Stop = Stop;

    fn start(&self) -> Result<Share, Stop> {
        Ok(Share { gathering: Gathering::to_disk(&self.pipeline.cx), stop: None })
    }

    fn run(&self, share: &mut Share, partition: usize) -> Result<Flow, Stop> {
        let cx = &self.pipeline.cx;
        let gathering = &mut share.gathering;
        let ran = self.pipeline.run(partition, |batch| gathering.push(compacted(batch)?, self.way, cx).map(|()| Flow::More));
        match ran {
            Ok(()) => Ok(Flow::More),
            Err(stop) if self.waits && may_wait(&stop) => {
                share.stop.get_or_insert((partition, stop));
                Ok(Flow::Enough)
            }
            Err(stop) => Err(stop),
        }
    }
}

/// Whether a stop counts only if rows behind it are wanted.
fn may_wait(stop: &Stop) -> bool {
    match stop {
        Stop::Restart(_) => true,
        Stop::Failed(error) => matches!(error.kind(), ErrorKind::Query(_) | ErrorKind::Data(_)),
    }
}

/// Rows of the result without their ranks.
#[derive(Debug, Clone)]
struct Rows {
    sides: Arc<Sides>,
    schema: SchemaRef,
    file: Option<String>,
}

impl Rows {
    fn batch(&self, batch: Batch) -> Result<Batch> {
        let batch = batch.dense()?;
        let columns = batch.columns()[..self.schema.fields().len()].to_vec();
        Batch::new(self.schema.clone(), columns, batch.len())
    }
}

/// The result in order.
#[derive(Debug)]
struct InOrder {
    sorted: Arc<dyn Source>,
    rows: Rows,
    /// What comes behind the last row.
    stop: Option<Stop>,
}

impl Source for InOrder {
    fn partitions(&self) -> usize {
        self.sorted.partitions() + usize::from(self.stop.is_some())
    }

    fn open(&self, partition: usize) -> Result<Box<dyn BatchReader>, Stop> {
        match &self.stop {
            Some(stop) if partition == self.sorted.partitions() => Err(stop.clone()),
            _ => Ok(Box::new(SortedReader { reader: self.sorted.open(partition)?, rows: self.rows.clone() })),
        }
    }

    fn file(&self, _: usize) -> Option<&str> {
        self.rows.file.as_deref()
    }
}

struct SortedReader {
    reader: Box<dyn BatchReader>,
    rows: Rows,
}

impl BatchReader for SortedReader {
    fn next(&mut self) -> Result<Option<Batch>, Stop> {
        Ok(self.reader.next()?.map(|batch| self.rows.batch(batch)).transpose()?)
    }

    fn ledger(&self) -> RowLedger {
        RowLedger::default()
    }
}

/// The result in any order, made while it is read; each bucket is a partition.
#[derive(Debug)]
struct Unordered {
    tasks: Vec<Task>,
    rows: Rows,
    /// For the places of the pieces.
    _memory: Vec<Reservation>,
}

impl Source for Unordered {
    fn partitions(&self) -> usize {
        self.tasks.len()
    }

    fn open(&self, partition: usize) -> Result<Box<dyn BatchReader>, Stop> {
        let joining = Joining::new(self.rows.sides.clone(), self.tasks[partition].clone());
        Ok(Box::new(BucketReader { joining, rows: self.rows.clone() }))
    }

    fn file(&self, _: usize) -> Option<&str> {
        self.rows.file.as_deref()
    }
}

struct BucketReader {
    joining: Joining,
    rows: Rows,
}

impl BatchReader for BucketReader {
    fn next(&mut self) -> Result<Option<Batch>, Stop> {
        Ok(self.joining.next()?.map(|batch| self.rows.batch(batch)).transpose()?)
    }

    fn ledger(&self) -> RowLedger {
        RowLedger::default()
    }
}
