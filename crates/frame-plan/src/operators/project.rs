//! Computing, renaming and dropping columns.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use frame_core::{Error, QueryError, Result};
use frame_expr::{Expr, Node, bind, quoted};

use super::{Plan, Wanted};
use crate::Catalog;

/// Replaces the columns by `items`, in that order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Where the rows come from.
    pub input: Box<Plan>,
    /// Expression and output name of each column; names differ from each other.
    pub items: Vec<(Expr, String)>,
}

impl Project {
    pub(super) fn schema(&self, catalog: &dyn Catalog) -> Result<SchemaRef> {
        let input = self.input.schema(catalog)?;
        let mut fields: Vec<Field> = Vec::with_capacity(self.items.len());
        for (expr, name) in &self.items {
            if fields.iter().any(|field| field.name() == name) {
                return Err(Error::new(QueryError::DuplicateColumn { name: name.clone() }).at(expr.span));
            }
            fields.push(Field::new(name, bind(expr, &input)?.data_type().clone(), true));
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    pub(super) fn wanted(&self) -> Wanted {
        let mut names = Vec::new();
        self.items.iter().for_each(|(expr, _)| expr.collect_columns(&mut names));
        Some(names)
    }

    pub(super) fn explain(&self) -> String {
        let item = |(expr, name): &(Expr, String)| match &expr.node {
            Node::Column(column) if column == name => quoted(name),
            _ => format!("{expr} as {}", quoted(name)),
        };
        format!("project {}", self.items.iter().map(item).collect::<Vec<_>>().join(", "))
    }
}
