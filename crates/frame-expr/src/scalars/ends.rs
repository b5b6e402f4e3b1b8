//! `ends`: whether a text ends with another.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::compute::ends_with;
use arrow::datatypes::DataType;
use frame_core::{Result, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;

/// x ends y: whether the text ends with the other one.
#[derive(Debug)]
pub(super) struct Ends;

impl ScalarFunction for Ends {
    fn name(&self) -> &'static str {
        "ends"
    }

    fn help(&self) -> &'static str {
        "x ends y: whether the text ends with the other one."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("'banana' ends 'nan'", "false")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let [text, part] = arity(self.name(), arguments)?;
        Ok((vec![signature::text(self.name(), text)?, signature::text(self.name(), part)?], DataType::Boolean))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        Ok(Arc::new(ends_with(&arguments[0], &arguments[1])?))
    }
}
