//! A source and the pipes behind it: what one task does with one partition.

use std::fmt::Debug;
use std::sync::Arc;

use frame_core::{Batch, DataError, Error, ErrorKind, FilePosition, Origin, Result};
use frame_graph::Flow;
use frame_io::Stop;

use crate::context::Context;
use crate::source::Source;

/// An operator that turns each batch into another one and remembers nothing.
pub(crate) trait Pipe: Send + Sync + Debug {
    /// The batch behind the operator; the rows that it rejects are added to `rejected`.
    fn apply(&self, batch: Batch, rejected: &mut u64) -> Result<Batch>;

    /// The batch behind the operator in pieces, for an operator that may make many rows of few; it is asked before [`Pipe::apply`].
    fn pieces(&self, _batch: &Batch) -> Result<Option<Pieces>> {
        Ok(None)
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
    pub(crate) pipes: Arc<[Box<dyn Pipe>]>,
    pub(crate) cx: Context,
}

impl Pipeline {
    /// Reads one partition through all pipes into `take`; empty batches are left out.
    pub(crate) fn run(&self, partition: usize, mut take: impl FnMut(Batch) -> Result<Flow>) -> Result<(), Stop> {
        let mut reader = self.source.open(partition)?;
        let mut cascade = Cascade::new(self, partition);
        while let Some(batch) = reader.next()? {
            self.cx.cancel.check()?;
            cascade.push(self, batch)?;
            while let Some(batch) = cascade.next(self)? {
                if !batch.is_empty() && take(batch)? == Flow::Enough {
                    // The rest of the partition is not looked at, so nothing can be said of its rows.
                    self.source.left(partition, reader.ledger().rejecting(cascade.rejected), &self.cx);
                    return Ok(());
                }
                self.cx.cancel.check()?;
            }
        }
        self.source.done(partition, reader.ledger().rejecting(cascade.rejected), &self.cx)
    }
}

/// The batches of a partition on their way through the pipes: one goes in, and none, one or many come out.
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
}

impl Cascade {
    pub(crate) fn new(pipeline: &Pipeline, partition: usize) -> Self {
        Self { partition, open: Vec::new(), ready: None, numbers: vec![0; pipeline.pipes.len() + 1], rejected: 0 }
    }

    /// Takes the next batch of the source, when all that came of the one before was taken.
    pub(crate) fn push(&mut self, pipeline: &Pipeline, batch: Batch) -> Result<()> {
        self.ready = self.through(pipeline, 0, batch)?;
        Ok(())
    }

    /// The next batch behind all pipes.
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
            let piece = piece.map_err(|error| located(error, pipeline.source.file(self.partition)))?;
            if let Some(batch) = self.through(pipeline, behind, piece)? {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// A batch that is behind so many pipes, behind all of them; `None` if it has become pieces.
    fn through(&mut self, pipeline: &Pipeline, behind: usize, batch: Batch) -> Result<Option<Batch>> {
        let origin = Origin { partition: self.partition, batch: self.numbers[behind] };
        self.numbers[behind] += 1;
        let mut batch = batch.with_origin(Some(origin));
        let locate = |error| located(error, pipeline.source.file(self.partition));
        for (at, pipe) in pipeline.pipes.iter().enumerate().skip(behind) {
            if let Some(pieces) = pipe.pieces(&batch).map_err(locate)? {
                self.open.push((at + 1, pieces));
                return Ok(None);
            }
            batch = pipe.apply(batch, &mut self.rejected).map_err(locate)?;
        }
        Ok(Some(batch))
    }
}

/// The error with the file that its value comes from.
fn located(error: Error, file: Option<&str>) -> Error {
    let (ErrorKind::Data(DataError::Value { position: None, value, expected }), Some(file)) = (error.kind(), file) else { return error };
    let position = Some(FilePosition { file: file.to_owned(), ..FilePosition::default() });
    let with_place = Error::new(DataError::Value { position, value: value.clone(), expected: expected.clone() });
    let with_place = error.span().map_or(with_place.clone(), |span| with_place.at(span));
    error.advice().map_or(with_place.clone(), |advice| with_place.hint(advice))
}
