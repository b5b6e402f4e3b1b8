//! `type_of`: the type of a value.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringViewArray};
use arrow::datatypes::DataType;
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::arity;
use crate::bind::BoundExpr;
use crate::types::type_name;

/// type_of(x): the name of the type of x, as cast takes it.
#[derive(Debug)]
pub(super) struct TypeOf;

impl ScalarFunction for TypeOf {
    fn name(&self) -> &'static str {
        "type_of"
    }

    fn help(&self) -> &'static str {
        "type_of(x): the name of the type of x, as cast takes it."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("type_of(1.5)", "'float'")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [value] = arity(self.name(), arguments)?;
        Ok((vec![value.0], DataType::Utf8View))
    }

    fn evaluate(&self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let name = type_name(arguments[0].data_type());
        Ok(Arc::new(StringViewArray::from_iter_values(std::iter::repeat_n(name, rows))))
    }
}
