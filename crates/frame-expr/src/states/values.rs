//! Values of any type in one of two forms: order keys of 64 bits, or bytes.
//!
//! Both sort as the values do. Order keys tell −0.0 from 0.0 (and put it first) but not one NaN from another.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryViewArray, Float64Array, Int64Array, UInt64Array, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int64Type, UInt64Type};
use arrow::row::{RowConverter, SortField};
use frame_core::{Error, Result};

use super::End;
use crate::types::is_text;

const SIGN: u64 = 1 << 63;

/// The key of −0.0.
const NEGATIVE_ZERO: u64 = SIGN - 1;

/// The type that arguments of this type are converted to, so that no dictionary is left.
pub(crate) fn plain(data_type: &DataType) -> DataType {
    match data_type {
        text if is_text(text) => DataType::Utf8View,
        DataType::Dictionary(_, values) => plain(values),
        other => other.clone(),
    }
}

/// Whether values of this type have order keys of 64 bits.
pub(crate) fn has_keys(data_type: &DataType) -> bool {
    use DataType::{Boolean, Date32, Date64, Duration, Time32, Time64, Timestamp};
    let is_time = matches!(data_type, Date32 | Date64 | Time32(_) | Time64(_) | Timestamp(..) | Duration(_));
    data_type.is_integer() || data_type.is_floating() || is_time || *data_type == Boolean
}

/// Whether values of this type can be turned into bytes.
pub(crate) fn has_bytes(data_type: &DataType) -> bool {
    *data_type == DataType::Utf8View || RowConverter::supports_fields(&[SortField::new(data_type.clone())])
}

/// The order key of a float.
#[inline(always)]
pub(crate) fn float_key(value: f64) -> u64 {
    let bits = if value.is_nan() { f64::NAN.to_bits() & !SIGN } else { value.to_bits() };
    // The bits below the sign are turned for negative numbers, then the sign for all.
    bits ^ (((bits as i64 >> 63) as u64) | SIGN)
}

/// The float with an order key.
pub(crate) fn float_of_key(key: u64) -> f64 {
    f64::from_bits(if key & SIGN == 0 { !key } else { key ^ SIGN })
}

/// The order keys of a column; what they are where the column is null is not said.
pub(crate) fn keys(column: &ArrayRef) -> Result<Vec<u64>> {
    if let Some(ints) = column.as_primitive_opt::<Int64Type>() {
        return Ok(ints.values().iter().map(|value| *value as u64 ^ SIGN).collect());
    }
    if let Some(unsigned) = column.as_primitive_opt::<UInt64Type>() {
        return Ok(unsigned.values().to_vec());
    }
    if column.data_type().is_floating() {
        let floats = cast(column, &DataType::Float64)?;
        return Ok(floats.as_primitive::<Float64Type>().values().iter().map(|value| float_key(*value)).collect());
    }
    let ints = match column.data_type() {
        DataType::Date32 | DataType::Time32(_) => cast(&cast(column, &DataType::Int32)?, &DataType::Int64)?,
        _ => cast(column, &DataType::Int64)?,
    };
    Ok(ints.as_primitive::<Int64Type>().values().iter().map(|value| *value as u64 ^ SIGN).collect())
}

/// The order keys of a column as what its values are equal by: −0.0 as 0.0.
pub(crate) fn equality_keys(column: &ArrayRef) -> Result<Vec<u64>> {
    let mut keys = keys(column)?;
    if column.data_type().is_floating() {
        keys.iter_mut().for_each(|key| *key += u64::from(*key == NEGATIVE_ZERO));
    }
    Ok(keys)
}

/// The values of a type with these order keys.
pub(crate) fn column_of_keys(keys: &UInt64Array, data_type: &DataType) -> Result<ArrayRef> {
    if *data_type == DataType::UInt64 {
        return Ok(Arc::new(keys.clone()));
    }
    if data_type.is_floating() {
        let floats: Float64Array = keys.unary(float_of_key);
        return Ok(cast(&floats, data_type)?);
    }
    let ints: Int64Array = keys.unary(|key| (key ^ SIGN) as i64);
    Ok(match data_type {
        DataType::Date32 | DataType::Time32(_) => cast(&cast(&ints, &DataType::Int32)?, data_type)?,
        _ => cast(&ints, data_type)?,
    })
}

/// The column with all NaNs the same, as order keys have them.
fn one_nan(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Float64 => {
            let floats = column.as_primitive::<Float64Type>();
            Arc::new(floats.unary::<_, Float64Type>(|value| if value.is_nan() { f64::NAN } else { value }))
        }
        DataType::Float32 => {
            let floats = column.as_primitive::<Float32Type>();
            Arc::new(floats.unary::<_, Float32Type>(|value| if value.is_nan() { f32::NAN } else { value }))
        }
        _ => Arc::clone(column),
    }
}

