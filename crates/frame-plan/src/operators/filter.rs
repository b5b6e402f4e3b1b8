//! Keeping the rows for which a predicate is true.

use arrow::datatypes::SchemaRef;
use frame_core::Result;
use frame_expr::{Expr, predicate};

use super::{Plan, Wanted};
use crate::Catalog;

/// Keeps the rows for which `predicate` is true; false and null both drop the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Where the rows come from.
    pub input: Box<Plan>,
    /// A truth value per row.
    pub predicate: Expr,
}

impl Filter {
    pub(super) fn schema(&self, catalog: &dyn Catalog) -> Result<SchemaRef> {
        let schema = self.input.schema(catalog)?;
        predicate(&self.predicate, &schema)?;
        Ok(schema)
    }

    pub(super) fn wanted(&self, wanted: &Wanted) -> Wanted {
        let mut names = wanted.clone()?;
        self.predicate.collect_columns(&mut names);
        Some(names)
    }

    pub(super) fn explain(&self) -> String {
        format!("filter {}", self.predicate)
    }
}
