//! Ordering rows.

use arrow::datatypes::SchemaRef;
use frame_core::Result;
use frame_expr::{SortKey, bind};

use super::{Plan, Wanted};
use crate::Catalog;

/// Orders the rows by `keys`; rows that are equal in all of them keep their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    /// Where the rows come from.
    pub input: Box<Plan>,
    /// The order, most significant item first.
    pub keys: Vec<SortKey>,
}

impl Sort {
    pub(super) fn schema(&self, catalog: &dyn Catalog) -> Result<SchemaRef> {
        let schema = self.input.schema(catalog)?;
        self.keys.iter().try_for_each(|key| bind(&key.expr, &schema).map(|_| ()))?;
        Ok(schema)
    }

    pub(super) fn wanted(&self, wanted: &Wanted) -> Wanted {
        let mut names = wanted.clone()?;
        self.keys.iter().for_each(|key| key.expr.collect_columns(&mut names));
        Some(names)
    }

    pub(super) fn explain(&self) -> String {
        format!("sort {}", self.keys.iter().map(SortKey::to_string).collect::<Vec<_>>().join(", "))
    }
}
