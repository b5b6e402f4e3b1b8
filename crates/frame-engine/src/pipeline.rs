//! A source and the pipes behind it: what one task does with one partition.

use std::fmt::Debug;
use std::sync::Arc;

use frame_core::{Batch, DataError, Error, ErrorKind, FilePosition, Origin, Result, sound_rows};
use frame_graph::{Flow, Scheduler, StageWork};
use frame_io::{BatchReader, Stop};

use crate::context::Context;
use crate::graph::StageSink;
use crate::source::Source;

/// An operator that turns each batch into another one and remembers nothing.
pub(crate) trait Pipe: Send + Sync + Debug {
    /// The batch behind the operator; the rows that it rejects are added to `rejected`.
    fn apply(&self, batch: Batch, rejected: &mut u64) -> Result<Batch>;

    /// The batch behind the operator in pieces, for an operator that may make many rows of few; it is asked before [`Pipe::apply`].
    fn pieces(&self, _batch: &Batch) -> Result<Option<Pieces>> {
        Ok(None)
    }

    /// The stage to run in its place, if it has turned out that it needs all rows before it gives any; `is_cut` if not all of its rows
    /// will be taken.
    fn stage(&self, _is_cut: bool) -> Option<Box<dyn StageSink>> {
        None
    }

    /// One line for `frame explain`.
    fn explain(&self) -> String;
}

/// Batches that an operator makes of one, as they are asked for.
pub(crate) type Pieces = Box<dyn Iterator<Item = Result<Batch>> + Send>;

/// A source and its pipes, ready to run.
#[derive(Debug, Clone)]
pub(crate) struct Pipeline {
    pub(crate) source: Arc<dyn Source>,
    pub(crate) pipes: Arc<[Arc<dyn Pipe>]>,
    pub(crate) cx: Context,
}

/// What the workers of a stage have gathered, and the source that they have read to its end.
pub(crate) type Shares<S> = (Vec<S>, Arc<dyn Source>);

/// A partition being read.
pub(crate) struct Reading {
    reader: Box<dyn BatchReader>,
    cascade: Cascade,
}

impl Pipeline {
    /// The pipeline behind its last pipe that needs all rows before it gives any: these are run. `is_cut` if not all rows will be taken.
    pub(crate) fn staged(mut self, is_cut: bool, scheduler: &Arc<Scheduler>) -> Result<Self, Stop> {
        while let Some((at, stage)) = self.pipes.iter().enumerate().find_map(|(at, pipe)| Some((at, pipe.stage(is_cut)?))) {
            let behind = self.pipes[at + 1..].into();
            self.pipes = self.pipes[..at].into();
            let cx = self.cx.clone();
            self = Self { source: stage.collect(self, scheduler)?, pipes: behind, cx };
        }
        Ok(self)
    }

    /// All partitions as work of a stage, and what the source has for those who have read them; gives the source that is to be closed.
    pub(crate) fn run_all<W: StageWork<Stop = Stop>>(
        &self,
        work: impl Fn(Self) -> W,
        scheduler: &Arc<Scheduler>,
    ) -> Result<Shares<W::Share>, Stop> {
        let (mut pipeline, mut shares) = (self.clone(), Vec::new());
        loop {
            shares = scheduler.go_on(&work(pipeline.clone()), pipeline.source.partitions(), shares)?;
            match pipeline.rest(scheduler)? {
                Some(rest) => pipeline = rest,
                None => return Ok((shares, pipeline.source)),
            }
        }
    }

    /// What the source has for those who have read it, through the same pipes.
    pub(crate) fn rest(&self, scheduler: &Arc<Scheduler>) -> Result<Option<Self>, Stop> {
        Ok(self.source.rest(scheduler)?.map(|source| Self { source, ..self.clone() }))
    }

