//! Items of lists, or parts of texts, as rows.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use frame_core::{Error, QueryError, Result, Scalar};
use frame_expr::{Expr, bind, item_type, quoted, type_name};

use super::{Plan, Wanted};
use crate::Catalog;

/// Makes a row of each item of a list, with the other columns as they are; a null and an empty list become one row with a null. The rows
/// stay in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explode {
    /// Where the rows come from.
    pub input: Box<Plan>,
    /// A column of lists, or of texts if there is a separator.
    pub column: String,
    /// What stands between the parts of a text.
    pub separator: Option<String>,
}

impl Explode {
    pub(super) fn schema(&self, catalog: &dyn Catalog) -> Result<SchemaRef> {
        let input = self.input.schema(catalog)?;
        let data_type = self.item(bind(&Expr::column(&self.column), &input)?.data_type())?;
        let field = |field: &Arc<Field>| match *field.name() == self.column {
            true => field.as_ref().clone().with_data_type(data_type.clone()).with_nullable(true),
            false => field.as_ref().clone(),
        };
        Ok(Arc::new(Schema::new(input.fields().iter().map(field).collect::<Vec<_>>())))
    }

    /// The type of the items of a column of this type.
    fn item(&self, data_type: &DataType) -> Result<DataType> {
        let is_text = type_name(data_type) == "text";
        let wrong = |hint: String| {
            let found = format!("the column `{}` of {}", self.column, type_name(data_type));
            Err(Error::new(QueryError::Type { operation: "`explode`".to_owned(), found }).hint(hint))
        };
        let column = quoted(&self.column);
        match (&self.separator, item_type(data_type)) {
            (None, Some(item)) => Ok(item.clone()),
            (Some(_), None) if is_text => Ok(DataType::Utf8View),
            (Some(_), Some(_)) => wrong(format!("a list has its items already: `explode {column}`")),
            (None, None) if is_text => wrong(format!("a text is split at a separator: `explode {column} by ', '`")),
            _ => wrong("it takes a column of lists, or one of texts with a separator: `explode tags by ';'`".to_owned()),
        }
    }

    pub(super) fn wanted(&self, wanted: &Wanted) -> Wanted {
        let mut names = wanted.clone()?;
        Expr::column(&self.column).collect_columns(&mut names);
        Some(names)
    }

    /// The stage of the language.
    pub fn text(&self) -> String {
        let separator = self.separator.as_ref().map(|text| format!(" by {}", Scalar::Text(text.clone()))).unwrap_or_default();
        format!("explode {}{separator}", quoted(&self.column))
    }
}
