//! From record batches as they are stored to batches as they were asked for.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch};
use arrow::compute::filter;
use frame_core::{Batch, Error, Result, keep_sound};
use frame_memory::Reservation;

use super::columns::{Projection, converted, guard};
use crate::{BatchReader, RowLedger, ScanRequest, Stop};

/// Gives the record batches of a partition, with the columns of the projection that are read.
pub(super) type Stored = Box<dyn FnMut() -> Result<Option<RecordBatch>> + Send>;

/// Reads a partition.
pub(super) struct ArrowReader {
    stored: Stored,
    path: String,
    projection: Projection,
    /// Types of the columns that are read, in their order.
    types: Vec<arrow::datatypes::DataType>,
    request: Arc<ScanRequest>,
    /// The record batch in hand, and its first row that is not out.
    current: Option<(Vec<ArrayRef>, usize, usize)>,
    ledger: RowLedger,
    /// What the filter failed with; told once the rows in front of it are out.
    failure: Option<Error>,
    memory: Reservation,
}

impl ArrowReader {
    /// A reader of what `stored` gives.
    pub(super) fn new(
        stored: Stored,
        path: &str,
        columns: &super::columns::Columns,
        projection: Projection,
        request: Arc<ScanRequest>,
    ) -> Self {
        let types = projection.read.iter().map(|at| columns.schema.field(*at).data_type().clone()).collect();
        let memory = request.budget.reserve("reading Arrow");
        Self {
            stored,
            path: path.to_owned(),
            projection,
            types,
            request,
            current: None,
            ledger: RowLedger::default(),
            failure: None,
            memory,
        }
    }

    fn next_rows(&mut self) -> Result<Option<(Vec<ArrayRef>, usize)>> {
        loop {
            self.request.cancel.check()?;
            if let Some((columns, from, len)) = &mut self.current {
                let rows = (*len - *from).min(self.request.batch_rows.max(1));
                if rows > 0 {
                    let slices = columns.iter().map(|column| column.slice(*from, rows)).collect();
                    *from += rows;
                    return Ok(Some((slices, rows)));
                }
                self.current = None;
            }
            let Some(batch) = (self.stored)()? else { return Ok(None) };
            self.memory.require(batch.get_array_memory_size())?;
            let columns = batch.columns().iter().zip(&self.types);
            let columns = guard(&self.path, || columns.map(|(column, to)| converted(column, to)).collect::<Result<Vec<_>, _>>())?;
            self.current = Some((columns, 0, batch.num_rows()));
        }
    }

    fn next_batch(&mut self) -> Result<Option<Batch>> {
        while self.failure.is_none()
            && let Some((mut columns, mut rows)) = self.next_rows()?
        {
            let keep = match &self.request.filter {
                None => None,
                Some(filter) => {
                    let read: Vec<ArrayRef> = self.projection.filter.iter().map(|at| columns[*at].clone()).collect();
                    let (keep, failure) = keep_sound(filter.as_ref(), &read, rows)?;
                    if failure.is_some() {
                        rows = keep.len();
                        columns.iter_mut().for_each(|column| *column = column.slice(0, rows));
                        self.failure = failure;
                    }
                    Some(keep)
                }
            };
            // A row passes where the predicate is true: null and false both drop it.
            let keep = keep.map(|keep| match keep.nulls() {
                None => keep,
                Some(nulls) => BooleanArray::new(keep.values() & nulls.inner(), None),
            });
            let kept = keep.as_ref().map_or(rows, BooleanArray::true_count);
            self.ledger.add(RowLedger { read: rows as u64, kept: kept as u64, filtered: (rows - kept) as u64, rejected: 0 });
            if kept == 0 {
                continue;
            }
            let output = self.projection.output.iter().map(|at| match keep.as_ref().filter(|_| kept < rows) {
                None => Ok(columns[*at].clone()),
                Some(keep) => Ok(filter(&columns[*at], keep)?),
            });
            return Ok(Some(Batch::new(self.projection.schema.clone(), output.collect::<Result<_>>()?, kept)?));
        }
        // Rows in front of a failure are out by now.
        self.failure.clone().map_or(Ok(None), Err)
    }
}

impl BatchReader for ArrowReader {
    fn next(&mut self) -> Result<Option<Batch>, Stop> {
        Ok(self.next_batch()?)
    }

    fn ledger(&self) -> RowLedger {
        self.ledger
    }
}
