//! The keys of both sides in one form, so that equal keys have equal words or bytes.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryViewArray, BinaryViewBuilder, Int64Array};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit};
use arrow::row::{RowConverter, SortField};
use frame_core::{Error, Result, hash};
use frame_expr::common_type;

use crate::sort::canonical;

/// How the values of a key column are brought into the form in which both sides are compared.
#[derive(Debug, Clone, PartialEq)]
enum Form {
    /// As this type, whose values are 64-bit words.
    Words(DataType),
    /// Floats by their bits.
    Floats,
    /// Floats that are compared with ints: those that no int equals are like null.
    WholeFloats,
    /// Text by its bytes.
    Text,
    /// As this type, each value packed into bytes.
    Packed(DataType),
}

/// A key column: its place, and its form.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Key {
    pub(super) column: usize,
    form: Form,
}

/// Key columns of some rows.
#[derive(Debug, Clone)]
pub(super) enum KeyColumn {
    Words(Int64Array),
    Bytes(BinaryViewArray),
}

/// The keys of some rows.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    pub(super) columns: Vec<KeyColumn>,
    /// Rows of which a key is null match nothing.
    pub(super) nulls: Option<NullBuffer>,
    pub(super) rows: usize,
}

fn plain(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => plain(values),
        other => other,
    }
}

/// The columns at two places of the left and the right side as keys that can be compared.
///
/// # Errors
/// An internal error for types that do not go together; the plan has told them apart.
pub(crate) fn pair(left: (usize, &DataType), right: (usize, &DataType)) -> Result<(Key, Key)> {
    let (of_left, of_right) = (plain(left.1), plain(right.1));
    let common = common_type(of_left, of_right).ok_or_else(|| Error::internal("keys of types that do not go together"))?;
    let is_int = |data_type: &DataType| data_type.is_integer() && *data_type != DataType::UInt64;
    let form = |own: &DataType, other: &DataType| match &common {
        _ if is_int(own) && (is_int(other) || other.is_floating()) => Form::Words(DataType::Int64),
        _ if own.is_floating() && is_int(other) => Form::WholeFloats,
        text if text.is_string() => Form::Text,
        float if float.is_floating() => Form::Floats,
        DataType::Boolean | DataType::Date32 | DataType::Timestamp(..) | DataType::Time64(_) | DataType::Duration(_) => {
            Form::Words(common.clone())
        }
        int if is_int(int) => Form::Words(DataType::Int64),
        other => Form::Packed(other.clone()),
    };
    Ok((Key { column: left.0, form: form(of_left, of_right) }, Key { column: right.0, form: form(of_right, of_left) }))
}

/// The columns at two places as keys whose distance counts, the form of both, and the unit of times.
///
/// # Errors
/// See [`pair`].
pub(crate) fn near_key(left: (usize, &DataType), right: (usize, &DataType)) -> Result<(Key, Key, Option<TimeUnit>)> {
    let common = common_type(plain(left.1), plain(right.1)).ok_or_else(|| Error::internal("keys of types that do not go together"))?;
    let (form, unit) = match &common {
        float if float.is_floating() => (Form::Floats, None),
        int if int.is_integer() => (Form::Words(DataType::Int64), None),
        DataType::Date32 => (Form::Words(DataType::Timestamp(TimeUnit::Microsecond, None)), Some(TimeUnit::Microsecond)),
        DataType::Timestamp(unit, _) | DataType::Time64(unit) | DataType::Duration(unit) => (Form::Words(common.clone()), Some(*unit)),
        _ => return Err(Error::internal("distances of a type that has none")),
    };
    Ok((Key { column: left.0, form: form.clone() }, Key { column: right.0, form }, unit))
}

impl Key {
    /// Its place.
    pub(crate) fn column(&self) -> usize {
        self.column
    }

    /// The same key of rows in which it lies at another place.
    pub(super) fn at(&self, column: usize) -> Self {
        Self { column, form: self.form.clone() }
    }