/// Turns values of one type into bytes and back.
pub(crate) struct Coder {
    data_type: DataType,
    /// None for text, whose bytes sort as they are.
    converter: Option<RowConverter>,
}

impl Coder {
    /// A coder whose bytes stand alone; for a type with bytes.
    pub(crate) fn new(data_type: &DataType) -> Result<Self> {
        if *data_type == DataType::Utf8View {
            return Ok(Self { data_type: DataType::Utf8View, converter: None });
        }
        Self::composable(data_type, End::Min)
    }

    /// A coder whose bytes still sort first by the value if something is appended, from the largest value on for `End::Max`.
    pub(crate) fn composable(data_type: &DataType, end: End) -> Result<Self> {
        let options = arrow::compute::SortOptions { descending: end == End::Max, nulls_first: false };
        let converter = RowConverter::new(vec![SortField::new_with_options(data_type.clone(), options)])?;
        Ok(Self { data_type: data_type.clone(), converter: Some(converter) })
    }

    /// The bytes of each value; null where the column is.
    pub(crate) fn encode(&self, column: &ArrayRef) -> Result<BinaryViewArray> {
        let Some(converter) = &self.converter else {
            let texts = column.as_string_view_opt().ok_or_else(|| Error::internal("text of another kind than asked for"))?;
            return Ok(texts.clone().to_binary_view());
        };
        let column = &one_nan(column);
        let rows = converter.convert_columns(std::slice::from_ref(column))?.try_into_binary()?;
        let views = cast(&rows, &DataType::BinaryView)?;
        let (views, buffers, _) = views.as_binary_view().clone().into_parts();
        Ok(BinaryViewArray::try_new(views, buffers, column.logical_nulls())?)
    }

    /// The values with these bytes.
    pub(crate) fn decode(&self, values: &BinaryViewArray) -> Result<ArrayRef> {
        let Some(converter) = &self.converter else {
            return Ok(cast(values, &DataType::Utf8View)?);
        };
        let null = converter.convert_columns(&[new_null_array(&self.data_type, 1)])?;
        let parser = converter.parser();
        let rows = values.iter().map(|value| value.map_or_else(|| null.row(0), |bytes| parser.parse(bytes)));
        let mut columns = converter.convert_rows(rows)?;
        columns.pop().ok_or_else(|| Error::internal("rows without a column"))
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{BooleanArray, Date32Array, Decimal128Array, Float32Array, StringViewArray, Time32SecondArray};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn float_keys_sort_as_floats(a: u64, b: u64) {
            let (a, b) = (f64::from_bits(a), f64::from_bits(b));
            prop_assume!(!a.is_nan() && !b.is_nan());
            prop_assert_eq!(float_key(a).cmp(&float_key(b)), a.total_cmp(&b));
            prop_assert_eq!(float_of_key(float_key(a)).to_bits(), a.to_bits());
        }
    }

    #[test]
    fn columns_come_back() {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(vec![i64::MIN, -1, 0, i64::MAX])),
            Arc::new(UInt64Array::from(vec![0, 1, u64::MAX])),
            Arc::new(Float32Array::from(vec![f32::NEG_INFINITY, -0.0, 0.0, 1.5])),
            Arc::new(BooleanArray::from(vec![false, true])),
            Arc::new(Date32Array::from(vec![-5, 0, 20_000])),
            Arc::new(Time32SecondArray::from(vec![0, 86_399])),
        ];
        for column in columns {
            let keys = keys(&column).expect("keys");
            assert!(has_keys(column.data_type()) && keys.is_sorted());
            assert_eq!(&column_of_keys(&UInt64Array::from(keys), column.data_type()).expect("a column"), &column);
        }
        let decimals = Decimal128Array::from(vec![Some(-700), None, Some(1), Some(12)]).with_precision_and_scale(10, 2).expect("decimals");
        let columns: Vec<ArrayRef> =
            vec![Arc::new(StringViewArray::from(vec![Some("a"), None, Some("a longer text than a view")])), Arc::new(decimals)];
        for column in columns {
            let coder = Coder::new(column.data_type()).expect("a coder");
            assert_eq!(&coder.decode(&coder.encode(&column).expect("bytes")).expect("a column"), &column);
        }
    }

    #[test]
    fn zeros_and_nans_are_equal_as_values() {
        let column: ArrayRef = Arc::new(Float64Array::from(vec![0.0, -0.0, f64::NAN, -f64::NAN, 1.0]));
        let keys = equality_keys(&column).expect("keys");
        assert!(keys[0] == keys[1] && keys[2] == keys[3] && keys[0] < keys[4] && keys[4] < keys[2]);
    }
}
