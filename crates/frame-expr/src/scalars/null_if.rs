//! `null_if`: null in place of one value.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::compute::nullif;
use arrow::datatypes::DataType;
use frame_core::{Error, QueryError, Result, Span};

use super::ScalarFunction;
use super::signature::arity;
use crate::bind::{BoundExpr, widen};
use crate::evaluate::compare_columns;
use crate::expr::BinaryOp;
use crate::types::{compared, type_name};

/// null_if(x, y): x, or null where it equals y.
#[derive(Debug)]
pub(super) struct NullIf;

impl ScalarFunction for NullIf {
    fn name(&self) -> &'static str {
        "null_if"
    }

    fn help(&self) -> &'static str {
        "null_if(x, y): x, or null where it equals y."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("null_if('n/a', 'n/a')", "null")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [(value, span), (other, other_span)] = arity(self.name(), arguments)?;
        let Some((to, to_other)) = compared(value.data_type(), other.data_type()) else {
            let found = format!("{} and {}", type_name(value.data_type()), type_name(other.data_type()));
            let error = Error::new(QueryError::Type { operation: format!("`{}`", self.name()), found });
            return Err(error.at(span.to(other_span)).hint("convert one side with cast(x, type)"));
        };
        let data_type = value.data_type().clone();
        Ok((vec![value.clone(), widen(value, to), widen(other, to_other)], data_type))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        if arguments[0].data_type().is_null() {
            return Ok(Arc::clone(&arguments[0]));
        }
        Ok(nullif(&arguments[0], &compare_columns(BinaryOp::Equal, &arguments[1], &arguments[2])?)?)
    }
}
