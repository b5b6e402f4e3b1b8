//! Samples: the rows are counted first, so that each has a number that does not depend on how the input is cut.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::UInt32Array;
use frame_core::{Batch, Error, Result};
use frame_expr::BoundExpr;
use frame_graph::{Flow, Scheduler, StageWork};
use frame_io::Stop;
use frame_plan::SampleSize;

use super::ranking::{Ranking, chance};
use super::sink::{Arrangement, TopRows};
use crate::context::{Context, Counters};
use crate::graph::{Sink, StageSink};
use crate::pipeline::Pipeline;
use crate::sort::Sort;
use crate::source::Source;

/// Keeps rows by chance. The pipeline runs twice.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) size: SampleSize,
    pub(crate) per: Vec<BoundExpr>,
    pub(crate) seed: u64,
    pub(crate) schema: arrow::datatypes::SchemaRef,
    /// The operator as text.
    pub(crate) text: String,
}

/// Counts the rows of each partition.
struct Counting<'a> {
    pipeline: &'a Pipeline,
    rows: Vec<AtomicU64>,
}

impl StageWork for Counting<'_> {
    type Share = ();
    type Stop = Stop;

    fn start(&self) -> Result<(), Stop> {
        Ok(())
    }

    fn run(&self, (): &mut (), partition: usize) -> Result<Flow, Stop> {
        self.pipeline.run(partition, |batch| {
            self.rows[partition].fetch_add(batch.len() as u64, Ordering::Relaxed);
            Ok(Flow::More)
        })?;
        Ok(Flow::More)
    }
}

impl StageSink for Sample {
    fn collect(&self, pipeline: Pipeline, scheduler: &Arc<Scheduler>) -> Result<Arc<dyn Source>, Stop> {
        let partitions = pipeline.source.partitions();
        // The rows of the first pass are counted in the second one.
        let mut first_pass = pipeline.clone();
        first_pass.cx.counters = Arc::new(Counters::default());
        let counting = Counting { pipeline: &first_pass, rows: (0..partitions).map(|_| AtomicU64::new(0)).collect() };
        scheduler.run(&counting, partitions)?;
        let mut next = 0;
        let starts = counting.rows.into_iter().map(|rows| {
            let start = next;
            next += rows.into_inner();
            start
        });
        let starts = starts.collect();
        match self.size {
            SampleSize::Rows(count) => {
                let top = TopRows {
                    count,
                    per: self.per.clone(),
                    ranking: Ranking::Chance { seed: self.seed, starts },
                    with_ties: false,
                    arrangement: Arrangement::Input,
                    schema: self.schema.clone(),
                    text: self.text.clone(),
                    kept_as: PhantomData::<fn() -> u128>,
                };
                top.collect(pipeline, scheduler)
            }
            SampleSize::Fraction(fraction) => {
                let rows = Sort::new(Vec::new(), self.schema.clone(), String::new())?;
                Chosen { fraction, seed: self.seed, starts, rows }.collect(pipeline, scheduler)
            }
        }
    }

    fn explain(&self) -> String {
        self.text.clone()
    }
}

/// Keeps each row with the same chance.
#[derive(Debug)]
struct Chosen {
    fraction: f64,
    seed: u64,
    starts: Vec<u64>,
    /// Puts the rows in the order of the input.
    rows: Sort,
}

impl Sink for Chosen {
    /// What is gathered, the partition in hand, and its rows so far.
    type Share = (<Sort as Sink>::Share, usize, u64);

    fn start(&self, cx: &Context) -> Result<Self::Share> {
        Ok((self.rows.start(cx)?, usize::MAX, 0))
    }

    fn push(&self, share: &mut Self::Share, batch: Batch, cx: &Context) -> Result<()> {
        let partition = batch.origin().ok_or_else(|| Error::internal("a batch without an origin"))?.partition;
        let batch = batch.dense()?;
        if share.1 != partition {
            (share.1, share.2) = (partition, 0);
        }
        let first = self.starts[partition] + share.2;
        share.2 += batch.len() as u64;
        // 2⁶⁴ as a float, and so the end of all chances.
        let limit = self.fraction * 18_446_744_073_709_551_616.0;
        let chosen = (0..batch.len() as u32).filter(|row| (chance(self.seed, first + u64::from(*row)) as f64) < limit);
        let chosen: UInt32Array = UInt32Array::from_iter_values(chosen);
        if chosen.is_empty() {
            return Ok(());
        }
        self.rows.push(&mut share.0, batch.with_selection(Some(Arc::new(chosen))), cx)
    }

    fn finish(&self, shares: Vec<Self::Share>, scheduler: &Scheduler, cx: &Context) -> Result<Arc<dyn Source>> {
        self.rows.finish(shares.into_iter().map(|share| share.0).collect(), scheduler, cx)
    }

    fn explain(&self) -> String {
        Sink::explain(&self.rows)
    }
}