    /// Whether the column is text by its bytes: then a dictionary's values stand for its rows.
    pub(super) fn is_text(&self) -> bool {
        self.form == Form::Text
    }

    /// Whether words are whole numbers.
    pub(crate) fn is_int(&self) -> bool {
        self.form == Form::Words(DataType::Int64)
    }

    /// Whether words are whole numbers, or times.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self.form, Form::Words(_))
    }

    /// Whether words are the bits of floats.
    pub(super) fn is_float(&self) -> bool {
        self.form == Form::Floats
    }

    pub(super) fn of(&self, column: &ArrayRef) -> Result<KeyColumn> {
        Ok(match &self.form {
            Form::Words(to) => KeyColumn::Words(words(column, to)?),
            Form::Floats => {
                let floats = canonical(cast(column, &DataType::Float64)?)?;
                let floats = floats.as_primitive::<Float64Type>();
                KeyColumn::Words(Int64Array::new(floats.values().inner().clone().into(), floats.nulls().cloned()))
            }
            Form::WholeFloats => {
                let floats = cast(column, &DataType::Float64)?;
                KeyColumn::Words(floats.as_primitive::<Float64Type>().unary_opt(whole))
            }
            Form::Text => {
                let views = if *column.data_type() == DataType::Utf8View { column.clone() } else { cast(column, &DataType::Utf8View)? };
                KeyColumn::Bytes(views.as_string_view().clone().to_binary_view())
            }
            Form::Packed(to) => KeyColumn::Bytes(packed(column, to)?),
        })
    }
}

/// The int that a float equals, if there is one.
fn whole(value: f64) -> Option<i64> {
    const END: f64 = 9_223_372_036_854_775_808.0;
    (value.fract() == 0.0 && (-END..END).contains(&value)).then_some(value as i64)
}

