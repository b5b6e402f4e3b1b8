//! Files in memory, made by the crate's writer, and ways to read them.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array,
    LargeStringArray, RecordBatch, StringArray, StringViewArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType, Schema};
use frame_core::{CancelToken, DataError, Error, Result, ScanFilter};
use frame_io::formats::parquet::ParquetTable;
use frame_io::{ReadAt, RowLedger, ScanRequest, Stop, Table};
use frame_memory::MemoryBudget;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

/// A file that is only bytes.
#[derive(Debug, Clone)]
pub(crate) struct MemoryFile(pub(crate) Arc<Vec<u8>>);

impl ReadAt for MemoryFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let rest = self.0.get(offset as usize..).unwrap_or_default();
        let len = rest.len().min(buffer.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }

    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn path(&self) -> &str {
        "memory.parquet"
    }

    fn check_unchanged(&self) -> Result<()> {
        Ok(())
    }
}

pub(crate) fn open(bytes: &[u8]) -> Result<ParquetTable> {
    ParquetTable::open(Arc::new(MemoryFile(Arc::new(bytes.to_vec()))))
}

pub(crate) fn write(batch: &RecordBatch, properties: WriterProperties) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).expect("a schema that can be written");
    writer.write(batch).expect("rows");
    writer.close().expect("a footer");
    bytes
}

pub(crate) fn request(columns: &[&str], filter: Option<Arc<dyn ScanFilter>>) -> ScanRequest {
    ScanRequest {
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        spots: Vec::new(),
        checked: Vec::new(),
        filter,
        batch_rows: 100,
        cancel: CancelToken::new(),
        budget: MemoryBudget::new(64 << 20),
    }
}

/// All rows of a table, one array per column (text as views), and the ledger.
pub(crate) fn read(table: &ParquetTable, request: ScanRequest) -> Result<(Vec<ArrayRef>, RowLedger)> {
    let failed = |stop| match stop {
        Stop::Failed(error) => error,
        Stop::Restart(_) => Error::internal("a Parquet file does not restart"),
    };
    let request = Arc::new(request);
    let mut parts: Vec<Vec<ArrayRef>> = request
        .columns
        .iter()
        .map(|name| vec![arrow::array::new_empty_array(&plain(table.schema().field_with_name(name).expect("a column").data_type()))])
        .collect();
    let mut ledger = RowLedger::default();
    for partition in 0..table.partitions() {
        let mut reader = table.open(partition, &request).map_err(failed)?;
        let mut rows = 0;
        while let Some(batch) = reader.next().map_err(failed)? {
            assert!(batch.len() <= request.batch_rows && !batch.is_empty());
            rows += batch.len();
            let batch = batch.into_record_batch()?;
            for (part, column) in parts.iter_mut().zip(batch.columns()) {
                part.push(cast(column, &plain(column.data_type()))?);
            }
        }
        assert!(reader.ledger().is_balanced(), "{:?}", reader.ledger());
        assert_eq!(reader.ledger().kept, rows as u64);
        ledger.add(reader.ledger());
    }
    table.close().map_err(failed)?;
    let columns = parts.iter().map(|part| Ok(concat(&part.iter().map(AsRef::as_ref).collect::<Vec<_>>())?));
    Ok((columns.collect::<Result<_>>()?, ledger))
}

/// The type in which values are compared.
pub(crate) fn plain(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8View,
        DataType::Dictionary(_, values) => plain(values),
        other => other.clone(),
    }
}

pub(crate) fn is_damage(error: &Error) -> bool {
    matches!(
        error.kind(),
        frame_core::ErrorKind::Data(DataError::Damaged { .. } | DataError::Unsupported { .. } | DataError::Changed { .. })
    )
}

/// A small stream of numbers, the same each time.
#[derive(Debug, Clone)]
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn column<T>(&mut self, rows: usize, nulls_percent: u64, value: impl Fn(u64) -> T) -> Vec<Option<T>> {
        (0..rows).map(|_| (self.next() % 100 >= nulls_percent).then(|| value(self.next()))).collect()
    }
}

/// `rows` rows of every type that is read.
pub(crate) fn every_type(rows: usize, nulls_percent: u64) -> RecordBatch {
    let numbers = &mut Numbers(rows as u64 * 100 + nulls_percent);
    let text = |n: u64| format!("text {:>width$}", n % 50, width = (n % 20) as usize);
    let long = |n: u64| format!("{n:x} and some more than twelve bytes, {}", n % 1000);
    let p = nulls_percent;
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("bool", Arc::new(BooleanArray::from(numbers.column(rows, p, |n| n % 3 == 0)))),
        ("i8", Arc::new(Int8Array::from(numbers.column(rows, p, |n| n as i8)))),
        ("i16", Arc::new(Int16Array::from(numbers.column(rows, p, |n| n as i16)))),
        ("i32", Arc::new(Int32Array::from(numbers.column(rows, p, |n| n as i32 % 5000)))),
        ("i64", Arc::new(Int64Array::from(numbers.column(rows, p, |n| n as i64)))),
        ("u8", Arc::new(UInt8Array::from(numbers.column(rows, p, |n| n as u8)))),
        ("u16", Arc::new(UInt16Array::from(numbers.column(rows, p, |n| n as u16)))),
        ("u32", Arc::new(UInt32Array::from(numbers.column(rows, p, |n| n as u32)))),
        ("u64", Arc::new(UInt64Array::from(numbers.column(rows, p, |n| n)))),
        ("f32", Arc::new(Float32Array::from(numbers.column(rows, p, |n| n as i32 as f32 / 7.0)))),
        ("f64", Arc::new(Float64Array::from(numbers.column(rows, p, |n| n as i64 as f64 / 7.0)))),
        ("date", Arc::new(Date32Array::from(numbers.column(rows, p, |n| n as i32 % 100_000)))),
        ("ms", Arc::new(TimestampMillisecondArray::from(numbers.column(rows, p, |n| n as i64 >> 20)))),
        ("us", Arc::new(TimestampMicrosecondArray::from(numbers.column(rows, p, |n| n as i64 >> 10)).with_timezone("UTC"))),
        ("ns", Arc::new(TimestampNanosecondArray::from(numbers.column(rows, p, |n| n as i64)))),
        ("text", Arc::new(StringArray::from_iter(numbers.column(rows, p, text)))),
        ("view", Arc::new(StringViewArray::from_iter(numbers.column(rows, p, long)))),
        ("large", Arc::new(LargeStringArray::from_iter(numbers.column(rows, p, |n| "é€😀".repeat(n as usize % 4))))),
        ("dec9", decimal(numbers.column(rows, p, |n| i128::from(n as i32 % 99_999)), 9)),
        ("dec18", decimal(numbers.column(rows, p, |n| i128::from(n as i64 % 99_999_999)), 18)),
        ("dec38", decimal(numbers.column(rows, p, |n| i128::from(n) * 1_000_003), 38)),
    ];
    let fields: Vec<_> =
        columns.iter().map(|(name, array)| arrow::datatypes::Field::new(*name, array.data_type().clone(), p > 0)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|(_, array)| array).collect()).expect("equal lengths")
}

fn decimal(values: Vec<Option<i128>>, precision: u8) -> ArrayRef {
    Arc::new(Decimal128Array::from(values).with_precision_and_scale(precision, 2).expect("a precision"))
}
