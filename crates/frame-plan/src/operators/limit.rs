//! Keeping rows by their place.

use arrow::datatypes::SchemaRef;
use frame_core::Result;

use super::Plan;
use crate::Catalog;

/// Skips `offset` rows, then keeps at most `count`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// Where the rows come from.
    pub input: Box<Plan>,
    /// Rows to skip.
    pub offset: u64,
    /// Rows to keep.
    pub count: u64,
}

impl Limit {
    pub(super) fn schema(&self, catalog: &dyn Catalog) -> Result<SchemaRef> {
        self.input.schema(catalog)
    }

    pub(super) fn explain(&self) -> String {
        format!("take {} from {}", self.count, self.offset)
    }
}
