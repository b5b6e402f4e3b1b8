//! Values in place of nulls, from the rows around them.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use frame_core::{Error, QueryError, Result};
use frame_expr::{Expr, bind, quoted, type_name};

use super::{Plan, Wanted};
use crate::Catalog;

/// Where the value of a null comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FillFrom {
    /// From the last row above that has one: `down`.
    Above,
    /// From the next row below that has one: `up`.
    Below,
    /// From both, by the number of rows between them: `linear`.
    Between,
}

impl FillFrom {
    /// The word of the language.
    pub fn word(self) -> &'static str {
        match self {
            Self::Above => "down",
            Self::Below => "up",
            Self::Between => "linear",
        }
    }
}

/// Replaces the nulls of `columns`, as far as there are rows to take a value from; the rows stay in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// Where the rows come from.
    pub input: Box<Plan>,
    /// The columns to fill.
    pub columns: Vec<String>,
    /// Where values come from.
    pub from: FillFrom,
}

impl Fill {
    pub(super) fn schema(&self, catalog: &dyn Catalog) -> Result<SchemaRef> {
        let schema = self.input.schema(catalog)?;
        self.columns.iter().try_for_each(|name| bind(&Expr::column(name), &schema).map(|_| ()))?;
        if self.from != FillFrom::Between {
            return Ok(schema);
        }
        let field = |field: &Arc<Field>| match self.columns.contains(field.name()) {
            true => Ok(field.as_ref().clone().with_data_type(between(field)?)),
            false => Ok(field.as_ref().clone()),
        };
        Ok(Arc::new(Schema::new(schema.fields().iter().map(field).collect::<Result<Vec<_>>>()?)))
    }

    pub(super) fn wanted(&self, wanted: &Wanted) -> Wanted {
        let mut names = wanted.clone()?;
        self.columns.iter().for_each(|name| Expr::column(name).collect_columns(&mut names));
        Some(names)
    }

    /// The stage of the language.
    pub fn text(&self) -> String {
        let names: Vec<String> = self.columns.iter().map(|name| quoted(name).to_string()).collect();
        format!("fill {} {}", names.join(", "), self.from.word())
    }
}

/// The type of values between those of a column: whole numbers have fractions between them.
fn between(field: &Field) -> Result<DataType> {
    match field.data_type() {
        same @ (DataType::Float32 | DataType::Float64 | DataType::Decimal128(..) | DataType::Null) => Ok(same.clone()),
        number if number.is_integer() => Ok(DataType::Float64),
        other => {
            let found = format!("the column `{}` of {}", field.name(), type_name(other));
            Err(Error::new(QueryError::Type { operation: "fill linear".to_owned(), found })
                .hint("numbers can be filled so; others `down` or `up`"))
        }
    }
}
