//! What a file says of its values, made into bounds that can be trusted for leaving rows out.
//!
//! A bound that may be wrong is no bound: NaN, deprecated bounds whose order nobody defined, bounds stored in an order
//! that is not the column's.

use std::cmp::Ordering;

use arrow::datatypes::{DataType, TimeUnit};
use frame_core::{ColumnRange, Scalar};
use parquet::basic::{ColumnOrder, SortOrder};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::statistics::Statistics;

/// The range of column `leaf`, read as `data_type`, over a whole row group; `None` if nothing is known.
pub(super) fn group_range(metadata: &ParquetMetaData, group: &RowGroupMetaData, leaf: usize, data_type: &DataType) -> Option<ColumnRange> {
    let chunk = group.column(leaf);
    let statistics = chunk.statistics()?;
    let rows = u64::try_from(group.num_rows()).ok()?;
    let nulls = statistics.null_count_opt().filter(|nulls| *nulls <= rows);
    let (min, max) = match (statistics.min_bytes_opt(), statistics.max_bytes_opt()) {
        (min, max) if may_trust_order(metadata, leaf, statistics.is_min_max_deprecated(), data_type) => (min, max),
        _ => (None, None),
    };
    let range = bounds(min, max, data_type, is_text(statistics));
    Some(ColumnRange { min: range.0, max: range.1, nulls, rows })
}

/// What is known of two stretches of a column together.
pub(super) fn joined(a: ColumnRange, b: ColumnRange) -> ColumnRange {
    let (min, max) = (outer(a.min, b.min, Ordering::Less), outer(a.max, b.max, Ordering::Greater));
    ColumnRange { min, max, nulls: a.nulls.zip(b.nulls).map(|(a, b)| a.saturating_add(b)), rows: a.rows.saturating_add(b.rows) }
}

/// Of two bounds the one farther out; `None` if one of them is unknown, or if nobody asks for the order of such values.
fn outer(a: Option<Scalar>, b: Option<Scalar>, wanted: Ordering) -> Option<Scalar> {
    let (a, b) = a.zip(b)?;
    let order = match (&a, &b) {
        (Scalar::Int(a), Scalar::Int(b)) | (Scalar::Timestamp(a), Scalar::Timestamp(b)) => a.cmp(b),
        (Scalar::Date(a), Scalar::Date(b)) => a.cmp(b),
        _ => return None,
    };
    Some(if order == wanted { a } else { b })
}

fn is_text(statistics: &Statistics) -> bool {
    matches!(statistics, Statistics::ByteArray(_))
}

/// Whether the bounds of a column were made with the order that comparisons use.
///
/// The deprecated fields were compared as signed numbers or signed bytes: right for signed numbers only.
pub(super) fn may_trust_order(metadata: &ParquetMetaData, leaf: usize, deprecated: bool, data_type: &DataType) -> bool {
    let is_signed_number = matches!(
        data_type,
        DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::Date32
            | DataType::Timestamp(_, _)
            | DataType::Float32
            | DataType::Float64
            | DataType::Boolean
    );
    if deprecated {
        return is_signed_number;
    }
    match metadata.file_metadata().column_order(leaf) {
        ColumnOrder::TYPE_DEFINED_ORDER(SortOrder::SIGNED) => is_signed_number,
        ColumnOrder::TYPE_DEFINED_ORDER(SortOrder::UNSIGNED) => !is_signed_number || matches!(data_type, DataType::Boolean),
        // Without a declared order writers of the new fields still use the type's own for signed numbers.
        ColumnOrder::UNDEFINED => is_signed_number,
        _ => false,
    }
}

/// Bounds from their plain encoding, as scalars that compare like the column's values.
///
/// Bounds of text may be cut short: a lower bound stays one, an upper bound was raised by whoever cut it.
pub(super) fn bounds(min: Option<&[u8]>, max: Option<&[u8]>, data_type: &DataType, text: bool) -> (Option<Scalar>, Option<Scalar>) {
    let is_text = matches!(data_type, DataType::Utf8View | DataType::Dictionary(_, _));
    if text != is_text {
        return (None, None);
    }
    let min = min.and_then(|bytes| scalar(bytes, data_type, Side::Lower));
    let max = max.and_then(|bytes| scalar(bytes, data_type, Side::Upper));
    match (&min, &max) {
        (Some(_), None) | (None, Some(_)) if matches!(data_type, DataType::Float32 | DataType::Float64) => (None, None),
        // A zero of either sign may stand for the other.
        (Some(Scalar::Float(low)), _) if *low == 0.0 => (Some(Scalar::Float(-0.0)), max),
        _ => (min, max),
    }
}

#[derive(Clone, Copy)]
enum Side {
    Lower,
    Upper,
}

fn scalar(bytes: &[u8], data_type: &DataType, side: Side) -> Option<Scalar> {
    use DataType as T;
    let four = || bytes.try_into().ok().map(i32::from_le_bytes);
    let eight = || bytes.try_into().ok().map(i64::from_le_bytes);
    match data_type {
        T::Boolean => match bytes {
            [byte @ (0 | 1)] => Some(Scalar::Bool(*byte == 1)),
            _ => None,
        },
        T::Int8 | T::Int16 | T::Int32 => Some(Scalar::Int(i64::from(four()?))),
        T::UInt8 | T::UInt16 | T::UInt32 => Some(Scalar::Int(i64::from(four()? as u32))),
        T::Int64 => Some(Scalar::Int(eight()?)),
        // Above the largest i64 there is no scalar; a bound that cannot be said is no bound.
        T::UInt64 => eight().filter(|value| *value >= 0).map(Scalar::Int),
        T::Float32 => float(f64::from(f32::from_le_bytes(bytes.try_into().ok()?)), side),
        T::Float64 => float(f64::from_le_bytes(bytes.try_into().ok()?), side),
        T::Date32 => Some(Scalar::Date(four()?)),
        T::Timestamp(unit, None) => micros(eight()?, *unit, side).map(Scalar::Timestamp),
        T::Utf8View | T::Dictionary(_, _) => std::str::from_utf8(bytes).ok().map(|text| Scalar::Text(text.to_owned())),
        _ => None,
    }
}

fn float(value: f64, side: Side) -> Option<Scalar> {
    match side {
        _ if value.is_nan() => None,
        Side::Upper if value == 0.0 => Some(Scalar::Float(0.0)),
        _ => Some(Scalar::Float(value)),
    }
}

/// A timestamp in microseconds, rounded away from the values that it bounds.
fn micros(value: i64, unit: TimeUnit, side: Side) -> Option<i64> {
    match unit {
        TimeUnit::Second => value.checked_mul(1_000_000),
        TimeUnit::Millisecond => value.checked_mul(1_000),
        TimeUnit::Microsecond => Some(value),
        TimeUnit::Nanosecond => match side {
            Side::Lower => Some(value.div_euclid(1_000)),
            Side::Upper => value.div_euclid(1_000).checked_add(1),
        },
    }
}
