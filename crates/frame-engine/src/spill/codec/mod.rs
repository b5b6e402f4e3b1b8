//! Columns as bytes and back. Checksums and compression are the matter of spill files.
//!
//! A block is the number of its rows and of its columns, and then column by column its type as Arrow writes it, how the values lie there,
//! which rows are null, and the values. Whole numbers take as many bytes as the distance of the largest from the smallest needs; texts lie
//! end to end behind their lengths; what no other layout is for is an Arrow stream.

mod numbers;
mod section;
mod stream;
mod texts;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, new_null_array};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::util::bit_util::ceil;
use frame_core::{Error, Result, memory_bytes};

use crate::narrow::Narrow;
use crate::packed::{Packed, bytes_of_texts};
use section::{Input, Output};

/// How the values of a column lie in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// Nothing: all are null.
    Nulls = 0,
    /// Numbers of a fixed width: see [`numbers`].
    Numbers = 1,
    /// Bits, as truths are.
    Bits = 2,
    /// Texts or bytes of any length: see [`texts`].
    Texts = 3,
    /// Two columns: places of values, and the values.
    Dictionary = 4,
    /// An Arrow stream of one column: see [`stream`].
    Stream = 5,
}

impl Layout {
    /// The layout with a number.
    fn of(number: u8) -> Result<Self> {
        let all = [Self::Nulls, Self::Numbers, Self::Bits, Self::Texts, Self::Dictionary, Self::Stream];
        let layout = all.into_iter().find(|layout| *layout as u8 == number);
        layout.ok_or_else(|| Error::internal(format!("a spilled column of layout {number}")))
    }

    /// Whether it is told in front of the values which rows are null.
    fn has_mask(self) -> bool {
        matches!(self, Self::Numbers | Self::Bits | Self::Texts)
    }
}

/// Columns as bytes.
#[derive(Debug)]
pub(super) struct Encoded {
    pub(super) dense: Vec<u8>,
    /// Worth compressing.
    pub(super) loose: Vec<u8>,
    /// Bytes of memory that the columns will take, as they were packed and as Arrow has them.
    pub(super) packed_bytes: usize,
    pub(super) column_bytes: usize,
}

/// Columns of `rows` rows as bytes, which keep nothing alive but their own values.
pub(super) fn encode(columns: &[Packed], rows: usize) -> Result<Encoded> {
    let (mut packed_bytes, mut column_bytes) = (0, 0);
    for column in columns {
        let (packed, plain) = loaded_bytes(column);
        packed_bytes += packed;
        column_bytes += plain;
    }
    let mut output = Output::with_capacity(packed_bytes + 64 * columns.len(), packed_bytes);
    output.size(rows);
    output.size(columns.len());
    for column in columns {
        put(&mut output, column)?;
    }
    let (dense, loose) = output.into_parts();
    Ok(Encoded { dense, loose, packed_bytes, column_bytes })
}

/// Bytes of memory that a column takes when it comes back: packed, and as Arrow has it, as a dictionary or plain.
fn loaded_bytes(column: &Packed) -> (usize, usize) {
    match column {
        Packed::Numbers(numbers) => (numbers.memory_bytes(), numbers.column_bytes()),
        Packed::Ids(ids, values) => {
            let (of_texts, of_places) = (bytes_of_texts(values, ids.len()), size_of::<u64>() * ids.len());
            if is_repeated(ids, values) {
                let of_values = bytes_of_texts(values, values.len());
                (ids.memory_bytes() + of_values, of_places + of_values + of_texts)
            } else {
                (of_texts, of_places + of_texts)
            }
        }
        Packed::Plain(column) => (memory_bytes(column), memory_bytes(column)),
    }
}

/// Whether the values of a dictionary are few against the rows.
fn is_repeated(ids: &Narrow, values: &ArrayRef) -> bool {
    values.len() <= ids.len() / 4
}

/// The columns of what [`encode`] made, one part behind the other. Dictionaries may have become plain.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<Packed>> {
    let mut input = Input::new(bytes)?;
    let (rows, columns) = (input.size()?, input.size()?);
    (0..columns).map(|_| take(&mut input, rows)).collect()
}

