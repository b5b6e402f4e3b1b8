//! Grouping and aggregating.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use frame_core::{Error, QueryError, Result};
use frame_expr::{AggregateCall, Expr, aggregates, bind, quoted};

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
}

impl Aggregate {
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
            let argument = call.argument.as_ref().map(|argument| bind(argument, &input)).transpose()?;
            let function = aggregates::find(&call.function).map_err(|error| error.at(call.span))?;
            let data_type = function.output_type(argument.as_ref().map(|argument| argument.data_type()));
            push(Field::new(&call.name, data_type.map_err(|error| error.at(call.span))?, true), call.span)?;
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    pub(super) fn wanted(&self) -> Wanted {
        let mut names = Vec::new();
        self.keys.iter().for_each(|key| key.expr.collect_columns(&mut names));
        self.aggregates.iter().filter_map(|call| call.argument.as_ref()).for_each(|argument| argument.collect_columns(&mut names));
        Some(names)
    }

    pub(super) fn expressions_mut(&mut self) -> Vec<&mut Expr> {
        let keys = self.keys.iter_mut().map(|key| &mut key.expr);
        keys.chain(self.aggregates.iter_mut().filter_map(|call| call.argument.as_mut())).collect()
    }

    pub(super) fn explain(&self) -> String {
        let keys: Vec<_> = self.keys.iter().map(|key| format!("{} as {}", key.expr, quoted(&key.name))).collect();
        let call = |call: &AggregateCall| {
            let argument = call.argument.as_ref().map(Expr::to_string).unwrap_or_default();
            format!("{}({argument}) as {}", call.function, quoted(&call.name))
        };
        format!("aggregate [{}] by [{}]", self.aggregates.iter().map(call).collect::<Vec<_>>().join(", "), keys.join(", "))
    }
}
