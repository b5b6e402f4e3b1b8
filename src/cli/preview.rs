//! The ends of an answer: its first and last rows, and how many there are. What lies between is counted and let go.

use std::collections::VecDeque;
use std::sync::Arc;

use frame::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, UInt32Array};
use frame::arrow::compute::{cast, take};
use frame::arrow::datatypes::{DataType, Schema, SchemaRef};
use frame::arrow::error::ArrowError;
use frame::{Error, Result};

/// Rows that are kept at each end.
const KEPT: usize = 20;

/// The first and the last rows of an answer.
#[derive(Debug)]
pub(super) struct Preview {
    schema: SchemaRef,
    rows: usize,
    head: Vec<RecordBatch>,
    head_rows: usize,
    tail: VecDeque<RecordBatch>,
    tail_rows: usize,
}

impl Preview {
    pub(super) fn new(schema: &SchemaRef) -> Self {
        Self { schema: schema.clone(), rows: 0, head: Vec::new(), head_rows: 0, tail: VecDeque::new(), tail_rows: 0 }
    }

    /// Names and types of the columns.
    pub(super) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Rows seen.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The first rows.
    pub(super) fn head(&self) -> &[RecordBatch] {
        &self.head
    }

    /// The last rows, without those that are in the head.
    pub(super) fn tail(&self) -> impl Iterator<Item = RecordBatch> {
        let mut surplus = self.tail_rows.saturating_sub(KEPT);
        self.tail.iter().map(move |batch| {
            let skipped = surplus.min(batch.num_rows());
            surplus -= skipped;
            batch.slice(skipped, batch.num_rows() - skipped)
        })
    }

    /// Rows between head and tail, which are not kept.
    pub(super) fn omitted(&self) -> usize {
        self.rows - self.head_rows - self.tail_rows.min(KEPT)
    }

    /// Takes the next batch.
    ///
    /// # Errors
    /// An internal one if Arrow cannot copy a column.
    pub(super) fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows();
        let first = (KEPT - self.head_rows).min(batch.num_rows());
        if first > 0 {
            self.head.push(compact(&batch.slice(0, first))?);
            self.head_rows += first;
        }
        let last = (batch.num_rows() - first).min(KEPT);
        if last > 0 {
            self.tail.push_back(compact(&batch.slice(batch.num_rows() - last, last))?);
            self.tail_rows += last;
        }
        while let Some(front) = self.tail.front()
            && self.tail_rows - front.num_rows() >= KEPT
        {
            self.tail_rows -= front.num_rows();
            self.tail.pop_front();
        }
        Ok(())
    }
}

/// A copy that holds on to nothing but its own rows.
fn compact(batch: &RecordBatch) -> Result<RecordBatch> {
    let all = UInt32Array::from_iter_values(0..batch.num_rows() as u32);
    let copy = |column: &ArrayRef| -> std::result::Result<ArrayRef, ArrowError> {
        match column.data_type() {
            DataType::Utf8View => Ok(Arc::new(column.as_string_view().gc())),
            DataType::Dictionary(_, values) => take(&cast(column, values)?, &all, None),
            _ => take(column, &all, None),
        }
    };
    let columns = batch.columns().iter().map(copy).collect::<std::result::Result<Vec<_>, _>>()?;
    let fields: Vec<_> = batch
        .schema()
        .fields()
        .iter()
        .zip(&columns)
        .map(|(field, column)| field.as_ref().clone().with_data_type(column.data_type().clone()))
        .collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options).map_err(Error::from)
}

#[cfg(test)]
mod tests {
    use frame::arrow::array::{Int64Array, StringViewArray};
    use frame::arrow::datatypes::Int64Type;

    use super::*;

    fn batch(from: i64, rows: i64) -> RecordBatch {
        let texts: Vec<String> = (from..from + rows).map(|row| format!("a text that is too long to be kept in a view: {row}")).collect();
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("n", Arc::new(Int64Array::from_iter_values(from..from + rows))),
            ("t", Arc::new(StringViewArray::from_iter_values(texts))),
        ];
        RecordBatch::try_from_iter(columns).expect("a batch")
    }

    fn numbers<'a>(batches: impl Iterator<Item = RecordBatch> + 'a) -> Vec<i64> {
        batches.flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec()).collect()
    }

    #[test]
    fn both_ends_are_kept_whatever_the_batches() {
        for (rows, step) in [(0, 1), (1, 1), (19, 7), (20, 20), (21, 3), (40, 11), (41, 1), (41, 41), (1000, 3), (1000, 999), (1000, 30)] {
            let first = batch(0, 1);
            let mut preview = Preview::new(&first.schema());
            for from in (0..rows).step_by(step) {
                preview.push(&batch(from, (rows - from).min(step as i64))).expect("copies");
            }
            let head: Vec<i64> = (0..rows.min(20)).collect();
            let tail: Vec<i64> = (20.max(rows - 20)..rows).collect();
            assert_eq!(numbers(preview.head().iter().cloned()), head, "{rows} rows by {step}");
            assert_eq!(numbers(preview.tail()), tail, "{rows} rows by {step}");
            assert_eq!(preview.omitted() as i64, rows - head.len() as i64 - tail.len() as i64);
        }
    }

    #[test]
    fn a_kept_row_does_not_hold_its_batch() {
        let large = batch(0, 8000);
        let mut preview = Preview::new(&large.schema());
        preview.push(&large).expect("copies");
        let kept: usize = preview.head().iter().chain(&preview.tail).map(RecordBatch::get_array_memory_size).sum();
        assert!(kept < 40_000, "{kept} bytes for 40 rows");
    }
}