/// The columns with these types: dictionaries again where they were.
pub(super) fn with_types(columns: &[ArrayRef], types: &[DataType]) -> Result<Vec<ArrayRef>> {
    columns.iter().zip(types).map(|(column, data_type)| with_type(column, data_type)).collect()
}

/// The columns with the types that [`plain_type`] gives.
pub(crate) fn plain(columns: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
    columns.iter().map(|column| with_type(column, &plain_type(column.data_type()))).collect()
}

/// The column with another type, if it has not that one.
pub(super) fn with_type(column: &ArrayRef, data_type: &DataType) -> Result<ArrayRef> {
    Ok(if column.data_type() == data_type { column.clone() } else { cast(column, data_type)? })
}

/// The type of a column whose dictionaries are plain.
pub(crate) fn plain_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Dictionary(_, values) => plain_type(values),
        other => other.clone(),
    }
}

fn put(output: &mut Output, column: &Packed) -> Result<()> {
    match column {
        Packed::Numbers(numbers) => {
            put_head(output, numbers.data_type(), Layout::Numbers, numbers.nulls());
            numbers::put(output, numbers);
            Ok(())
        }
        Packed::Ids(ids, values) if is_repeated(ids, values) => {
            put_head(output, &column.data_type(), Layout::Dictionary, None);
            put(output, &Packed::Numbers(ids.clone()))?;
            output.size(values.len());
            put(output, &Packed::Plain(values.clone()))
        }
        // Most of the values belong to rows elsewhere.
        Packed::Ids(..) => put_plain(output, &column.column()?),
        Packed::Plain(column) => put_plain(output, column),
    }
}

fn put_plain(output: &mut Output, column: &ArrayRef) -> Result<()> {
    let column = &with_type(column, &plain_type(column.data_type()))?;
    let layout = layout(column);
    put_head(output, column.data_type(), layout, column.nulls());
    match layout {
        Layout::Nulls | Layout::Dictionary => {}
        Layout::Numbers => numbers::put_plain(output, column),
        Layout::Bits => put_bits(output, column.as_boolean().values()),
        Layout::Texts => texts::put(output, column)?,
        Layout::Stream => stream::put(output, column)?,
    }
    Ok(())
}

/// What is in front of the values.
fn put_head(output: &mut Output, data_type: &DataType, layout: Layout, nulls: Option<&NullBuffer>) {
    output.text(&data_type.to_string());
    output.byte(layout as u8);
    if layout.has_mask() {
        let nulls = nulls.filter(|nulls| nulls.null_count() > 0);
        output.byte(u8::from(nulls.is_some()));
        if let Some(nulls) = nulls {
            put_bits(output, nulls.inner());
        }
    }
}

fn take(input: &mut Input<'_>, rows: usize) -> Result<Packed> {
    let data_type: DataType = input.text()?.parse()?;
    let layout = Layout::of(input.byte()?)?;
    let nulls = if layout.has_mask() { take_nulls(input, rows)? } else { None };
    Ok(match layout {
        Layout::Nulls => Packed::Plain(new_null_array(&data_type, rows)),
        Layout::Numbers => numbers::take(input, data_type, rows, nulls)?,
        Layout::Bits => Packed::Plain(Arc::new(BooleanArray::new(take_bits(input, rows)?, nulls))),
        Layout::Texts => Packed::Plain(texts::take(input, &data_type, rows, nulls)?),
        Layout::Dictionary => {
            let ids = take(input, rows)?;
            let count = input.size()?;
            match (ids, take(input, count)?) {
                (Packed::Numbers(ids), Packed::Plain(values)) => Packed::Ids(ids, values),
                _ => return Err(Error::internal(format!("a spilled dictionary of type {data_type}"))),
            }
        }
        Layout::Stream => Packed::Plain(stream::take(input)?),
    })
}

fn layout(column: &ArrayRef) -> Layout {
    match column.data_type() {
        _ if column.null_count() == column.len() && !column.data_type().is_nested() => Layout::Nulls,
        DataType::Boolean => Layout::Bits,
        DataType::Utf8 | DataType::Utf8View | DataType::Binary | DataType::BinaryView if texts::fits(column) => Layout::Texts,
        data_type if numbers::has(data_type) => Layout::Numbers,
        _ => Layout::Stream,
    }
}

