//! Columns as rows.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use frame_core::{Error, QueryError, Result};
use frame_expr::{Expr, bind, common_type, quoted, type_name};

use super::{Plan, Wanted};
use crate::Catalog;

/// Makes a row of each of `columns`, for each row of the input: the other columns, then the name of the column and its value. The rows stay
/// in their order; those of one row follow the order of the columns in the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpivot {
    /// Where the rows come from.
    pub input: Box<Plan>,
    /// The columns that become rows; at least one, each once.
    pub columns: Vec<String>,
    /// The column of their names.
    pub name: String,
    /// The column of their values.
    pub value: String,
}

impl Unpivot {
    pub(super) fn schema(&self, catalog: &dyn Catalog) -> Result<SchemaRef> {
        let input = self.input.schema(catalog)?;
        self.columns.iter().try_for_each(|name| bind(&Expr::column(name), &input).map(|_| ()))?;
        let (turned, mut fields): (Vec<Arc<Field>>, Vec<Arc<Field>>) =
            input.fields().iter().cloned().partition(|field| self.columns.contains(field.name()));
        let mut common: Option<(DataType, &Field)> = None;
        for field in &turned {
            common = Some(match common {
                None => (field.data_type().clone(), field),
                Some((known, first)) => match common_type(&known, field.data_type()) {
                    Some(common) => (common, first),
                    None => {
                        let of = |field: &Field, data_type| format!("`{}` of {}", field.name(), type_name(data_type));
                        let found = format!("the columns {} and {} together", of(first, &known), of(field, field.data_type()));
                        return Err(Error::new(QueryError::Type { operation: "`unpivot`".to_owned(), found }).hint(format!(
                            "their values become one column; convert one of them, for example `cast {} to text`",
                            quoted(field.name())
                        )));
                    }
                },
            });
        }
        let (data_type, _) = common.ok_or_else(|| Error::internal("an unpivot of no column"))?;
        fields.extend([Field::new(&self.name, DataType::Utf8View, true), Field::new(&self.value, data_type, true)].map(Arc::new));
        for (at, field) in fields.iter().enumerate() {
            if fields[..at].iter().any(|other| other.name() == field.name()) {
                let error = Error::new(QueryError::DuplicateColumn { name: field.name().clone() });
                return Err(error.hint("give another name behind `into`"));
            }
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    /// The columns that become rows, in the order of the input.
    pub fn turned<'a>(&'a self, input: &'a Schema) -> impl Iterator<Item = &'a str> {
        input.fields().iter().map(|field| field.name().as_str()).filter(|name| self.columns.iter().any(|column| column == name))
    }

    pub(super) fn wanted(&self, wanted: &Wanted) -> Wanted {
        let mut names: Vec<String> = wanted.clone()?.into_iter().filter(|name| *name != self.name && *name != self.value).collect();
        self.columns.iter().for_each(|name| Expr::column(name).collect_columns(&mut names));
        Some(names)
    }

    /// The stage of the language.
    pub fn text(&self) -> String {
        let names: Vec<String> = self.columns.iter().map(|name| quoted(name)).collect();
        format!("unpivot {} into {}, {}", names.join(", "), quoted(&self.name), quoted(&self.value))
    }
}
