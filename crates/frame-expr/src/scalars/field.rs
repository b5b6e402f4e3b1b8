//! `field`: a field of a struct.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::compute::nullif;
use arrow::datatypes::DataType;
use frame_core::{Error, QueryError, Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;

/// field(s, 'name'): the field of that name in the struct; null where the struct is.
#[derive(Debug)]
pub(super) struct Field;

impl ScalarFunction for Field {
    fn name(&self) -> &'static str {
        "field"
    }

    fn help(&self) -> &'static str {
        "field(s, 'name'): the field of that name in the struct; null where the struct is."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("field(null, 'x')", "null")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [value, name] = arity(self.name(), arguments)?;
        let span = name.1;
        let (argument, name) = signature::constant_text(self.name(), "the name of the field", name)?;
        let data_type = match value.0.data_type() {
            DataType::Null => DataType::Null,
            DataType::Struct(fields) => match fields.iter().find(|field| *field.name() == name) {
                Some(field) => field.data_type().clone(),
                None => {
                    let known = fields.iter().map(|field| field.name().clone()).collect();
                    return Err(Error::new(QueryError::UnknownColumn { name, known }).at(span));
                }
            },
            other => return Err(signature::wrong(self.name(), other, "a struct", value.1)),
        };
        Ok((vec![value.0, argument], data_type))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        if arguments[0].data_type().is_null() {
            return Ok(Arc::clone(&arguments[0]));
        }
        let value = arguments[0].as_struct();
        let name = arguments[1].as_string_view().value(0);
        let column = value.column_by_name(name).ok_or_else(|| Error::internal(format!("the struct has lost its field {name}")))?;
        match value.nulls() {
            None => Ok(Arc::clone(column)),
            Some(nulls) => Ok(nullif(column, &BooleanArray::new(!nulls.inner(), None))?),
        }
    }
}
