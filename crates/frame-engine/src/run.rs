//! A run: attempts until one needs no restart, and the batches of the answer.
//!
//! Tasks never wait for each other's memory. When one of several that run at once cannot do without more than there is, the run begins
//! again with one task at a time, which takes the least; only then the limit is too small.

use std::sync::Arc;
use std::time::Instant;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use frame_core::{Error, ErrorKind, Result};
use frame_io::Stop;
use frame_io::formats::Workers;
use frame_plan::{Plan, Remark, Target};

use crate::context::Context;
use crate::engine::{Engine, Planner};
use crate::graph::{Feed, Flowline, Stage, TaskGraph};
use crate::lower::lower;
use crate::report::{Progress, Report, sentence};
use crate::restart::{Emitted, too_late};
use crate::source::Source;
use crate::stream::Stream;
use crate::tables::Tables;
use crate::write::Threads;

/// A running query: an iterator over the batches of its answer.
///
/// After an error the iterator ends. [`Run::finish`] gives the report.
///
/// When what a file was taken for turns out to be wrong, or memory is short for several tasks at once, the run begins again. Rows that are out
/// must then come again as they were, and only those behind them are handed out; see [`Run::taken_back`] for who can forget them instead.
pub struct Run {
    engine: Engine,
    planner: Planner,
    tables: Tables,
    attempt: Attempt,
    emitted: Emitted,
    restarts: Vec<String>,
    progress: Progress,
    started: Instant,
    /// Whoever takes the rows forgets them when the run begins again.
    is_taken_back: bool,
    is_over: bool,
}

/// One attempt: the answer is streaming.
struct Attempt {
    schema: SchemaRef,
    /// None once it has ended.
    stream: Option<Stream>,
    cx: Context,
    /// The rows that this attempt has given.
    given: Emitted,
    /// Another attempt may give the rows in another order.
    is_unordered: bool,
    /// Where the plan ends, if it ends with a `write`.
    target: Option<Target>,
}

impl Run {
    pub(crate) fn start(mut engine: Engine, planner: Planner, progress: Progress) -> Result<Self> {
        let started = Instant::now();
        let mut tables = engine.tables();
        let mut restarts = Vec::new();
        let attempt = attempt(&mut engine, &planner, &mut tables, &mut restarts, &progress)?;
        // Nobody needs to ask for rows when there are none.
        if attempt.target.as_ref().is_some_and(|target| target.path != "-") {
            tables.finish(attempt.cx.counters.ledger().read)?;
            attempt.cx.outputs.complete()?;
        }
        Ok(Self {
            engine,
            planner,
            tables,
            attempt,
            emitted: Emitted::new(false),
            restarts,
            progress,
            started,
            is_taken_back: false,
            is_over: false,
        })
    }

    /// The same run for somebody who can forget rows, such as the writer of a file that nobody sees before it is complete. Whenever
    /// [`Run::restarts`] is one more after a batch or at the end, all rows come again from the first one on, perhaps with another
    /// [`Run::schema`].
    #[must_use]
    pub fn taken_back(mut self) -> Self {
        self.attempt.given = Emitted::new(false);
        Self { is_taken_back: true, ..self }
    }

    /// How often the run has begun again.
    pub fn restarts(&self) -> usize {
        self.restarts.len()
    }

    /// The session's threads, for whoever writes the answer.
    pub fn workers(&self) -> Arc<dyn Workers> {
        Arc::new(Threads(self.engine.scheduler.clone()))
    }

    /// Names and types of the answer.
    pub fn schema(&self) -> &SchemaRef {
        &self.attempt.schema
    }

    /// Where the rows go if the query ends with `write`: no row comes out here then, unless the path is `-`, which the caller writes to.
    pub fn target(&self) -> Option<&Target> {
        self.attempt.target.as_ref()
    }

    /// Takes what is left of the answer and tells what the run did.
    ///
    /// # Errors
    /// The error that the run ends with.
    pub fn finish(mut self) -> Result<Report> {
        for batch in self.by_ref() {
            batch?;
        }
        let ledger = self.attempt.cx.counters.ledger();
        Ok(Report {
            rows_read: ledger.read,
            rows_filtered: ledger.filtered,
            rows_kept: ledger.kept,
            rows_rejected: ledger.rejected,
            derived_rejected: self.attempt.cx.counters.rejected_derived(),
            rows_written: self.attempt.cx.counters.written(),
            rows_out: self.emitted.rows,
            bytes_read: self.progress.bytes().0,
            peak_reserved_bytes: self.engine.budget.peak_bytes(),
            spilled_bytes: self.engine.spill.written_bytes(),
            peak_spilled_bytes: self.engine.spill.peak_bytes(),
            elapsed: self.started.elapsed(),
            restarts: self.restarts,
        })
    }