fn words(column: &ArrayRef, to: &DataType) -> Result<Int64Array> {
    let column = if column.data_type() == to { column.clone() } else { cast(column, to)? };
    // There is no direct way for days.
    let column = if *to == DataType::Date32 { cast(&column, &DataType::Int32)? } else { column };
    Ok(cast(&column, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
}

fn packed(column: &ArrayRef, to: &DataType) -> Result<BinaryViewArray> {
    let column = if column.data_type() == to { column.clone() } else { cast(column, to)? };
    let converter = RowConverter::new(vec![SortField::new(to.clone())])?;
    let nulls = column.logical_nulls();
    let rows = converter.convert_columns(&[column])?;
    let mut bytes = BinaryViewBuilder::with_capacity(rows.num_rows());
    for (at, row) in rows.iter().enumerate() {
        bytes.append_option(nulls.as_ref().is_none_or(|nulls| nulls.is_valid(at)).then(|| row.as_ref()));
    }
    Ok(bytes.finish())
}

impl KeyColumn {
    fn nulls(&self) -> Option<&NullBuffer> {
        match self {
            Self::Words(words) => words.nulls(),
            Self::Bytes(bytes) => bytes.nulls(),
        }
        .filter(|nulls| nulls.null_count() > 0)
    }

    fn slice(&self, offset: usize, len: usize) -> Self {
        match self {
            Self::Words(words) => Self::Words(words.slice(offset, len)),
            Self::Bytes(bytes) => Self::Bytes(bytes.slice(offset, len)),
        }
    }

    /// Bytes of memory held.
    fn bytes(&self) -> usize {
        match self {
            Self::Words(words) => words.get_array_memory_size(),
            Self::Bytes(bytes) => bytes.get_array_memory_size(),
        }
    }

    /// Whether two rows are equal; neither is null.
    #[inline(always)]
    fn is_equal(&self, row: usize, other: &Self, other_row: usize) -> bool {
        match (self, other) {
            (Self::Words(a), Self::Words(b)) => a.values()[row] == b.values()[other_row],
            (Self::Bytes(a), Self::Bytes(b)) => is_same_bytes(a, row, b, other_row),
            _ => false,
        }
    }
}

/// Whether two byte strings are equal: up to twelve bytes lie in the view itself.
#[inline(always)]
pub(super) fn is_same_bytes(a: &BinaryViewArray, row: usize, b: &BinaryViewArray, other_row: usize) -> bool {
    let (view, other) = (a.views()[row], b.views()[other_row]);
    if view as u32 <= 12 { view == other } else { view as u64 == other as u64 && a.value(row) == b.value(other_row) }
}

impl Keys {
    /// The keys of rows with these columns.
    pub(super) fn new(keys: &[Key], columns: &[ArrayRef], rows: usize) -> Result<Self> {
        let columns = keys.iter().map(|key| key.of(&columns[key.column])).collect::<Result<Vec<_>>>()?;
        Ok(Self::of(columns, rows))
    }

    pub(super) fn of(columns: Vec<KeyColumn>, rows: usize) -> Self {
        let nulls = columns.iter().filter_map(KeyColumn::nulls).fold(None, |all, nulls| NullBuffer::union(all.as_ref(), Some(nulls)));
        Self { columns, nulls, rows }
    }

    pub(super) fn slice(&self, offset: usize, len: usize) -> Self {
        let columns = self.columns.iter().map(|column| column.slice(offset, len)).collect();
        Self { columns, nulls: self.nulls.as_ref().map(|nulls| nulls.slice(offset, len)), rows: len }
    }

    /// Bytes of memory held.
    pub(super) fn bytes(&self) -> usize {
        self.columns.iter().map(KeyColumn::bytes).sum()
    }

    /// Whether a row has a key that can match.
    #[inline(always)]
    pub(super) fn is_valid(&self, row: usize) -> bool {
        self.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row))
    }

    #[inline(always)]
    pub(super) fn is_equal(&self, row: usize, other: &Self, other_row: usize) -> bool {
        self.columns.iter().zip(&other.columns).all(|(a, b)| a.is_equal(row, b, other_row))
    }

    /// A hash for each row, in place of what is in `hashes`.
    pub(super) fn hash(&self, hashes: &mut Vec<u64>) {
        hashes.clear();
        hashes.resize(self.rows, 0);
        for (at, column) in self.columns.iter().enumerate() {
            match (column, at) {
                (KeyColumn::Words(words), 0) => {
                    hashes.iter_mut().zip(words.values()).for_each(|(hash, word)| *hash = hash::word(*word as u64));
                }
                (KeyColumn::Words(words), _) => {
                    hashes.iter_mut().zip(words.values()).for_each(|(hash, word)| *hash = hash::combine(*hash, *word as u64));
                }
                (KeyColumn::Bytes(bytes), 0) => hashes.iter_mut().enumerate().for_each(|(row, hash)| *hash = hash::bytes(bytes.value(row))),
                (KeyColumn::Bytes(bytes), _) => {
                    hashes.iter_mut().enumerate().for_each(|(row, hash)| *hash = hash::combine(*hash, hash::bytes(bytes.value(row))));
                }
            }
        }
    }
}

/// The values of a dictionary as keys.
pub(super) fn of_values(values: &ArrayRef) -> Result<Keys> {
    let views = cast(values, &DataType::Utf8View)?;
    Ok(Keys::of(vec![KeyColumn::Bytes(views.as_string_view().clone().to_binary_view())], Arc::clone(values).len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_equal_the_ints_that_they_are() {
        assert_eq!(whole(-0.0), Some(0));
        assert_eq!(whole(9_007_199_254_740_992.0), Some(1 << 53));
        assert_eq!(whole(-9_223_372_036_854_775_808.0), Some(i64::MIN));
        for none in [0.5, f64::NAN, f64::INFINITY, 9_223_372_036_854_775_808.0] {
            assert_eq!(whole(none), None, "{none}");
        }
    }
}
