//! `contains`: whether a text holds another.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::compute::contains;
use arrow::datatypes::DataType;
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;

/// x contains y: whether the text holds the other one.
#[derive(Debug)]
pub(super) struct Contains;

impl ScalarFunction for Contains {
    fn name(&self) -> &'static str {
        "contains"
    }

    fn help(&self) -> &'static str {
        "x contains y: whether the text holds the other one."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("'banana' contains 'nan'", "true")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [text, part] = arity(self.name(), arguments)?;
        Ok((vec![signature::text(self.name(), text)?, signature::text(self.name(), part)?], DataType::Boolean))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(Arc::new(contains(&arguments[0], &arguments[1])?))
    }
}
