//! Rows for the combinations of keys that have none.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use frame_core::{Error, QueryError, Result};
use frame_expr::{Expr, bind, common_type, quoted, type_name};

use super::{Plan, Wanted};
use crate::Catalog;

/// Adds a row for each combination of the different values of `keys` that no row has. The result is sorted by the keys, nulls last; rows
/// with equal keys stay in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complete {
    /// Where the rows come from.
    pub input: Box<Plan>,
    /// Columns; at least one, each once.
    pub keys: Vec<String>,
    /// What the other columns of a new row have, computed of its keys; null without it.
    pub value: Option<Expr>,
}

impl Complete {
    pub(super) fn schema(&self, catalog: &dyn Catalog) -> Result<SchemaRef> {
        let input = self.input.schema(catalog)?;
        self.keys.iter().try_for_each(|name| bind(&Expr::column(name), &input).map(|_| ()))?;
        let Some(value) = &self.value else { return Ok(input) };
        let keys = self.keys.iter().map(|name| Ok(input.field_with_name(name)?.clone())).collect::<Result<Vec<_>>>()?;
        let of_value = bind(value, &Schema::new(keys)).map_err(|error| match error.advice() {
            None => error.hint("the value is computed of the keys alone"),
            Some(_) => error,
        })?;
        let mut fields = Vec::new();
        for field in input.fields() {
            if self.keys.contains(field.name()) {
                fields.push(field.as_ref().clone());
                continue;
            }
            let common = common_type(field.data_type(), of_value.data_type()).ok_or_else(|| {
                let found =
                    format!("{} for the column `{}` of {}", type_name(of_value.data_type()), field.name(), type_name(field.data_type()));
                let error = Error::new(QueryError::Type { operation: "`complete … with`".to_owned(), found }).at(value.span);
                error.hint(format!("leave `with` out and go on with `fill {} with …`, or select other columns first", quoted(field.name())))
            })?;
            fields.push(field.as_ref().clone().with_data_type(common).with_nullable(true));
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    pub(super) fn wanted(&self, wanted: &Wanted) -> Wanted {
        let mut names = wanted.clone()?;
        self.keys.iter().for_each(|name| Expr::column(name).collect_columns(&mut names));
        Some(names)
    }

    /// The stage of the language.
    pub fn text(&self) -> String {
        let names: Vec<String> = self.keys.iter().map(|name| quoted(name)).collect();
        let value = self.value.as_ref().map(|value| format!(" with {value}")).unwrap_or_default();
        format!("complete {}{value}", names.join(", "))
    }
}
