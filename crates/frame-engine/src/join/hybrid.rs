//! A join of which some buckets of the right side are in memory: left rows go through these as they are read, and those of other buckets
//! wait on disk for the end.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::UInt32Array;
use arrow::compute::take;
use frame_core::{Batch, Result};
use frame_graph::Scheduler;
use frame_io::{BatchReader, RowLedger, Stop};
use frame_plan::JoinKind;

use super::buckets::{Rule, Wanted, in_first};
use super::gathering::{Gathering, Way};
use super::parted::{Apart, Resident, only_file};
use super::probe::Prober;
use super::table::NONE;
use crate::compact::compacted;
use crate::context::Context;
use crate::pipeline::{Pieces, Pipeline, Reading};
use crate::source::Source;

/// The result in any order. Its partitions are those of the left side, with what comes of the buckets in memory; the rest is that of the
/// others.
#[derive(Debug, Clone)]
pub(super) struct Hybrid {
    work: Arc<Work>,
    pipeline: Pipeline,
}

/// What is the same for all left rows.
struct Work {
    apart: Apart,
    /// A left side for the buckets in memory, and how many they are.
    prober: Arc<Prober>,
    buckets: usize,
    rule: Rule,
    way: Way,
    /// Rows for the disk, of readers that are done: the next ones go on with them.
    idle: Mutex<Vec<Gathering>>,
}

impl std::fmt::Debug for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} with {} buckets in memory", self.apart, self.buckets)
    }
}

impl Hybrid {
    /// The join with rows of a pipeline, of which those that are `wanted` may match something.
    pub(super) fn new(apart: &Apart, resident: &Resident, wanted: Wanted, pipeline: Pipeline) -> Self {
        let prober = &apart.prober;
        let keys = prober.finder.keys().to_vec();
        let result = (prober.columns.clone(), prober.schema.clone());
        let resident_prober = Prober {
            left_columns: prober.left_columns,
            is_unordered: true,
            ..Prober::new(keys.clone(), prober.kind, result, resident.built.clone(), prober.batch_rows)
        };
        let rule = Rule::new(keys, wanted);
        let work = Work {
            apart: apart.clone(),
            prober: Arc::new(resident_prober),
            buckets: resident.buckets,
            way: Way::Behind { rule: rule.clone(), passed: resident.buckets },
            rule,
            idle: Mutex::default(),
        };
        Self { work: Arc::new(work), pipeline }
    }
}

impl Source for Hybrid {
    fn partitions(&self) -> usize {
        self.pipeline.source.partitions()
    }

    fn open(&self, partition: usize) -> Result<Box<dyn BatchReader>, Stop> {
        let reading = self.pipeline.open(partition)?;
        let gathering = self.work.idle().pop().unwrap_or_else(|| Gathering::to_disk(&self.pipeline.cx));
        Ok(Box::new(Reader { hybrid: self.clone(), reading: Some(reading), gathering: Some(gathering), open: None }))
    }

    fn file(&self, partition: usize) -> Option<&str> {
        self.pipeline.source.file(partition)
    }

    fn rest(&self, scheduler: &Arc<Scheduler>) -> Result<Option<Arc<dyn Source>>, Stop> {
        if let Some(pipeline) = self.pipeline.rest(scheduler)? {
            return Ok(Some(Arc::new(Self { work: self.work.clone(), pipeline })));
        }
        self.pipeline.source.close()?;
        let gathered = std::mem::take(&mut *self.work.idle());
        let Work { apart, way, .. } = &*self.work;
        Ok(Some(scheduler.run_one(|| apart.joined(gathered, way, None, (only_file(&self.pipeline), &self.pipeline.cx), scheduler))?))
    }
}

impl Work {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Gathering>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What comes of the rows of a dense batch that belong to buckets in memory; the others are gathered.
    fn through(&self, batch: Batch, gathering: &mut Gathering, cx: &Context) -> Result<Pieces> {
        let mut found = self.prober.found(&batch)?;
        // What was found is in memory.
        let missed: UInt32Array = (0..).zip(&found).filter(|(_, row)| **row == NONE).map(|(row, _)| row).collect::<Vec<_>>().into();
        let columns = batch.columns().iter().map(|column| take(column, &missed, None)).collect::<Result<_, _>>()?;
        let missing = compacted(Batch::new(batch.schema().clone(), columns, missed.len())?.with_origin(batch.origin()))?;
        if matches!(self.prober.kind, JoinKind::Inner | JoinKind::Semi) {
            gathering.push(missing, &self.way, cx)?;
            return self.prober.joined(batch, found);
        }
        // That nothing matches is known of rows of buckets in memory, and of those with other keys than all right ones.
        let (_, waits) = in_first(self.buckets, &self.rule, missing.columns())?;
        gathering.push(missing, &self.way, cx)?;
        let mut is_known = vec![true; batch.len()];
        waits.values().iter().for_each(|at| is_known[missed.value(*at as usize) as usize] = false);
        let known: Vec<u32> = (0..).zip(&is_known).filter(|(_, is_known)| **is_known).map(|(row, _)| row).collect();
        let mut is_known = is_known.into_iter();
        found.retain(|_| is_known.next().unwrap_or(false));
        self.prober.joined(batch.with_selection(Some(Arc::new(known.into()))).dense()?, found)
    }
}

/// A partition of the left side.
struct Reader {
    hybrid: Hybrid,
    /// None at the end.
    reading: Option<Reading>,
    gathering: Option<Gathering>,
    /// What comes of the batch in hand.
    open: Option<Pieces>,
}

impl BatchReader for Reader {
    fn next(&mut self) -> Result<Option<Batch>, Stop> {
        let Hybrid { work, pipeline } = &self.hybrid;
        loop {
            if let Some(open) = &mut self.open {
                match open.next().transpose()? {
                    Some(batch) if batch.is_empty() => continue,
                    Some(batch) => return Ok(Some(batch.dense()?)),
                    None => self.open = None,
                }
            }
            let (Some(reading), Some(gathering)) = (&mut self.reading, &mut self.gathering) else { return Ok(None) };
            let Some(batch) = pipeline.next(reading)? else {
                self.reading = None;
                return Ok(None);
            };
            let batch = batch.dense()?;
            self.open = Some(work.through(batch, gathering, &pipeline.cx)?);
        }
    }

    fn ledger(&self) -> RowLedger {
        RowLedger::default()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(reading) = &self.reading {
            self.hybrid.pipeline.leave(reading);
        }
        self.hybrid.work.idle().extend(self.gathering.take());
    }
}
