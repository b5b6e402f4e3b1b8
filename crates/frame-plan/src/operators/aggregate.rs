//! Grouping and aggregating.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use frame_core::{Error, QueryError, Result};
use frame_expr::{AggregateCall, Expr, bind, quoted};

use super::{Plan, Wanted};
use crate::Catalog;

/// A key of a grouping and its output name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyItem {
    /// What to group by.
    pub expr: Expr,
    /// The name of the output column.
    pub name: String,
}

/// Groups rows by `keys` and aggregates each group. The result is sorted by the keys, nulls last.
/// Without keys the result is exactly one row, also for no input rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aggregate {
    /// Where the rows come from.
    pub input: Box<Plan>,
    /// The keys: the first columns of the result.
    pub keys: Vec<KeyItem>,
    /// The aggregates: the other columns of the result.
    pub aggregates: Vec<AggregateCall>,
    /// One more row at the end: the aggregates over all rows, behind keys that are null.
    pub with_total: bool,
}

impl Aggregate {
    /// Whether no aggregate asks for the order of the rows.
    ///
    /// # Errors
    /// What binding the aggregates can fail with.
    pub fn is_order_free(&self, catalog: &dyn Catalog) -> Result<bool> {
        let schema = self.input.schema(catalog)?;
        let needs_order = |call: &AggregateCall| -> Result<bool> { Ok(call.bind(&schema)?.aggregate.needs_order()) };
        Ok(!self.aggregates.iter().map(needs_order).collect::<Result<Vec<_>>>()?.contains(&true))
    }

    pub(super) fn schema(&self, catalog: &dyn Catalog) -> Result<SchemaRef> {
        let input = self.input.schema(catalog)?;
        let mut fields: Vec<Field> = Vec::new();
        let mut push = |field: Field, span| -> Result<()> {
            if fields.iter().any(|other| other.name() == field.name()) {
                let error = Error::new(QueryError::DuplicateColumn { name: field.name().clone() }).at(span);
                return Err(error.hint("name one of them with `as`"));
            }
            fields.push(field);
            Ok(())
        };
        for key in &self.keys {
            push(Field::new(&key.name, bind(&key.expr, &input)?.data_type().clone(), true), key.expr.span)?;
        }
        for call in &self.aggregates {
            push(Field::new(&call.name, call.bind(&input)?.aggregate.output().clone(), true), call.span)?;
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    pub(super) fn wanted(&self) -> Wanted {
        let mut names = Vec::new();
        self.keys.iter().for_each(|key| key.expr.collect_columns(&mut names));
        self.aggregates.iter().flat_map(AggregateCall::expressions).for_each(|expr| expr.collect_columns(&mut names));
        Some(names)
    }

    pub(super) fn expressions_mut(&mut self) -> Vec<&mut Expr> {
        let keys = self.keys.iter_mut().map(|key| &mut key.expr);
        keys.chain(self.aggregates.iter_mut().flat_map(AggregateCall::expressions_mut)).collect()
    }

    pub(super) fn explain(&self) -> String {
        let keys: Vec<_> = self.keys.iter().map(|key| format!("{} as {}", key.expr, quoted(&key.name))).collect();
        let call = |call: &AggregateCall| format!("{call} as {}", quoted(&call.name));
        let total = if self.with_total { " with total" } else { "" };
        format!("aggregate [{}] by [{}]{total}", self.aggregates.iter().map(call).collect::<Vec<_>>().join(", "), keys.join(", "))
    }
}
