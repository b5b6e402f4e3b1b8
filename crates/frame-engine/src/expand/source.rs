//! A pipeline whose rows become several, as a source: what a batch becomes is cut into batches of the usual size.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{ArrayRef, UInt32Array, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use frame_core::{Batch, Error, Origin, Result};
use frame_io::{BatchReader, RowLedger, Stop};

use crate::context::Context;
use crate::pipeline::Pipeline;
use crate::source::Source;

/// An operator that makes rows of each row of a batch.
pub(crate) trait Expand: Send + Sync + Debug {
    /// What becomes of a dense batch.
    fn spread(&self, batch: &Batch) -> Result<Spread>;

    /// The columns of the result: those that stay, the number of each row among those of its parent, and the values.
    fn columns(&self, kept: Vec<ArrayRef>, numbers: &UInt32Array, values: ArrayRef) -> Result<Vec<ArrayRef>>;

    /// The columns of the result.
    fn schema(&self) -> &SchemaRef;

    /// One line for `frame explain`.
    fn explain(&self) -> String;
}

/// What the rows of a batch become.
pub(crate) struct Spread {
    /// The columns that stay as they are.
    pub(crate) kept: Vec<ArrayRef>,
    /// The values of all new rows.
    pub(crate) values: ArrayRef,
    /// For each row where its first value lies and how many it has; a row without values becomes one with a null.
    pub(crate) rows: Vec<(u64, u32)>,
    /// How far apart the values of a row lie.
    pub(crate) stride: u64,
}

/// A pipeline and the operator behind it.
#[derive(Debug)]
pub(crate) struct Expanded {
    pub(crate) pipeline: Pipeline,
    pub(crate) expand: Arc<dyn Expand>,
}

impl Source for Expanded {
    fn partitions(&self) -> usize {
        self.pipeline.source.partitions()
    }

    fn open(&self, partition: usize) -> Result<Box<dyn BatchReader>, Stop> {
        Ok(Box::new(Reader {
            reader: self.pipeline.source.open(partition)?,
            pipeline: self.pipeline.clone(),
            expand: self.expand.clone(),
            origin: Origin { partition, batch: 0 },
            rejected: 0,
            open: None,
            failure: None,
        }))
    }

    fn done(&self, partition: usize, ledger: RowLedger, cx: &Context) -> Result<(), Stop> {
        self.pipeline.source.done(partition, ledger, cx)
    }

    fn left(&self, partition: usize, ledger: RowLedger, cx: &Context) {
        self.pipeline.source.left(partition, ledger, cx);
    }

    fn file(&self, partition: usize) -> Option<&str> {
        self.pipeline.source.file(partition)
    }

    fn close(&self) -> Result<(), Stop> {
        self.pipeline.source.close()
    }
}

struct Reader {
    reader: Box<dyn BatchReader>,
    pipeline: Pipeline,
    expand: Arc<dyn Expand>,
    /// Where the next batch comes from.
    origin: Origin,
    rejected: u64,
    /// What is left of the batch in hand.
    open: Option<Rest>,
    /// What a pipe failed with behind the rows of the batch in hand.
    failure: Option<Error>,
}

/// The rows of a batch that have not been given yet.
struct Rest {
    spread: Spread,
    /// The row in hand and how many of its values were given.
    place: (usize, u32),
}

impl Rest {
    /// The next rows, at most so many; `None` if there are none left.
    fn next(&mut self, expand: &dyn Expand, rows_max: usize) -> Result<Option<Batch>> {
        let (mut parents, mut numbers, mut values) = (Vec::new(), Vec::new(), Vec::new());
        while let Some((start, count)) = self.spread.rows.get(self.place.0).copied().filter(|_| parents.len() < rows_max) {
            let (row, given) = self.place;
            let now = (count.max(1) - given).min((rows_max - parents.len()) as u32);
            for number in given..given + now {
                parents.push(row as u32);
                numbers.push(number);
                values.push((count > 0).then(|| start + u64::from(number) * self.spread.stride));
            }
            self.place = if given + now == count.max(1) { (row + 1, 0) } else { (row, given + now) };
        }
        if parents.is_empty() {
            return Ok(None);
        }
        let (rows, parents) = (parents.len(), UInt32Array::from(parents));
        let kept = self.spread.kept.iter().map(|column| Ok(take(column, &parents, None)?)).collect::<Result<_>>()?;
        let values = take(&self.spread.values, &UInt64Array::from(values), None)?;
        let columns = expand.columns(kept, &UInt32Array::from(numbers), values)?;
        Ok(Some(Batch::new(expand.schema().clone(), columns, rows)?))
    }
}

impl BatchReader for Reader {
    fn next(&mut self) -> Result<Option<Batch>, Stop> {
        loop {
            if let Some(rest) = &mut self.open {
                if let Some(batch) = rest.next(self.expand.as_ref(), self.pipeline.cx.batch_rows)? {
                    return Ok(Some(batch));
                }
                self.open = None;
            }
            if let Some(failure) = self.failure.take() {
                return Err(failure.into());
            }
            let Some(batch) = self.reader.next()? else { return Ok(None) };
            self.pipeline.cx.cancel.check()?;
            let (batch, failure) = self.pipeline.piped(batch, self.origin, &mut self.rejected)?;
            self.failure = failure;
            self.origin.batch += 1;
            self.open = Some(Rest { spread: self.expand.spread(&batch.dense()?)?, place: (0, 0) });
        }
    }

    fn ledger(&self) -> RowLedger {
        self.reader.ledger().rejecting(self.rejected)
    }
}