fn take_nulls(input: &mut Input<'_>, rows: usize) -> Result<Option<NullBuffer>> {
    Ok(if input.byte()? == 0 { None } else { Some(NullBuffer::new(take_bits(input, rows)?)) })
}

fn put_bits(output: &mut Output, bits: &BooleanBuffer) {
    output.loose(&bits.sliced());
}

fn take_bits(input: &mut Input<'_>, rows: usize) -> Result<BooleanBuffer> {
    Ok(BooleanBuffer::new(input.loose(ceil(rows, 8))?.into(), 0, rows))
}

#[cfg(test)]
mod tests {
    use arrow::array::{
        BinaryArray, Date32Array, Decimal128Array, Decimal256Array, DictionaryArray, DurationNanosecondArray, FixedSizeBinaryArray,
        Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, LargeStringArray, ListArray, NullArray, StringArray, StringViewArray,
        Time64NanosecondArray, TimestampMicrosecondArray, TimestampSecondArray, UInt64Array,
    };
    use arrow::datatypes::{Int64Type, i256};
    use proptest::prelude::*;

    use super::*;

    fn bytes(encoded: Encoded) -> Vec<u8> {
        [encoded.dense, encoded.loose].concat()
    }

    fn packed(columns: &[ArrayRef]) -> Vec<Packed> {
        columns.iter().map(Packed::of).collect()
    }

    fn decoded(bytes: &[u8]) -> Result<Vec<ArrayRef>> {
        decode(bytes)?.iter().map(Packed::column).collect()
    }

    fn back(columns: &[ArrayRef], rows: usize) -> Vec<ArrayRef> {
        let types: Vec<DataType> = columns.iter().map(|column| column.data_type().clone()).collect();
        let encoded = encode(&packed(columns), rows);
        encoded.and_then(|encoded| decoded(&bytes(encoded))).and_then(|columns| with_types(&columns, &types)).expect("columns")
    }

