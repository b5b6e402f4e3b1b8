//! The last rows.

use arrow::datatypes::SchemaRef;
use frame_core::Result;

use super::Plan;
use crate::Catalog;

/// Keeps the last `count` rows, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    /// Where the rows come from.
    pub input: Box<Plan>,
    /// Rows to keep.
    pub count: u64,
}

impl Tail {
    pub(super) fn schema(&self, catalog: &dyn Catalog) -> Result<SchemaRef> {
        self.input.schema(catalog)
    }

    pub(super) fn explain(&self) -> String {
        format!("tail {}", self.count)
    }
}
