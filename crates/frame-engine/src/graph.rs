//! The task graph: stages, each a pipeline into a sink, and the last pipeline, which streams its rows out.
//!
//! A stage names only earlier ones, so there is no cycle.

use std::fmt::{Debug, Write as _};
use std::sync::Arc;

use frame_core::{Batch, Error, Result};
use frame_graph::{Flow, Scheduler, StageWork};
use frame_io::{ScanRequest, Stop, Table};

use crate::context::Context;
use crate::join::Within;
use crate::pipeline::{Pipe, Pipeline};
use crate::slices::Sliced;
use crate::source::{Source, TableSource};
use crate::union::Union;

/// An operator that needs all rows before it gives any.
pub(crate) trait Sink: Send + Sync + Debug {
    /// What one worker has gathered.
    type Share: Send;

    /// A worker begins.
    fn start(&self, cx: &Context) -> Result<Self::Share>;

    /// Takes a batch.
    fn push(&self, share: &mut Self::Share, batch: Batch, cx: &Context) -> Result<()>;

    /// Makes what the next stage reads.
    fn finish(&self, shares: Vec<Self::Share>, scheduler: &Scheduler, cx: &Context) -> Result<Arc<dyn Source>>;

    /// One line for `frame explain`.
    fn explain(&self) -> String;
}

/// A sink of any kind, with the loop that fills it.
pub(crate) trait StageSink: Send + Sync + Debug {
    /// Runs a pipeline into the sink.
    fn collect(&self, pipeline: Pipeline, scheduler: &Arc<Scheduler>) -> Result<Arc<dyn Source>, Stop>;

    /// Whether it may leave rows at the end untaken.
    fn is_cut(&self) -> bool {
        false
    }

    /// One line for `frame explain`.
    fn explain(&self) -> String;
}

struct Work<'a, S> {
    sink: &'a S,
    pipeline: Pipeline,
}

impl<S: Sink> StageWork for Work<'_, S> {
    type Share = S::Share;
    type Stop = Stop;

    fn start(&self) -> Result<S::Share, Stop> {
        Ok(self.sink.start(&self.pipeline.cx)?)
    }

    fn run(&self, share: &mut S::Share, partition: usize) -> Result<Flow, Stop> {
        self.pipeline.run(partition, |batch| self.sink.push(share, batch, &self.pipeline.cx).map(|()| Flow::More))?;
        Ok(Flow::More)
    }
}

impl<S: Sink> StageSink for S {
    fn collect(&self, pipeline: Pipeline, scheduler: &Arc<Scheduler>) -> Result<Arc<dyn Source>, Stop> {
        let (shares, source) = pipeline.run_all(|pipeline| Work { sink: self, pipeline }, scheduler)?;
        source.close()?;
        // What was read is given up before it is made into something else.
        let cx = pipeline.cx.clone();
        drop((source, pipeline));
        Ok(scheduler.run_one(|| self.finish(shares, scheduler, &cx))?)
    }

    fn explain(&self) -> String {
        Sink::explain(self)
    }
}

/// What a pipeline reads.
#[derive(Debug)]
pub(crate) enum Feed {
    /// A table.
    Table {
        /// The table.
        table: Arc<dyn Table>,
        /// What is wanted of it.
        request: Arc<ScanRequest>,
        /// The path, for `frame explain`.
        path: String,
        /// The filter as text.
        filter: Option<String>,
        /// The rows were read before, in a first pass that has counted them.
        is_again: bool,
        /// Only rows that may find something in a table are wanted.
        within: Option<Arc<Within>>,
    },
    /// The result of an earlier stage, by its place.
    Stage(usize),
    /// Several flowlines, one after the other.
    Union(Vec<Flowline>),
    /// What comes of slices of tables.
    Sliced(Arc<Sliced>),
}

/// A pipeline whose source may not be there yet.
#[derive(Debug)]
pub(crate) struct Flowline {
    pub(crate) feed: Feed,
    pub(crate) pipes: Arc<[Arc<dyn Pipe>]>,
    /// The most rows that anyone will take of each partition.
    pub(crate) limit: Option<u64>,
}

/// A pipeline and the sink that it fills.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) flowline: Flowline,
    pub(crate) sink: Box<dyn StageSink>,
}