    fn columns() -> Vec<ArrayRef> {
        let texts = ["a", "a text that is longer than a view", ""].map(Some);
        let dictionary = DictionaryArray::new(Int32Array::from(vec![Some(1), None, Some(0)]), Arc::new(StringArray::from(vec!["x", "y"])));
        let list = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1), None]), None, Some(vec![])]);
        vec![
            Arc::new(StringViewArray::from_iter(texts)),
            Arc::new(StringArray::from(vec![None, Some("é"), None])),
            Arc::new(LargeStringArray::from(vec![None, Some("large"), None])),
            Arc::new(Decimal128Array::from(vec![Some(1), None, Some(-3)]).with_precision_and_scale(10, 2).expect("decimals")),
            Arc::new(Decimal128Array::from(vec![Some(i128::MAX), None, Some(i128::MIN)])),
            Arc::new(Decimal256Array::from(vec![Some(i256::MAX), None, Some(i256::MINUS_ONE)])),
            Arc::new(dictionary),
            Arc::new(list),
            Arc::new(BinaryArray::from_iter([Some(&b"x"[..]), None, Some(b"")])),
            Arc::new(FixedSizeBinaryArray::try_from_iter([[1_u8; 24], [2; 24], [3; 24]].iter()).expect("binaries")),
            Arc::new(NullArray::new(3)),
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
            Arc::new(Int8Array::from(vec![-128, 127, 0])),
            Arc::new(Int16Array::from(vec![None, Some(-4), Some(300)])),
            Arc::new(Int32Array::from(vec![None::<i32>; 3])),
            Arc::new(Int64Array::from(vec![i64::MAX, i64::MIN, 0])),
            Arc::new(UInt64Array::from(vec![Some(u64::MAX), None, Some(u64::MAX - 70_000)])),
            Arc::new(Float64Array::from(vec![Some(-0.0), None, Some(f64::NAN)])),
            Arc::new(Date32Array::from(vec![-1, 300, 70_000])),
            Arc::new(TimestampMicrosecondArray::from(vec![-1, 0, 1]).with_timezone("Europe/Berlin")),
            Arc::new(TimestampSecondArray::from(vec![-1, 0, 1])),
            Arc::new(Time64NanosecondArray::from(vec![None, Some(1), Some(1)])),
            Arc::new(DurationNanosecondArray::from(vec![5, 5, 5])),
        ]
    }

    #[test]
    fn columns_of_many_types_come_back() {
        let columns = columns();
        assert_eq!(back(&columns, 3), columns);
        let part: Vec<ArrayRef> = columns.iter().map(|column| column.slice(1, 2)).collect();
        assert_eq!(back(&part, 2), part);
        let none: Vec<ArrayRef> = columns.iter().map(|column| column.slice(2, 0)).collect();
        assert_eq!(back(&none, 0), none);
        assert_eq!(back(&[], 7), Vec::<ArrayRef>::new());
    }

    #[test]
    fn dictionaries_stay_where_their_values_repeat() {
        let keys = Int32Array::from_iter((0..100).map(|row| (row % 7 > 0).then_some(row % 3)));
        let dictionary: ArrayRef =
            Arc::new(DictionaryArray::new(keys, Arc::new(StringViewArray::from(vec!["x", "y", "a longer one of them"]))));
        let of =
            |column: &ArrayRef| decoded(&bytes(encode(&[Packed::of(column)], column.len()).expect("bytes"))).expect("columns").remove(0);
        assert_eq!(&of(&dictionary), &dictionary);
        assert_eq!(of(&dictionary.slice(3, 5)).data_type(), &DataType::Utf8View);
        assert_eq!(plain(std::slice::from_ref(&dictionary)).expect("columns")[0].data_type(), &DataType::Utf8View);
    }

    #[test]
    fn whole_numbers_take_as_few_bytes_as_their_range() {
        let bytes = |column: ArrayRef| bytes(encode(&[Packed::of(&column)], 1000).expect("bytes")).len() / 1000;
        let around = |middle: i64, width: i64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values((0..1000).map(|at| middle + at * width / 1000)))
        };
        assert_eq!(bytes(around(-1_000_000, 0)), 0);
        assert_eq!(bytes(around(1 << 60, 200)), 1);
        assert_eq!(bytes(around(-1 << 60, 60_000)), 2);
        assert_eq!(bytes(around(-90_000, 180_000)), 3);
        assert_eq!(bytes(around(0, 1 << 52)), 7);
        let decimals = (0..1000).map(|at| i128::MAX / 1_000_000 + at);
        assert_eq!(bytes(Arc::new(Decimal128Array::from_iter_values(decimals))), 2);
    }

    #[test]
    fn a_slice_does_not_drag_its_neighbours_along() {
        let long: ArrayRef = Arc::new(StringViewArray::from_iter((0..10_000).map(|row| Some(format!("a text of its own {row}")))));
        let small = |encoded: Encoded| encoded.packed_bytes < 200 && encoded.column_bytes < 200 && bytes(encoded).len() < 200;
        assert!(small(encode(&packed(&[long.slice(5, 2)]), 2).expect("bytes")));
        let keys = Int32Array::from_iter_values(0..10_000);
        let dictionary: ArrayRef = Arc::new(DictionaryArray::new(keys, long));
        assert!(small(encode(&packed(&[dictionary.slice(5, 2)]), 2).expect("bytes")));
    }

    #[test]
    fn broken_bytes_are_an_error() {
        let encoded = bytes(encode(&packed(&columns()), 3).expect("bytes"));
        for len in 0..encoded.len() {
            assert!(decode(&encoded[..len]).is_err(), "{len}");
        }
    }

    proptest! {
        #[test]
        fn any_numbers_and_texts_come_back(
            numbers: Vec<Option<i64>>, few in prop::collection::vec(prop::option::of(-3_i64..9), 0..50),
            texts: Vec<Option<String>>, from in 0_usize..9,
        ) {
            for column in [
                Arc::new(Int64Array::from(numbers)) as ArrayRef,
                Arc::new(Int64Array::from(few)),
                Arc::new(StringViewArray::from(texts.clone())),
                Arc::new(StringArray::from(texts)),
            ] {
                let column = column.slice(from.min(column.len()), column.len() - from.min(column.len()));
                prop_assert_eq!(&back(std::slice::from_ref(&column), column.len()), std::slice::from_ref(&column));
            }
        }
    }
}
