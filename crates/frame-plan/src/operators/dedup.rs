//! One row of each kind.

use arrow::datatypes::SchemaRef;
use frame_core::Result;
use frame_expr::{Expr, SortKey, bind};

use super::{Plan, Wanted};
use crate::Catalog;

/// Keeps one row of all that are equal in `by`; the rows stay in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dedup {
    /// Where the rows come from.
    pub input: Box<Plan>,
    /// Columns.
    pub by: Vec<String>,
    /// The first row by this order is kept; rows that are equal in it count in the order of the input.
    pub order: Vec<SortKey>,
    /// Of rows that are equal in `order` the last one is kept.
    pub keep_last: bool,
}

impl Dedup {
    pub(super) fn schema(&self, catalog: &dyn Catalog) -> Result<SchemaRef> {
        let schema = self.input.schema(catalog)?;
        self.by.iter().try_for_each(|name| bind(&Expr::column(name), &schema).map(|_| ()))?;
        self.order.iter().try_for_each(|key| bind(&key.expr, &schema).map(|_| ()))?;
        Ok(schema)
    }

    pub(super) fn wanted(&self, wanted: &Wanted) -> Wanted {
        let mut names = wanted.clone()?;
        self.by.iter().for_each(|name| Expr::column(name).collect_columns(&mut names));
        self.order.iter().for_each(|key| key.expr.collect_columns(&mut names));
        // Rows need a column to stand in.
        (!names.is_empty()).then_some(names)
    }

    pub(super) fn explain(&self) -> String {
        let order = self.order.iter().map(SortKey::to_string).collect::<Vec<_>>().join(", ");
        let order = if order.is_empty() { order } else { format!(" first by {order}") };
        format!("dedup {}{order}{}", self.by.join(", "), if self.keep_last { " keep last" } else { "" })
    }
}
