//! `starts`: whether a text begins with another.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::compute::starts_with;
use arrow::datatypes::DataType;
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;

/// x starts y: whether the text begins with the other one.
#[derive(Debug)]
pub(super) struct Starts;

impl ScalarFunction for Starts {
    fn name(&self) -> &'static str {
        "starts"
    }

    fn help(&self) -> &'static str {
        "x starts y: whether the text begins with the other one."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("'banana' starts 'ban'", "true")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [text, part] = arity(self.name(), arguments)?;
        Ok((vec![signature::text(self.name(), text)?, signature::text(self.name(), part)?], DataType::Boolean))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(Arc::new(starts_with(&arguments[0], &arguments[1])?))
    }
}
