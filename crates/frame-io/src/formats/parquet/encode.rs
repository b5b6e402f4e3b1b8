//! A row group on its way out: gathered as batches, then encoded column by column, each column by whoever is free. Where memory is short
//! it is encoded bit by bit, as encoded values take a small part of the memory.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::io;
use std::sync::Arc;

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::{concat, take};
use arrow::datatypes::{DECIMAL64_MAX_PRECISION, DataType, Schema, SchemaRef};
use arrow::row::{RowConverter, SortField};
use frame_core::memory_bytes;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Encoding, Type as PhysicalType};
use parquet::errors::{ParquetError, Result};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{ColumnDescPtr, SchemaDescriptor, Type, TypePtr};

use super::encoding::{Chunk, FlatColumn, different};
use crate::formats::{Workers, writer};

/// Values that are looked at to see whether they repeat.
const SAMPLE: usize = 4096;

/// A dictionary pays if each of its values stands for so many rows, and if it is not larger than this: the crate would give it up.
const REPEATS: usize = 8;
const DICTIONARY_BYTES: usize = 768 << 10;

/// Makes the column writers of row groups.
pub(super) struct Encoder {
    schema: SchemaRef,
    /// The columns as Parquet has them.
    columns: TypePtr,
    /// For values that repeat: with a dictionary.
    repeated: Arc<WriterProperties>,
    /// For those that do not: a dictionary of them would be built and then thrown away. Whole numbers are stored as differences.
    distinct: Arc<WriterProperties>,
    has_dictionaries: bool,
    /// Each column that has a single leaf and is not nested.
    flat: Vec<Option<ColumnDescPtr>>,
}

/// The columns of a row group as far as they are encoded.
pub(super) struct Open(Vec<Column>);

/// A column of a row group.
enum Column {
    /// The first values are not there yet, which tell how it is encoded.
    New,
    /// One that is encoded by our own code.
    Flat(Box<FlatColumn>),
    /// The crate's writers of the leaves of any other.
    Leaves(Vec<ArrowColumnWriter>),
}

impl Column {
    fn bytes(&self) -> usize {
        match self {
            Self::New => 0,
            Self::Flat(column) => column.bytes(),
            Self::Leaves(writers) => writers.iter().map(ArrowColumnWriter::memory_size).sum(),
        }
    }
}

/// A column chunk, whoever has encoded it.
pub(super) enum Encoded {
    Flat(Chunk),
    Leaf(ArrowColumnChunk),
}

impl Encoded {
    /// Makes this the next column of a row group.
    pub(super) fn append_to<W: io::Write + Send>(self, group: &mut SerializedRowGroupWriter<'_, W>) -> Result<()> {
        match self {
            Self::Flat(chunk) => chunk.append_to(group),
            Self::Leaf(chunk) => chunk.append_to_row_group(group),
        }
    }
}

impl Open {
    /// Bytes of memory that the encoded values take.
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(Column::bytes).sum()
    }
}

impl Encoder {
    /// Column writers for the rows of `writer`, whose properties are `properties`.
    pub(super) fn new<W: io::Write + Send>(writer: &SerializedFileWriter<W>, schema: SchemaRef, properties: &WriterProperties) -> Self {
        let columns = writer.schema_descr();
        let mut distinct = properties.clone().into_builder().set_dictionary_enabled(false);
        for column in columns.columns() {
            if matches!(column.physical_type(), PhysicalType::INT32 | PhysicalType::INT64) {
                distinct = distinct.set_column_encoding(column.path().clone(), Encoding::DELTA_BINARY_PACKED);
            }
        }
        Self {
            columns: columns.root_schema_ptr(),
            flat: flat_columns(columns),
            has_dictionaries: columns.columns().first().is_some_and(|column| properties.dictionary_enabled(column.path())),
            repeated: Arc::new(properties.clone()),
            distinct: Arc::new(distinct.build()),
            schema,
        }
    }

    /// Begins a row group.
    pub(super) fn open(&self) -> Open {
        Open(self.schema.fields().iter().map(|_| Column::New).collect())
    }

    /// Encodes more rows of a row group.
    pub(super) fn encode(&self, open: &mut Open, batches: Vec<Vec<ArrayRef>>, workers: &dyn Workers) -> Result<()> {
        let columns = beside(std::mem::take(&mut open.0), batches);
        open.0 = each(columns, workers, |at, (mut column, parts)| {
            self.write(at, &mut column, parts)?;
            Ok(column)
        })?;
        Ok(())
    }

