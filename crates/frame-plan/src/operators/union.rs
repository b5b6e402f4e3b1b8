//! The rows of several inputs, one after the other.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use frame_core::{Error, QueryError, Result, Scalar};
use frame_expr::{Expr, Node, common_type, type_name};

use super::{Plan, Wanted};
use crate::Catalog;

/// The rows of all inputs, in the order of the inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Union {
    /// Where the rows come from; at least one.
    pub inputs: Vec<Plan>,
    /// Columns belong together by their place, and are called as in the first input; otherwise they belong together by name, and one that
    /// an input lacks is null there.
    pub by_position: bool,
}

impl Union {
    pub(super) fn schema(&self, catalog: &dyn Catalog) -> Result<SchemaRef> {
        let schemas = self.inputs.iter().map(|input| input.schema(catalog)).collect::<Result<Vec<_>>>()?;
        let mut fields: Vec<Field> = Vec::new();
        for (number, schema) in schemas.iter().enumerate() {
            if self.by_position && schema.fields().len() != schemas[0].fields().len() {
                let error =
                    format!("input {} of the union has {} columns, the first has {}", number + 1, schema.fields().len(), fields.len());
                let error = Error::new(QueryError::Usage(error)).at(self.inputs[number].place());
                return Err(error.hint("union by name, or select the same number of columns first"));
            }
            for (place, field) in schema.fields().iter().enumerate() {
                let known =
                    if self.by_position { fields.get_mut(place) } else { fields.iter_mut().find(|known| known.name() == field.name()) };
                let Some(known) = known else {
                    fields.push(field.as_ref().clone().with_nullable(true));
                    continue;
                };
                let common = common_type(known.data_type(), field.data_type()).ok_or_else(|| {
                    let found = format!("{} and {}", type_name(known.data_type()), type_name(field.data_type()));
                    Error::new(QueryError::Type { operation: format!("union of column `{}`", known.name()), found })
                        .at(self.inputs[number].place())
                        .hint("convert the column in one of the inputs: `cast column to text`, or --types column=text")
                })?;
                known.set_data_type(common);
            }
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    /// For each input, the expressions that give the columns of `schema`.
    pub fn aligned(&self, schema: &Schema, inputs: &[SchemaRef]) -> Vec<Vec<(Expr, String)>> {
        let of = |input: &SchemaRef| {
            let column = |(place, field): (usize, &Arc<Field>)| {
                let found = if self.by_position {
                    input.fields().get(place)
                } else {
                    input.fields().iter().find(|other| other.name() == field.name())
                };
                let expr = match found {
                    None => Expr::literal(Scalar::Null),
                    Some(found) => Expr::column(found.name()),
                };
                let to = field.data_type().clone();
                let is_same = found.is_some_and(|found| *found.data_type() == to);
                let cast = |expr| Expr::new(Node::Cast { operand: Box::new(expr), to, bad: frame_expr::BadCast::Fail });
                (if is_same { expr } else { cast(expr) }, field.name().clone())
            };
            schema.fields().iter().enumerate().map(column).collect()
        };
        inputs.iter().map(of).collect()
    }

    pub(super) fn wanted(&self, wanted: &Wanted) -> Wanted {
        if self.by_position { None } else { wanted.clone() }
    }

    pub(super) fn explain(&self) -> String {
        format!("union of {}{}", self.inputs.len(), if self.by_position { " by position" } else { "" })
    }
}