    /// Reads one partition through all pipes into `take`; empty batches are left out.
    pub(crate) fn run(&self, partition: usize, mut take: impl FnMut(Batch) -> Result<Flow>) -> Result<(), Stop> {
        let mut reading = self.open(partition)?;
        while let Some(batch) = self.next(&mut reading)? {
            if take(batch)? == Flow::Enough {
                self.leave(&reading);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Starts to read a partition.
    pub(crate) fn open(&self, partition: usize) -> Result<Reading, Stop> {
        Ok(Reading { reader: self.source.open(partition)?, cascade: Cascade::new(self, partition) })
    }

    /// The next batch that is not empty, behind all pipes; none when the partition was read to its end.
    pub(crate) fn next(&self, reading: &mut Reading) -> Result<Option<Batch>, Stop> {
        loop {
            self.cx.cancel.check()?;
            if let Some(batch) = reading.cascade.next(self)? {
                if !batch.is_empty() {
                    return Ok(Some(batch));
                }
                continue;
            }
            let Some(batch) = reading.reader.next()? else { break };
            reading.cascade.push(self, batch)?;
        }
        let Reading { reader, cascade } = reading;
        self.source.done(cascade.partition, reader.ledger().rejecting(cascade.rejected), &self.cx)?;
        Ok(None)
    }

    /// The rest of the partition is not looked at, so nothing can be said of its rows.
    pub(crate) fn leave(&self, reading: &Reading) {
        let Reading { reader, cascade } = reading;
        self.source.left(cascade.partition, reader.ledger().rejecting(cascade.rejected), &self.cx);
    }
}

/// The batches of a partition on their way through the pipes: one goes in, and none, one or many come out, up to the first row that a
/// pipe fails for. The failure comes behind the rows in front of it: it counts only if more is wanted.
pub(crate) struct Cascade {
    partition: usize,
    /// Pieces that are not done, each with the number of pipes that they are behind.
    open: Vec<(usize, Pieces)>,
    /// A batch that has come through.
    ready: Option<Batch>,
    /// For each number of pipes the batches that were numbered anew behind them; the first is that of the source.
    numbers: Vec<usize>,
    /// Rows that pipes rejected.
    pub(crate) rejected: u64,
    /// What happened behind the rows that are under way.
    failure: Option<Error>,
}

impl Cascade {
    pub(crate) fn new(pipeline: &Pipeline, partition: usize) -> Self {
        let numbers = vec![0; pipeline.pipes.len() + 1];
        Self { partition, open: Vec::new(), ready: None, numbers, rejected: 0, failure: None }
    }

    /// Takes the next batch of the source, when all that came of the one before was taken.
    ///
    /// # Errors
    /// A failure that no row is to blame for.
    pub(crate) fn push(&mut self, pipeline: &Pipeline, batch: Batch) -> Result<()> {
        self.ready = self.through(pipeline, 0, batch)?;
        Ok(())
    }

    /// The next batch behind all pipes; none when the next one of the source is to be pushed.
    ///
    /// # Errors
    /// The failure of the row behind those that are out, and what no row is to blame for.
    pub(crate) fn next(&mut self, pipeline: &Pipeline) -> Result<Option<Batch>> {
        if let Some(batch) = self.ready.take() {
            return Ok(Some(batch));
        }
        while let Some((behind, pieces)) = self.open.last_mut() {
            let behind = *behind;
            let Some(piece) = pieces.next() else {
                self.open.pop();
                continue;
            };
            if let Some(batch) = self.through(pipeline, behind, piece?)? {
                return Ok(Some(batch));
            }
        }
        self.failure.take().map_or(Ok(None), Err)
    }

    /// A batch that is behind so many pipes, behind all of them; `None` if it has become pieces.
    fn through(&mut self, pipeline: &Pipeline, behind: usize, batch: Batch) -> Result<Option<Batch>> {
        let origin = Origin { partition: self.partition, batch: self.numbers[behind] };
        self.numbers[behind] += 1;
        let mut batch = batch.with_origin(Some(origin));
        for (at, pipe) in pipeline.pipes.iter().enumerate().skip(behind) {
            if let Some(pieces) = pipe.pieces(&batch)? {
                self.open.push((at + 1, pieces));
                return Ok(None);
            }
            batch = match pipe.apply(batch.clone(), &mut self.rejected) {
                Ok(batch) => batch,
                Err(error) if is_of_a_row(&error) && !batch.is_empty() => {
                    let (sound, first) = sound(pipe.as_ref(), batch, error, &mut self.rejected)?;
                    // The row stands in front of those that an earlier pipe has failed for, and of all pieces that are not done.
                    self.open.clear();
                    self.failure = Some(located(first, pipeline.source.file(self.partition)));
                    sound
                }
                Err(error) => return Err(error),
            };
        }
        Ok(Some(batch))
    }
}

/// Whether an error is the fault of a value, not of the machine or of frame.
fn is_of_a_row(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Query(_) | ErrorKind::Data(_))
}

/// The rows of a batch in front of the first one that a pipe fails for, behind that pipe, and the failure of that row.
fn sound(pipe: &dyn Pipe, batch: Batch, error: Error, rejected: &mut u64) -> Result<(Batch, Error)> {
    let batch = batch.dense()?;
    let part = |start: usize, len: usize, rejected: &mut u64| pipe.apply(batch.clone().slice(start, len)?, rejected);
    let rows = sound_rows(batch.len(), |range| part(range.start, range.len(), &mut 0).is_ok());
    // Of several failures that of the first row is told, whatever the size of the batch.
    let first = part(rows, 1, &mut 0).err().unwrap_or(error);
    Ok((part(0, rows, rejected)?, first))
}

/// The error with the file that its value comes from.
fn located(error: Error, file: Option<&str>) -> Error {
    let (ErrorKind::Data(DataError::Value { position: None, value, expected }), Some(file)) = (error.kind(), file) else { return error };
    let position = Some(FilePosition { file: file.to_owned(), ..FilePosition::default() });
    let with_place = Error::new(DataError::Value { position, value: value.clone(), expected: expected.clone() });
    let with_place = error.span().map_or(with_place.clone(), |span| with_place.at(span));
    error.advice().map_or(with_place.clone(), |advice| with_place.hint(advice))
}
