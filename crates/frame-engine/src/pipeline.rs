//! A source and the pipes behind it: what one task does with one partition.

use std::fmt::Debug;
use std::sync::Arc;

use frame_core::{Batch, DataError, Error, ErrorKind, FilePosition, Origin, Result, sound_rows};
use frame_graph::Flow;
use frame_io::{BatchReader, Stop};

use crate::context::Context;
use crate::source::Source;

/// An operator that turns each batch into another one and remembers nothing.
pub(crate) trait Pipe: Send + Sync + Debug {
    /// The batch behind the operator; the rows that it rejects are added to `rejected`.
    fn apply(&self, batch: Batch, rejected: &mut u64) -> Result<Batch>;

    /// One line for `frame explain`.
    fn explain(&self) -> String;
}

/// A source and its pipes, ready to run.
#[derive(Debug, Clone)]
pub(crate) struct Pipeline {
    pub(crate) source: Arc<dyn Source>,
    pub(crate) pipes: Arc<[Box<dyn Pipe>]>,
    pub(crate) cx: Context,
}

/// A partition being read.
pub(crate) struct Reading {
    reader: Box<dyn BatchReader>,
    partition: usize,
    /// Batches so far.
    place: usize,
    /// Rows that pipes have rejected so far.
    rejected: u64,
    /// What happened behind the rows that are out.
    failure: Option<Error>,
}

impl Pipeline {
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
        Ok(Reading { reader: self.source.open(partition)?, partition, place: 0, rejected: 0, failure: None })
    }

    /// The next batch that is not empty, behind all pipes; none when the partition was read to its end.
    pub(crate) fn next(&self, reading: &mut Reading) -> Result<Option<Batch>, Stop> {
        loop {
            if let Some(failure) = reading.failure.take() {
                return Err(failure.into());
            }
            let Some(batch) = reading.reader.next()? else { break };
            self.cx.cancel.check()?;
            let origin = Origin { partition: reading.partition, batch: reading.place };
            let (batch, failure) = self.piped(batch, origin, &mut reading.rejected)?;
            reading.failure = failure;
            reading.place += 1;
            if !batch.is_empty() {
                return Ok(Some(batch));
            }
        }
        self.source.done(reading.partition, reading.reader.ledger().rejecting(reading.rejected), &self.cx)?;
        Ok(None)
    }

    /// The rest of the partition is not looked at, so nothing can be said of its rows.
    pub(crate) fn leave(&self, reading: &Reading) {
        self.source.left(reading.partition, reading.reader.ledger().rejecting(reading.rejected), &self.cx);
    }

    /// A batch of the source behind all pipes, up to the first row that one of them fails for, and that failure: it counts only if rows
    /// behind those of the batch are wanted.
    ///
    /// # Errors
    /// A failure that no row is to blame for.
    pub(crate) fn piped(&self, batch: Batch, origin: Origin, rejected: &mut u64) -> Result<(Batch, Option<Error>)> {
        let (mut batch, mut failure) = (batch.with_origin(Some(origin)), None);
        for pipe in self.pipes.iter() {
            batch = match pipe.apply(batch.clone(), rejected) {
                Ok(batch) => batch,
                Err(error) if is_of_a_row(&error) && !batch.is_empty() => {
                    let (sound, first) = sound(pipe.as_ref(), batch, error, rejected)?;
                    // The row stands in front of those that an earlier pipe has failed for.
                    failure = Some(located(first, self.source.file(origin.partition)));
                    sound
                }
                Err(error) => return Err(error),
            };
        }
        Ok((batch, failure))
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
