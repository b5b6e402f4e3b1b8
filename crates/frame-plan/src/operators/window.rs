//! Values of other rows as columns.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use frame_core::{Error, QueryError, Result, Span};
use frame_expr::{BoundWindow, Expr, Window as Call, quoted};

use super::{Plan, Wanted};
use crate::Catalog;

/// A window and the name of its column.
#[derive(Debug, Clone)]
pub struct WindowItem {
    /// What is computed.
    pub window: Call,
    /// The name of the column.
    pub name: String,
    /// Where it stands in the query text.
    pub span: Span,
}

impl PartialEq for WindowItem {
    fn eq(&self, other: &Self) -> bool {
        (&self.window, &self.name) == (&other.window, &other.name)
    }
}

impl Eq for WindowItem {}

/// Adds a column for each item behind those of the input; the rows stay in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Where the rows come from.
    pub input: Box<Plan>,
    /// At least one; their names differ from each other and from those of the input.
    pub items: Vec<WindowItem>,
}

impl Window {
    pub(super) fn schema(&self, catalog: &dyn Catalog) -> Result<SchemaRef> {
        let input = self.input.schema(catalog)?;
        let mut fields = input.fields().to_vec();
        for WindowItem { window, name, span } in &self.items {
            if fields.iter().any(|field| field.name() == name) {
                return Err(Error::new(QueryError::DuplicateColumn { name: name.clone() }).at(*span));
            }
            let data_type = BoundWindow::bind(window, *span, &input)?.output().clone();
            fields.push(Arc::new(Field::new(name, data_type, true)));
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    pub(super) fn wanted(&self, wanted: &Wanted) -> Wanted {
        let mut names: Vec<String> = wanted.clone()?.into_iter().filter(|name| self.items.iter().all(|item| item.name != *name)).collect();
        self.items.iter().flat_map(|item| item.window.expressions()).for_each(|expr| expr.collect_columns(&mut names));
        // Rows need a column to stand in.
        (!names.is_empty()).then_some(names)
    }

    pub(super) fn expressions_mut(&mut self) -> Vec<&mut Expr> {
        self.items.iter_mut().flat_map(|item| item.window.expressions_mut()).collect()
    }

    /// The stage of the language.
    pub fn text(&self) -> String {
        let item = |item: &WindowItem| format!("{} = {}", quoted(&item.name), item.window);
        format!("derive {}", self.items.iter().map(item).collect::<Vec<_>>().join(", "))
    }
}
