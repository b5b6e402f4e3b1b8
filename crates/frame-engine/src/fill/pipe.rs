//! The second pass: fills each batch on its own.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt32Array, new_null_array};
use arrow::compute::{cast, concat, take};
use arrow::datatypes::SchemaRef;
use frame_core::{Batch, Error, Result};
use frame_plan::FillFrom;

use super::between::{between, comparable};
use super::survey::{Neighbour, Neighbours, Surveyed};
use crate::pipeline::Pipe;

/// Fills nulls from the rows around them.
#[derive(Debug)]
pub(crate) struct Fill {
    /// The columns to fill, as in the survey.
    pub(crate) columns: Vec<usize>,
    pub(crate) from: FillFrom,
    pub(crate) found: Surveyed,
    pub(crate) schema: SchemaRef,
    /// The operator as text.
    pub(crate) text: String,
}

impl Pipe for Fill {
    fn apply(&self, batch: Batch, _: &mut u64) -> Result<Batch> {
        let batch = batch.dense()?;
        let (origin, rows) = (batch.origin(), batch.len());
        let unknown = vec![Neighbours::default(); self.columns.len()];
        let found = self.found.get().ok_or_else(|| Error::internal("a fill before its survey"))?;
        let neighbours = match origin.and_then(|origin| found.batches.get(&origin)) {
            Some((known, neighbours)) if *known == rows => neighbours,
            // Empty batches are not surveyed.
            None if rows == 0 => &unknown,
            _ => return Err(Error::internal(format!("the second pass of `{}` met other rows than the first one", self.text))),
        };
        let mut columns = batch.columns().to_vec();
        for (at, neighbours) in self.columns.iter().zip(neighbours) {
            columns[*at] = match self.from {
                FillFrom::Above => copied(&columns[*at], neighbours.above.as_ref(), true)?,
                FillFrom::Below => copied(&columns[*at], neighbours.below.as_ref(), false)?,
                FillFrom::Between => between(&comparable(&columns[*at])?, neighbours)?,
            };
        }
        Ok(Batch::new(self.schema.clone(), columns, rows)?.with_origin(origin))
    }

    fn explain(&self) -> String {
        self.text.clone()
    }
}

/// The column with each null replaced by the nearest value above or below it.
fn copied(column: &ArrayRef, neighbour: Option<&Neighbour>, is_down: bool) -> Result<ArrayRef> {
    let Some(nulls) = column.logical_nulls().filter(|nulls| nulls.null_count() > 0) else { return Ok(Arc::clone(column)) };
    let outside = match neighbour {
        Some(neighbour) => cast(&neighbour.value, column.data_type())?,
        None => new_null_array(column.data_type(), 1),
    };
    // Row 0 is the value outside, row n + 1 is row n of the column.
    let joined = concat(&[outside.as_ref(), column.as_ref()])?;
    let mut nearest = 0;
    let mut rows = vec![0_u32; column.len()];
    let mut fill = |row: usize| {
        if nulls.is_valid(row) {
            nearest = row as u32 + 1;
        }
        rows[row] = nearest;
    };
    if is_down {
        (0..column.len()).for_each(&mut fill)
    } else {
        (0..column.len()).rev().for_each(&mut fill)
    }
    Ok(take(&joined, &UInt32Array::from(rows), None)?)
}
