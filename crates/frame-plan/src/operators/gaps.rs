//! Rows for the points in time that have none.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use frame_core::{Error, QueryError, Result, Scalar};
use frame_expr::{Expr, Steps, bind, common_type, quoted, type_name};

use super::{Plan, Wanted};
use crate::Catalog;

/// Adds a row for each step of time, from the first to the last of each group, that has none. The result is sorted by `per`, then by the
/// column, nulls last; equal rows stay in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gaps {
    /// Where the rows come from.
    pub input: Box<Plan>,
    /// A column of dates or timestamps.
    pub column: String,
    /// The distance of the steps.
    pub every: Scalar,
    /// What the rows of a group have in common; columns, each once.
    pub per: Vec<String>,
    /// What the other columns of a new row have, computed of the group and the time; null without it.
    pub value: Option<Expr>,
}

impl Gaps {
    pub(super) fn schema(&self, catalog: &dyn Catalog) -> Result<SchemaRef> {
        let input = self.input.schema(catalog)?;
        Steps::new(&self.every, bind(&Expr::column(&self.column), &input)?.data_type())?;
        self.per.iter().try_for_each(|name| bind(&Expr::column(name), &input).map(|_| ()))?;
        let Some(value) = &self.value else { return Ok(input) };
        let of_value = bind(value, &self.keys(&input)?)?;
        let mut fields = Vec::new();
        for field in input.fields() {
            if self.is_key(field.name()) {
                fields.push(field.as_ref().clone());
                continue;
            }
            let common = common_type(field.data_type(), of_value.data_type()).ok_or_else(|| {
                let (found, column) = (type_name(of_value.data_type()), type_name(field.data_type()));
                let found = format!("{found} for the column `{}` of {column}", field.name());
                let error = Error::new(QueryError::Type { operation: "a new row".to_owned(), found }).at(value.span);
                error.hint(format!("leave that value out and go on with `fill {} with …`", quoted(field.name())))
            })?;
            fields.push(field.as_ref().clone().with_data_type(common).with_nullable(true));
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    fn is_key(&self, name: &str) -> bool {
        self.column == name || self.per.iter().any(|per| per == name)
    }

    /// The columns that a new row has: the group, then the time.
    ///
    /// # Errors
    /// An internal error for an unknown column.
    pub fn keys(&self, input: &Schema) -> Result<Schema> {
        let names = self.per.iter().chain([&self.column]);
        Ok(Schema::new(names.map(|name| Ok(input.field_with_name(name)?.clone())).collect::<Result<Vec<_>>>()?))
    }

    pub(super) fn wanted(&self, wanted: &Wanted) -> Wanted {
        let mut names = wanted.clone()?;
        self.per.iter().chain([&self.column]).for_each(|name| Expr::column(name).collect_columns(&mut names));
        Some(names)
    }

    /// The stage of the language.
    pub fn text(&self) -> String {
        let names: Vec<String> = self.per.iter().map(|name| quoted(name)).collect();
        let per = if names.is_empty() { String::new() } else { format!(" per {}", names.join(", ")) };
        let value = self.value.as_ref().map(|value| format!(" with {value}")).unwrap_or_default();
        format!("complete {} every {}{per}{value}", quoted(&self.column), self.every)
    }
}