    /// Encodes the last rows of a row group; gives its chunks, in the order of the columns' leaves.
    pub(super) fn close(&self, open: Open, batches: Vec<Vec<ArrayRef>>, workers: &dyn Workers) -> Result<Vec<Encoded>> {
        let chunks = each(beside(open.0, batches), workers, |at, (mut column, parts)| {
            self.write(at, &mut column, parts)?;
            match column {
                Column::New => Ok(Vec::new()),
                Column::Flat(column) => Ok(vec![Encoded::Flat(column.close()?)]),
                Column::Leaves(writers) => writers.into_iter().map(|writer| writer.close().map(Encoded::Leaf)).collect(),
            }
        })?;
        Ok(chunks.into_iter().flatten().collect())
    }

    fn write(&self, at: usize, column: &mut Column, parts: Vec<ArrayRef>) -> Result<()> {
        if matches!(column, Column::New) {
            *column = self.begin(at, &parts)?;
        }
        for part in parts {
            match column {
                Column::New => {}
                Column::Flat(column) => column.add(&part)?,
                Column::Leaves(writers) => self.write_leaves(at, writers, &part)?,
            }
        }
        Ok(())
    }

    /// Begins a column that these values come first in.
    fn begin(&self, at: usize, parts: &[ArrayRef]) -> Result<Column> {
        let data_type = self.schema.field(at).data_type();
        let is_repeated = self.has_dictionaries && repeat(data_type, parts)?;
        let properties = if is_repeated { &self.repeated } else { &self.distinct };
        let flat = self.flat[at].as_ref().and_then(|column| FlatColumn::new(column, data_type, is_repeated, properties));
        Ok(match flat {
            Some(column) => Column::Flat(Box::new(column)),
            None => Column::Leaves(self.writers(at, properties)?),
        })
    }

    fn write_leaves(&self, at: usize, writers: &mut [ArrowColumnWriter], part: &ArrayRef) -> Result<()> {
        let rows = if is_held(part.data_type()) { HELD_ROWS } else { part.len() };
        for start in (0..part.len()).step_by(rows.max(1)) {
            let part = part.slice(start, rows.min(part.len() - start));
            for (writer, leaf) in writers.iter_mut().zip(compute_leaves(self.schema.field(at), &part)?) {
                writer.write(&leaf)?;
            }
        }
        Ok(())
    }

    /// The writers of a column's leaves.
    fn writers(&self, at: usize, properties: &Arc<WriterProperties>) -> Result<Vec<ArrowColumnWriter>> {
        let column = self.columns.get_fields()[at].clone();
        let columns = Type::group_type_builder(self.columns.name()).with_fields(vec![column]).build()?;
        let writer = SerializedFileWriter::new(io::sink(), columns.into(), properties.clone())?;
        let schema = Schema::new(vec![self.schema.fields()[at].clone()]);
        // Row groups have numbers for the sake of encryption.
        ArrowRowGroupWriterFactory::new(&writer, schema.into()).create_column_writers(0)
    }
}

/// What it costs to encode a column, as far as that matters for who does it. The lengths of texts are not looked at.
fn effort(part: &ArrayRef) -> usize {
    const TEXT: usize = 48;
    if *part.data_type() == DataType::Utf8View { TEXT * part.len() } else { memory_bytes(part) }
}

/// Of each column its leaf, if it is one itself.
fn flat_columns(columns: &SchemaDescriptor) -> Vec<Option<ColumnDescPtr>> {
    let mut flat = vec![None; columns.root_schema().get_fields().len()];
    for (leaf, column) in columns.columns().iter().enumerate().filter(|(_, column)| column.path().parts().len() == 1) {
        flat[columns.get_column_root_idx(leaf)] = Some(column.clone());
    }
    flat
}

/// Rows of values that statistics hold are written so many at a time.
const HELD_ROWS: usize = 256;

/// Whether values of a type are written as bytes of a fixed length: the crate makes a buffer of those that are written at once, and the
/// smallest and the largest of them hold it until the file is complete.
fn is_held(data_type: &DataType) -> bool {
    match data_type {
        DataType::Decimal128(precision, _) => *precision > DECIMAL64_MAX_PRECISION,
        DataType::Decimal256(..) | DataType::FixedSizeBinary(_) => true,
        _ => false,
    }
}

/// Each column with its parts of the batches.
fn beside(columns: Vec<Column>, batches: Vec<Vec<ArrayRef>>) -> Vec<(Column, Vec<ArrayRef>)> {
    let parts = |at: usize| batches.iter().map(|columns| columns[at].clone()).collect();
    columns.into_iter().enumerate().map(|(at, column)| (column, parts(at))).collect()
}

