//! The projection pipe: computes, renames and drops columns.

use arrow::datatypes::SchemaRef;
use frame_core::{Batch, Result};
use frame_expr::BoundExpr;

use crate::pipeline::Pipe;

/// Replaces the columns by computed ones.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) items: Vec<BoundExpr>,
    pub(crate) schema: SchemaRef,
}

impl Pipe for Project {
    fn apply(&self, batch: Batch, _: &mut u64) -> Result<Batch> {
        let origin = batch.origin();
        let batch = batch.dense()?;
        let rows = batch.len();
        let columns = self.items.iter().map(|item| item.evaluate(batch.columns(), rows)).collect::<Result<_>>()?;
        Ok(Batch::new(self.schema.clone(), columns, rows)?.with_origin(origin))
    }

    fn explain(&self) -> String {
        let names: Vec<_> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
        format!("project {}", names.join(", "))
    }
}