/// The stages, and the flowline whose batches are the answer.
#[derive(Debug)]
pub(crate) struct TaskGraph {
    pub(crate) stages: Vec<Stage>,
    pub(crate) last: Flowline,
    /// Rows to skip and rows to keep of the answer.
    pub(crate) limit: Option<(u64, u64)>,
}

impl Flowline {
    /// The pipeline, once the stages before it are done. Pipes that need all rows first are run up to here; `is_cut` if not all rows
    /// will be taken.
    pub(crate) fn pipeline(
        &self,
        done: &[Option<Arc<dyn Source>>],
        is_cut: bool,
        cx: &Context,
        scheduler: &Arc<Scheduler>,
    ) -> Result<Pipeline, Stop> {
        let source = match &self.feed {
            Feed::Stage(stage) => done[*stage].clone().ok_or_else(|| Error::internal("a stage was given up before it was read"))?,
            Feed::Sliced(sliced) => sliced.clone(),
            Feed::Table { table, request, path, is_again, within, .. } => {
                let (table, request, within) = (table.clone(), request.clone(), within.clone());
                Arc::new(TableSource { table, request, path: path.clone(), is_again: *is_again, within })
            }
            Feed::Union(inputs) => {
                let pipelines = inputs.iter().map(|input| input.pipeline(done, is_cut, cx, scheduler)).collect::<Result<_, Stop>>()?;
                Arc::new(Union { pipelines })
            }
        };
        Pipeline { source, pipes: self.pipes.clone(), cx: cx.clone() }.staged(is_cut, scheduler)
    }

    /// The stages that it reads.
    pub(crate) fn stages(&self) -> Vec<usize> {
        match &self.feed {
            Feed::Stage(stage) => vec![*stage],
            Feed::Table { .. } | Feed::Sliced(_) => Vec::new(),
            Feed::Union(inputs) => inputs.iter().flat_map(Self::stages).collect(),
        }
    }

    /// Whether reading it can make the run begin again.
    pub(crate) fn may_restart(&self) -> bool {
        match &self.feed {
            Feed::Table { table, .. } => table.may_restart(),
            // The stages before are done, and files with statistics have types.
            Feed::Stage(_) | Feed::Sliced(_) => false,
            Feed::Union(inputs) => inputs.iter().any(Self::may_restart),
        }
    }

    fn explain(&self, text: &mut String) {
        self.feed.explain(text);
        for pipe in self.pipes.iter() {
            let _ = writeln!(text, "  {}", pipe.explain());
        }
    }
}

impl Feed {
    /// Lines for `frame explain`.
    pub(crate) fn explain(&self, text: &mut String) {
        let _ = match self {
            Feed::Stage(stage) => writeln!(text, "  read stage {}", stage + 1),
            Feed::Sliced(sliced) => write!(text, "{}", sliced.explain()),
            Feed::Union(inputs) => {
                inputs.iter().for_each(|input| input.explain(text));
                writeln!(text, "  union of {}", inputs.len())
            }
            Feed::Table { table, request, path, filter, is_again, within } => {
                let columns = if request.columns.is_empty() { "no column".to_owned() } else { request.columns.join(", ") };
                let filter = filter.as_ref().map(|filter| format!(" where {filter}")).unwrap_or_default();
                let within = within
                    .as_ref()
                    .map(|within| format!(", {} within the keys of the table", within.columns().join(", ")))
                    .unwrap_or_default();
                writeln!(
                    text,
                    "  scan {path} [{columns}]{filter}{within} in {} partitions{}",
                    table.partitions(),
                    if *is_again { ", again" } else { "" }
                )
            }
        };
    }
}

impl TaskGraph {
    /// The stages as text, one after the other.
    pub(crate) fn explain(&self) -> String {
        let mut text = String::new();
        for (place, stage) in self.stages.iter().enumerate() {
            let _ = writeln!(text, "stage {}", place + 1);
            stage.flowline.explain(&mut text);
            let _ = writeln!(text, "  {}", stage.sink.explain());
        }
        let _ = writeln!(text, "answer");
        self.last.explain(&mut text);
        if let Some((offset, count)) = self.limit {
            let _ = writeln!(text, "  take {count} from {offset}, in order");
        }
        text
    }
}