/// What `task` makes of each column and its parts, several at once.
fn each<R: Send>(
    columns: Vec<(Column, Vec<ArrayRef>)>,
    workers: &dyn Workers,
    task: impl Fn(usize, (Column, Vec<ArrayRef>)) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let mut items: Vec<_> = columns.into_iter().enumerate().collect();
    // The largest ones first, so that nobody has to wait long for the last one.
    items.sort_by_cached_key(|(_, (_, parts))| Reverse(parts.iter().map(effort).sum::<usize>()));
    let places: Vec<usize> = items.iter().map(|(at, _)| *at).collect();
    let done = writer::each(items, workers, |(at, item)| task(at, item));
    let mut done: Vec<_> = places.into_iter().zip(done).collect();
    done.sort_by_key(|(at, _)| *at);
    let nobody = || Err(ParquetError::General("a column that nobody has encoded".to_owned()));
    done.into_iter().map(|(_, done)| done.unwrap_or_else(nobody)).collect()
}

/// Whether the values repeat so often that a dictionary of them is small, as far as some of them tell, spread over all rows.
fn repeat(data_type: &DataType, parts: &[ArrayRef]) -> Result<bool> {
    if parts.is_empty() || data_type.is_nested() || matches!(data_type, DataType::Dictionary(..) | DataType::Boolean) {
        return Ok(true);
    }
    let rows = parts.iter().map(|part| part.len()).sum::<usize>();
    let step = rows.div_ceil(SAMPLE).max(1);
    let mut next = 0;
    let mut samples = Vec::with_capacity(parts.len());
    for part in parts {
        let rows = UInt32Array::from_iter_values((next..part.len()).step_by(step).map(|row| row as u32));
        next = (next + rows.len() * step).saturating_sub(part.len());
        samples.push(take(part, &rows, None)?);
    }
    let sample = concat(&samples.iter().map(|sample| sample.as_ref()).collect::<Vec<_>>())?;
    let picked = sample.len();
    let value_bytes = memory_bytes(&sample) / picked.max(1);
    let most = (rows / REPEATS).min(DICTIONARY_BYTES / value_bytes.max(1));
    Ok(different_values(sample)? <= expected(picked, most).max(picked / 2))
}

/// How many different values there are, null being one.
fn different_values(sample: ArrayRef) -> Result<usize> {
    if let Some(values) = different(&sample) {
        return Ok(values.saturating_add(usize::from(sample.null_count() > 0)));
    }
    let sample = RowConverter::new(vec![SortField::new(sample.data_type().clone())])?.convert_columns(&[sample])?;
    Ok(sample.iter().map(|row| row.data()).collect::<HashSet<_>>().len())
}

/// How many different values `picked` rows have, picked at random from rows that have `all` different ones equally often.
fn expected(picked: usize, all: usize) -> usize {
    let (picked, all) = (picked as f64, all.max(1) as f64);
    (all * (1.0 - (-picked / all).exp())) as usize
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, StringViewArray};

    use super::*;

    /// Rows in batches whose values are so many different ones, in no order.
    fn rows(different: usize, value: impl Fn(usize) -> ArrayRef) -> Vec<ArrayRef> {
        (0..30)
            .map(|batch| {
                concat(
                    &(0..8)
                        .map(|part| value((batch * 8 + part) * 7919 % different))
                        .collect::<Vec<_>>()
                        .iter()
                        .map(AsRef::as_ref)
                        .collect::<Vec<_>>(),
                )
                .expect("rows")
            })
            .collect()
    }

    #[test]
    fn values_repeat_if_each_stands_for_some_rows() {
        // Stretches of 1,000 rows, each of values around another one.
        let texts = |different: usize| {
            move |first: usize| -> ArrayRef {
                Arc::new(StringViewArray::from_iter_values(
                    (0..1000).map(|at| format!("a text like others, {}", (first + at * 104_729) % different)),
                ))
            }
        };
        let ints = |different: usize| {
            move |first: usize| -> ArrayRef {
                Arc::new(Int64Array::from_iter_values((0..1000).map(|at| ((first + at * 104_729) % different) as i64)))
            }
        };
        for (different, is_repeated) in [(1, true), (7_000, true), (200_000, false)] {
            assert_eq!(repeat(&DataType::Utf8View, &rows(different, texts(different))).expect("a guess"), is_repeated, "{different} texts");
            assert_eq!(repeat(&DataType::Int64, &rows(different, ints(different))).expect("a guess"), is_repeated, "{different} numbers");
        }
        let long: ArrayRef = Arc::new(StringViewArray::from_iter_values((0..200_000).map(|row| format!("{:1000}", row % 5_000))));
        assert!(!repeat(&DataType::Utf8View, &[long]).expect("a guess"), "a dictionary of 5 MB");
        assert_eq!((expected(4096, 7192), expected(4096, 1), expected(0, 9)), (3122, 1, 0));
    }
}
