//! `coalesce`: the first value that is not null.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::compute::is_null;
use arrow::compute::kernels::zip::zip;
use arrow::datatypes::DataType;
use frame_core::{Error, QueryError, Result, Span};

use super::ScalarFunction;
use crate::bind::{BoundExpr, common};

/// coalesce(x, y, ...), x ?? y: the first value that is not null.
#[derive(Debug)]
pub(super) struct Coalesce;

impl ScalarFunction for Coalesce {
    fn name(&self) -> &'static str {
        "coalesce"
    }

    fn help(&self) -> &'static str {
        "coalesce(x, y, ...), x ?? y: the first value that is not null."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("coalesce(null, 2)", "2")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        if arguments.is_empty() {
            return Err(Error::new(QueryError::Arity {
                function: "coalesce".to_owned(),
                expected: "at least 1 argument".to_owned(),
                found: 0,
            }));
        }
        let arguments = common(arguments, self.name())?;
        let data_type = arguments[0].data_type().clone();
        Ok((arguments, data_type))
    }

    fn evaluate(&self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let mut values = Arc::clone(&arguments[0]);
        for next in &arguments[1..] {
            values = zip(&is_null(&values)?, next, &values)?;
        }
        debug_assert_eq!(values.len(), rows);
        Ok(values)
    }
}
