//! The rejecting pipe: converts columns, leaves out the rows whose values have no counterpart, and counts them.

use std::sync::Arc;

use arrow::array::{Array, UInt32Array};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::SchemaRef;
use frame_core::{Batch, Result};
use frame_expr::BoundExpr;

use crate::pipeline::Pipe;

/// Converts columns and leaves out rows.
#[derive(Debug)]
pub(crate) struct Reject {
    /// The places of the columns, and casts of them that make bad values null.
    pub(crate) casts: Vec<(usize, BoundExpr)>,
    pub(crate) schema: SchemaRef,
    /// Whether the rows count; in a second pass over the same rows they do not.
    pub(crate) counts: bool,
    /// The operator as text.
    pub(crate) text: String,
}

impl Pipe for Reject {
    fn apply(&self, batch: Batch, rejected: &mut u64) -> Result<Batch> {
        let batch = batch.dense()?;
        let (origin, rows) = (batch.origin(), batch.len());
        let mut columns = batch.columns().to_vec();
        let mut good: Option<BooleanBuffer> = None;
        for (at, cast) in &self.casts {
            let converted = cast.evaluate(batch.columns(), rows)?;
            let before = columns[*at].logical_nulls();
            if let Some(after) =
                converted.logical_nulls().filter(|after| after.null_count() > before.as_ref().map_or(0, |nulls| nulls.null_count()))
            {
                // Good is what has a counterpart, or was null before.
                let own = match before {
                    None => after.inner().clone(),
                    Some(before) => after.inner() | &!before.inner(),
                };
                good = Some(good.map_or_else(|| own.clone(), |good| &good & &own));
            }
            columns[*at] = converted;
        }
        let batch = Batch::new(self.schema.clone(), columns, rows)?.with_origin(origin);
        let Some(good) = good else { return Ok(batch) };
        let kept = UInt32Array::from_iter_values(good.set_indices().map(|row| row as u32));
        if self.counts {
            *rejected += (rows - kept.len()) as u64;
        }
        Ok(batch.with_selection(Some(Arc::new(kept))))
    }

    fn explain(&self) -> String {
        self.text.clone()
    }
}
