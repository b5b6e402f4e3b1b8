//! The filter pipe: narrows the selection, copies nothing.

use std::sync::Arc;

use arrow::array::{Array, BooleanArray, UInt32Array};
use frame_core::{Batch, Result};
use frame_expr::Predicate;

use crate::pipeline::Pipe;

/// Keeps the rows for which a predicate is true.
#[derive(Debug)]
pub(crate) struct Filter {
    pub(crate) predicate: Predicate,
    /// The predicate as text.
    pub(crate) text: String,
}

impl Pipe for Filter {
    fn apply(&self, batch: Batch, _: &mut u64) -> Result<Batch> {
        let batch = batch.dense()?;
        let keep = self.predicate.evaluate(batch.columns(), batch.len())?;
        if keep.true_count() == batch.len() && keep.null_count() == 0 {
            return Ok(batch);
        }
        let selection = selected(&keep);
        Ok(batch.with_selection(Some(Arc::new(selection))))
    }

    fn explain(&self) -> String {
        format!("filter {}", self.text)
    }
}

/// The rows for which `keep` is true; null is not.
fn selected(keep: &BooleanArray) -> UInt32Array {
    let rows = match keep.nulls() {
        None => keep.values().clone(),
        Some(nulls) => keep.values() & nulls.inner(),
    };
    UInt32Array::from_iter_values(rows.set_indices().map(|row| row as u32))
}
