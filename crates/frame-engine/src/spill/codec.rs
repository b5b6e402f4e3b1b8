//! Columns as bytes and back: one Arrow stream of one batch. Checksums and compression are the matter of spill files.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::buffer::Buffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::ipc::reader::StreamDecoder;
use arrow::ipc::writer::StreamWriter;
use frame_core::{Error, Result};

use crate::compact::compact;

/// Columns of `rows` rows as bytes. Dictionaries are written as their values.
pub(super) fn encode(columns: &[ArrayRef], rows: usize) -> Result<Vec<u8>> {
    let columns = columns.iter().map(plain).collect::<Result<Vec<_>>>()?;
    let fields = columns.iter().map(|column| Field::new("", column.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let size = columns.iter().map(|column| column.get_array_memory_size()).sum::<usize>() + 256 * (columns.len() + 2);
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(schema.clone(), columns, &options)?;
    let mut writer = StreamWriter::try_new(Vec::with_capacity(size), &schema)?;
    writer.write(&batch)?;
    Ok(writer.into_inner()?)
}

/// The columns of some bytes that [`encode`] made.
pub(super) fn decode(bytes: Vec<u8>) -> Result<Vec<ArrayRef>> {
    let mut decoder = StreamDecoder::new();
    let mut buffer = Buffer::from_vec(bytes);
    let batch = decoder.decode(&mut buffer)?.ok_or_else(|| Error::internal("a spilled block without rows"))?;
    Ok(batch.columns().to_vec())
}

/// The columns with these types: dictionaries again where they were.
pub(crate) fn with_types(columns: &[ArrayRef], types: &[DataType]) -> Result<Vec<ArrayRef>> {
    let as_type = |(column, data_type): (&ArrayRef, &DataType)| {
        Ok(if column.data_type() == data_type { column.clone() } else { cast(column, data_type)? })
    };
    columns.iter().zip(types).map(as_type).collect()
}

/// The type that a column has when it comes back: dictionaries are plain.
pub(crate) fn plain_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Dictionary(_, values) => plain_type(values),
        other => other.clone(),
    }
}

/// A column that keeps nothing alive but its own values.
fn plain(column: &ArrayRef) -> Result<ArrayRef> {
    Ok(match column.data_type() {
        DataType::Dictionary(_, values) => return plain(&cast(column, values)?),
        _ => compact(column),
    })
}

#[cfg(test)]
mod tests {
    use arrow::array::{
        BinaryArray, Decimal128Array, DictionaryArray, FixedSizeBinaryArray, Int32Array, ListArray, StringArray, StringViewArray,
    };
    use arrow::datatypes::Int64Type;

    use super::*;

    fn back(bytes: Vec<u8>, types: &[DataType]) -> Vec<ArrayRef> {
        decode(bytes).and_then(|columns| with_types(&columns, types)).expect("columns")
    }

    #[test]
    fn columns_of_many_types_come_back() {
        let texts = ["a", "a text that is longer than a view", ""].map(Some);
        let dictionary = DictionaryArray::new(Int32Array::from(vec![Some(1), None, Some(0)]), Arc::new(StringArray::from(vec!["x", "y"])));
        let list = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1), None]), None, Some(vec![])]);
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringViewArray::from_iter(texts)),
            Arc::new(Decimal128Array::from(vec![Some(1), None, Some(-3)]).with_precision_and_scale(10, 2).expect("decimals")),
            Arc::new(dictionary),
            Arc::new(list),
            Arc::new(BinaryArray::from_iter([Some(&b"x"[..]), None, Some(b"")])),
            Arc::new(FixedSizeBinaryArray::try_from_iter([[1_u8; 24], [2; 24], [3; 24]].iter()).expect("binaries")),
        ];
        let types: Vec<DataType> = columns.iter().map(|column| column.data_type().clone()).collect();
        let bytes = encode(&columns, 3).expect("bytes");
        let plain: Vec<DataType> = decode(bytes.clone()).expect("columns").iter().map(|column| column.data_type().clone()).collect();
        assert_eq!(plain, types.iter().map(plain_type).collect::<Vec<_>>());
        assert_eq!(back(bytes, &types), columns);
        let part: Vec<ArrayRef> = columns.iter().map(|column| column.slice(1, 1)).collect();
        assert_eq!(back(encode(&part, 1).expect("bytes"), &types), part);
    }

    #[test]
    fn a_slice_does_not_drag_its_neighbours_along() {
        let long: ArrayRef = Arc::new(StringViewArray::from_iter((0..10_000).map(|row| Some(format!("a text of its own {row}")))));
        assert!(encode(&[long.slice(5, 2)], 2).expect("bytes").len() < 2_000);
    }
}
