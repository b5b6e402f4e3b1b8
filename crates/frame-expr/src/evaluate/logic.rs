//! Three-valued logic: unknown and false is false, unknown or true is true, anything else with unknown is unknown.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::compute::{and_kleene, not as arrow_not, or_kleene};
use frame_core::Result;

use super::Value;

pub(super) fn not(operand: &Value) -> Result<Value> {
    Ok(operand.with(Arc::new(arrow_not(operand.array.as_boolean())?)))
}

pub(super) fn both(is_and: bool, left: &Value, right: &Value, rows: usize) -> Result<Value> {
    let combine = if is_and { and_kleene } else { or_kleene };
    if left.is_scalar && right.is_scalar {
        return Ok(Value::scalar(Arc::new(combine(left.array.as_boolean(), right.array.as_boolean())?)));
    }
    let (left, right) = (left.clone().into_column(rows)?, right.clone().into_column(rows)?);
    Ok(Value::column(Arc::new(combine(left.as_boolean(), right.as_boolean())?)))
}
