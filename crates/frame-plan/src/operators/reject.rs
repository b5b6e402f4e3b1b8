//! Converting columns, and leaving out the rows whose values cannot be converted.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use frame_core::Result;
use frame_expr::{Expr, Node, bind, quoted, type_name};

use super::{Plan, Wanted};
use crate::Catalog;

/// Converts columns. A row with a value that has no counterpart is left out, and counted as rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Where the rows come from.
    pub input: Box<Plan>,
    /// Columns and what becomes of them: casts of the column that make bad values null.
    pub casts: Vec<(String, Expr)>,
}

impl Reject {
    pub(super) fn schema(&self, catalog: &dyn Catalog) -> Result<SchemaRef> {
        let input = self.input.schema(catalog)?;
        let mut fields: Vec<Field> = input.fields().iter().map(|field| field.as_ref().clone()).collect();
        for (name, cast) in &self.casts {
            bind(&Expr::column(name).at(cast.span), &input)?;
            let data_type = bind(cast, &input)?.data_type().clone();
            fields.iter_mut().filter(|field| field.name() == name).for_each(|field| field.set_data_type(data_type.clone()));
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    pub(super) fn wanted(&self, wanted: &Wanted) -> Wanted {
        let mut names = wanted.clone()?;
        self.casts.iter().for_each(|(_, cast)| cast.collect_columns(&mut names));
        Some(names)
    }

    /// The stage of the language: `cast a to int, b to date or reject`.
    pub fn text(&self) -> String {
        let cast = |(name, cast): &(String, Expr)| match &cast.node {
            Node::Cast { to, .. } => format!("{} to {}", quoted(name), type_name(to)),
            _ => format!("{} to {cast}", quoted(name)),
        };
        format!("cast {} or reject", self.casts.iter().map(cast).collect::<Vec<_>>().join(", "))
    }
}
