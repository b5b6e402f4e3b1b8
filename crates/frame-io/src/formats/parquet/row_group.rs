//! One row group being read: filter columns first, the others only where rows pass.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::compute::{FilterBuilder, prep_null_mask_filter};
use frame_core::{Batch, Error, Result, ScanFilter, keep_sound};

use super::chunk::Chunk;
use super::columns::{Column, ColumnPlace};
use super::projection::Projection;
use super::prune::rows_to_read;
use super::refusal::{damaged, in_column};
use super::table::ParquetFile;
use crate::{RowLedger, ScanRequest};

/// A row group being read.
pub(super) struct RowGroupReader {
    group: usize,
    /// The columns of the filter.
    early: Vec<Column>,
    /// The others, from the first row that passes on: without one they are not read.
    late: Option<Vec<Column>>,
    /// The rows still to be read.
    stretches: std::vec::IntoIter<Range<usize>>,
    stretch: Range<usize>,
    /// The row that the filter's columns stand at, and the row that the others stand at.
    early_row: usize,
    late_row: usize,
    /// What the filter failed with behind the rows that were given last.
    failure: Option<Error>,
}

impl RowGroupReader {
    /// Reads the chunks of the columns that the filter looks at, and prepares to decode them. Rows that statistics rule out go into the
    /// ledger here.
    ///
    /// # Errors
    /// Those of reading and of damaged files.
    pub(super) fn open(
        file: &ParquetFile,
        group: usize,
        projection: &Projection,
        request: &ScanRequest,
        ledger: &mut RowLedger,
    ) -> Result<Self> {
        let stretches = rows_to_read(file, group, projection, request.filter.as_deref())?;
        let pruned = file.metadata.row_group(group).num_rows() as u64 - stretches.iter().map(|rows| rows.len() as u64).sum::<u64>();
        ledger.add(RowLedger { read: pruned, kept: 0, filtered: pruned, rejected: 0 });
        let fields = if stretches.is_empty() { &[][..] } else { &projection.fields[..projection.filter_fields] };
        let early = opened(file, group, fields, request)?;
        Ok(Self { group, early, late: None, stretches: stretches.into_iter(), stretch: 0..0, early_row: 0, late_row: 0, failure: None })
    }

    /// The next rows that pass, or `None` at the end of the row group.
    ///
    /// # Errors
    /// Those of damaged files, and what the filter can fail with.
    pub(super) fn next(
        &mut self,
        file: &ParquetFile,
        projection: &Projection,
        request: &ScanRequest,
        ledger: &mut RowLedger,
    ) -> Result<Option<Batch>> {
        loop {
            request.cancel.check()?;
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            if self.stretch.is_empty() {
                let Some(stretch) = self.stretches.next() else { return Ok(None) };
                self.stretch = stretch;
            }
            let (start, rows) = (self.stretch.start, self.stretch.len().min(request.batch_rows.max(1)));
            self.stretch.start += rows;
            let mut arrays = read_at(&mut self.early, &mut self.early_row, start, rows)?;
            let mask = match &request.filter {
                None => None,
                Some(filter) => {
                    let (mask, failure) = keep(filter.as_ref(), projection, &arrays, rows)?;
                    self.failure = failure;
                    Some(mask)
                }
            };
            let sound = mask.as_ref().map_or(rows, BooleanArray::len);
            let kept = mask.as_ref().map_or(rows, BooleanArray::true_count);
            if kept > 0 {
                let late = match &mut self.late {
                    Some(late) => late,
                    None => self.late.insert(opened(file, self.group, &projection.fields[projection.filter_fields..], request)?),
                };
                arrays.extend(read_at(late, &mut self.late_row, start, rows)?);
            }
            ledger.add(RowLedger { read: sound as u64, kept: kept as u64, filtered: (sound - kept) as u64, rejected: 0 });
            if kept == 0 {
                continue;
            }
            let mut columns: Vec<ArrayRef> = projection.places.iter().map(|place| arrays[*place].slice(0, sound)).collect();
            if let Some(mask) = mask.filter(|_| kept < sound) {
                let filter = FilterBuilder::new(&mask).optimize().build();
                columns = columns.iter().map(|column| filter.filter(column.as_ref())).collect::<std::result::Result<_, _>>()?;
            }
            return Batch::new(Arc::clone(&projection.schema), columns, kept).map(Some);
        }
    }
}

/// Reads the chunks of some fields and prepares to decode them.
fn opened(file: &ParquetFile, group: usize, fields: &[usize], request: &ScanRequest) -> Result<Vec<Column>> {
    let metadata = file.metadata.row_group(group);
    let rows = metadata.num_rows();
    let mut columns = Vec::with_capacity(fields.len());
    for field in fields {
        let leaves = file.columns.leaves[*field].clone();
        let leaves = leaves.ok_or_else(|| Error::internal("a column that is not read was projected"))?;
        let data_type = file.columns.schema.field(*field).data_type();
        let mut chunks = Vec::with_capacity(leaves.len());
        for leaf in leaves.clone() {
            let chunk = metadata.column(leaf);
            // A list has a value for each of its items, and one where it has none.
            let values = chunk.num_values();
            if values < rows || values > rows && chunk.column_descr().max_rep_level() == 0 {
                let error = damaged(file.path(), format!("it has {values} values where its row group has {rows} rows"));
                return Err(in_column(error, &chunk.column_path().string()));
            }
            chunks.push(Arc::new(Chunk::read(file.file.as_ref(), chunk, file.data_end, &request.budget)?));
        }
        let fields = &file.columns.fields;
        let place = ColumnPlace { path: file.path(), metadata: &file.metadata, group, leaves, data_type, fields };
        columns.push(Column::new(&place, chunks, request.batch_rows.clamp(1, rows.max(1) as usize))?);
    }
    Ok(columns)
}

/// Reads rows `start .. start + rows` of columns that stand at row `at`: what lies between is stepped over, at best by whole pages.
fn read_at(columns: &mut [Column], at: &mut usize, start: usize, rows: usize) -> Result<Vec<ArrayRef>> {
    let gap = start - *at;
    *at = start + rows;
    let read = |column: &mut Column| {
        if gap > 0 {
            column.skip(gap)?;
        }
        column.read(rows)
    };
    columns.iter_mut().map(read).collect()
}

/// Which rows pass, up to the first that the filter fails for, and that failure: no nulls in the answer.
fn keep(filter: &dyn ScanFilter, projection: &Projection, arrays: &[ArrayRef], rows: usize) -> Result<(BooleanArray, Option<Error>)> {
    let columns: Vec<ArrayRef> = projection.filter_places.iter().map(|place| Arc::clone(&arrays[*place])).collect();
    let (mask, failure) = keep_sound(filter, &columns, rows)?;
    if mask.len() != rows && failure.is_none() {
        return Err(Error::internal(format!("a filter answered {} of {rows} rows", mask.len())));
    }
    Ok((if mask.null_count() == 0 { mask } else { prep_null_mask_filter(&mask) }, failure))
}
