//! The best rows, of all or of each group.

use arrow::datatypes::SchemaRef;
use frame_core::Result;
use frame_expr::{Expr, SortKey, bind};

use super::{Plan, Wanted};
use crate::Catalog;

/// Keeps the first `count` rows by `order`, of each group of rows with equal `per`. Rows that are equal in `order` count in the order
/// of the input. The result is sorted by `per`, nulls last, then by `order`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Top {
    /// Where the rows come from.
    pub input: Box<Plan>,
    /// Rows to keep.
    pub count: u64,
    /// What makes a row better than another, most significant item first.
    pub order: Vec<SortKey>,
    /// What rows of a group have in common; without it all rows are one group.
    pub per: Vec<Expr>,
    /// Also keeps the rows that are equal to the last one kept.
    pub with_ties: bool,
}

impl Top {
    pub(super) fn schema(&self, catalog: &dyn Catalog) -> Result<SchemaRef> {
        let schema = self.input.schema(catalog)?;
        self.expressions().try_for_each(|expr| bind(expr, &schema).map(|_| ()))?;
        Ok(schema)
    }

    fn expressions(&self) -> impl Iterator<Item = &Expr> {
        self.order.iter().map(|key| &key.expr).chain(&self.per)
    }

    pub(super) fn expressions_mut(&mut self) -> Vec<&mut Expr> {
        self.order.iter_mut().map(|key| &mut key.expr).chain(&mut self.per).collect()
    }

    pub(super) fn wanted(&self, wanted: &Wanted) -> Wanted {
        let mut names = wanted.clone()?;
        self.expressions().for_each(|expr| expr.collect_columns(&mut names));
        // Rows need a column to stand in.
        (!names.is_empty()).then_some(names)
    }

    pub(super) fn explain(&self) -> String {
        let order = self.order.iter().map(SortKey::to_string).collect::<Vec<_>>().join(", ");
        let per = self.per.iter().map(Expr::to_string).collect::<Vec<_>>().join(", ");
        let per = if per.is_empty() { per } else { format!(" per {per}") };
        format!("top {} by {order}{per}{}", self.count, if self.with_ties { " ties" } else { "" })
    }
}
