//! `like`: whether a text fits a pattern of SQL.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::compute::like;
use arrow::datatypes::DataType;
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;

/// x like y: whether the whole text fits the pattern; % stands for any text, _ for any character.
#[derive(Debug)]
pub(super) struct Like;

impl ScalarFunction for Like {
    fn name(&self) -> &'static str {
        "like"
    }

    fn help(&self) -> &'static str {
        "x like y: whether the whole text fits the pattern; % stands for any text, _ for any character."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("'banana' like 'b%a'", "true")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [text, part] = arity(self.name(), arguments)?;
        Ok((vec![signature::text(self.name(), text)?, signature::text(self.name(), part)?], DataType::Boolean))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(Arc::new(like(&arguments[0], &arguments[1])?))
    }
}