    fn advance(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            self.engine.cancel.check()?;
            let next = self.attempt.stream.as_mut().and_then(Iterator::next);
            if !matches!(next, Some(Ok(_))) {
                // What it holds is not needed any more, least of all by another attempt.
                self.attempt.stream = None;
            }
            let batch = match next {
                None => {
                    self.tables.finish(self.attempt.cx.counters.ledger().read)?;
                    self.attempt.cx.outputs.complete()?;
                    return Ok(None);
                }
                Some(Ok((batch, _memory))) => batch.into_record_batch()?,
                Some(Err(Stop::Failed(error))) if self.emitted.rows > 0 && self.attempt.is_unordered && !self.is_taken_back => {
                    return Err(error);
                }
                Some(Err(Stop::Failed(error))) => {
                    self.restarts.push(relieved(&mut self.engine, &self.attempt.cx, error)?);
                    self.again("memory was short")?;
                    continue;
                }
                Some(Err(Stop::Restart(restart))) => {
                    self.restarts.push(sentence(&restart));
                    self.tables.learn(&restart);
                    self.again(&sentence(&restart))?;
                    continue;
                }
            };
            // Rows that were handed out before a restart must come again; only what lies behind them is new.
            let (old, new) = self.emitted.split(self.attempt.given.rows.min(self.emitted.rows), &batch);
            if old.num_rows() > 0 {
                self.attempt.given.add(&old)?;
                if self.attempt.given.rows == self.emitted.rows && self.attempt.given != self.emitted {
                    return Err(too_late("earlier rows turned out to be others", self.emitted.rows));
                }
            }
            if new.num_rows() > 0 {
                self.attempt.given.add(&new)?;
                self.emitted = self.attempt.given;
                return Ok(Some(new));
            }
        }
    }

    /// Begins again, for a reason.
    fn again(&mut self, why: &str) -> Result<()> {
        let mut attempt = attempt(&mut self.engine, &self.planner, &mut self.tables, &mut self.restarts, &self.progress)?;
        if self.is_taken_back {
            (self.emitted, attempt.given) = (Emitted::new(false), Emitted::new(false));
        }
        if self.emitted.rows > 0 && attempt.schema != self.attempt.schema {
            return Err(too_late(why, self.emitted.rows));
        }
        self.attempt = attempt;
        Ok(())
    }
}

impl Iterator for Run {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let batch = self.advance().transpose();
        self.is_over = !matches!(batch, Some(Ok(_)));
        batch
    }
}

/// Plans and runs the stages, as often as they ask for it.
fn attempt(
    engine: &mut Engine,
    planner: &Planner,
    tables: &mut Tables,
    restarts: &mut Vec<String>,
    progress: &Progress,
) -> Result<Attempt> {
    loop {
        let plan = planner(tables)?;
        let schema = plan.schema(tables)?;
        let target = match &plan {
            Plan::Write(write) => Some(write.target.clone()),
            _ => None,
        };
        let is_unordered = is_unordered(&plan);
        let (plan, _) = engine.optimized(plan, tables)?;
        let cx = engine.context();
        progress.show(&cx.counters);
        let graph = lower(&plan, tables, &cx)?;
        let given = Emitted::new(graph.last.may_restart());
        match stages(engine, graph, &cx) {
            Ok(stream) => {
                return Ok(Attempt { schema, stream: Some(stream), cx, given, is_unordered, target });
            }
            Err(Stop::Failed(error)) => restarts.push(relieved(engine, &cx, error)?),
            Err(Stop::Restart(restart)) => {
                restarts.push(sentence(&restart));
                tables.learn(&restart);
            }
        }
    }
}

/// Lets one task run at a time if memory was too short for several in an attempt, and joins keep nothing that can go to disk; says so.
///
/// # Errors
/// The error itself if that is no help, or rows of the attempt cannot be taken back.
fn relieved(engine: &mut Engine, cx: &Context, error: Error) -> Result<String> {
    let threads = engine.scheduler.threads();
    let can_less = threads > 1 || cx.counters.has_stayed();
    if !can_less || cx.outputs.is_gone() || !matches!(error.kind(), ErrorKind::Memory(_)) {
        return Err(error);
    }
    *engine = engine.alone()?;
    Ok(if threads > 1 {
        format!("memory was short for {threads} tasks at once ({error}): the run began again with one at a time")
    } else {
        format!("memory was short beside the part of a join that had stayed there ({error}): the run began again without")
    })
}

/// Whether rows may come in an order that depends on the threads.
fn is_unordered(plan: &Plan) -> bool {
    matches!(plan, Plan::Mark(mark) if mark.remark == Remark::Unordered) || plan.inputs().into_iter().any(is_unordered)
}

/// Runs the stages and starts the stream of the answer. What a stage has made is given up when the last one that reads it has done so,
/// and the tables of joins with the pipes that look into them: what comes needs the memory.
fn stages(engine: &Engine, graph: TaskGraph, cx: &Context) -> Result<Stream, Stop> {
    let TaskGraph { stages, last, limit } = graph;
    let bytes = stages.iter().map(|stage| &stage.flowline).chain([&last]).map(bytes).sum();
    cx.counters.bytes_total.store(bytes, std::sync::atomic::Ordering::Relaxed);
    let mut readers: Vec<Vec<usize>> = stages.iter().map(|stage| stage.flowline.stages()).collect();
    readers.push(last.stages());
    let mut done: Vec<Option<Arc<dyn Source>>> = Vec::new();
    for (at, Stage { flowline, sink }) in stages.into_iter().enumerate() {
        cx.cancel.check()?;
        let pipeline = flowline.pipeline(&done, sink.is_cut(), cx, &engine.scheduler)?;
        drop(flowline);
        for read in &readers[at] {
            if !readers[at + 1..].iter().flatten().any(|later| later == read) {
                done[*read] = None;
            }
        }
        done.push(Some(sink.collect(pipeline, &engine.scheduler)?));
    }
    let last_pipeline = last.pipeline(&done, limit.is_some(), cx, &engine.scheduler)?;
    Ok(Stream::new(last_pipeline, last.limit, limit, &engine.scheduler))
}

fn bytes(flowline: &Flowline) -> u64 {
    match &flowline.feed {
        Feed::Table { table, .. } => table.bytes(),
        Feed::Sliced(sliced) => sliced.bytes(),
        Feed::Stage(_) => 0,
        Feed::Union(inputs) => inputs.iter().map(bytes).sum(),
    }
}
