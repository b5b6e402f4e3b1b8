//! Constants as arrays of one row.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, DurationMicrosecondArray, Float64Array, Int64Array, IntervalYearMonthArray, NullArray,
    StringViewArray, TimestampMicrosecondArray,
};
use frame_core::Scalar;

pub(super) fn array(scalar: &Scalar) -> ArrayRef {
    match scalar {
        Scalar::Null => Arc::new(NullArray::new(1)),
        Scalar::Bool(value) => Arc::new(BooleanArray::from(vec![*value])),
        Scalar::Int(value) => Arc::new(Int64Array::from(vec![*value])),
        Scalar::Float(value) => Arc::new(Float64Array::from(vec![*value])),
        Scalar::Text(value) => Arc::new(StringViewArray::from(vec![value.as_str()])),
        Scalar::Date(value) => Arc::new(Date32Array::from(vec![*value])),
        Scalar::Timestamp(value) => Arc::new(TimestampMicrosecondArray::from(vec![*value])),
        Scalar::Duration(value) => Arc::new(DurationMicrosecondArray::from(vec![*value])),
        Scalar::Months(value) => Arc::new(IntervalYearMonthArray::from(vec![*value])),
    }
}
