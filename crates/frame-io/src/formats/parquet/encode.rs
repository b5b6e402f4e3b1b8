//! A row group on its way out: gathered as batches, then encoded column by column, each column by whoever is free. Where memory is short
//! it is encoded bit by bit, as encoded values take a small part of the memory.

use std::collections::HashSet;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::{concat, take};
use arrow::datatypes::{DECIMAL64_MAX_PRECISION, DataType, SchemaRef};
use arrow::row::{RowConverter, SortField};
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Encoding, Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{SchemaDescriptor, TypePtr};

use crate::formats::Workers;

/// Values that are looked at to see whether they repeat.
const SAMPLE: usize = 4096;

/// Makes the column writers of row groups.
pub(super) struct Encoder {
    schema: SchemaRef,
    /// For values that repeat: a dictionary.
    repeated: ArrowRowGroupWriterFactory,
    /// For those that do not: a dictionary of them would be built and then thrown away. Whole numbers are stored as differences.
    distinct: ArrowRowGroupWriterFactory,
    has_dictionaries: bool,
}

/// The columns of a row group as far as they are encoded.
pub(super) struct Open(Vec<Column>);

/// A column of a row group: the writers of its leaves.
struct Column {
    writers: Vec<ArrowColumnWriter>,
    /// Those for values that do not repeat, until the first values are there and tell.
    distinct: Option<Vec<ArrowColumnWriter>>,
}

impl Open {
    /// Bytes of memory that the encoded values take.
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().flat_map(|column| &column.writers).map(ArrowColumnWriter::memory_size).sum()
    }
}

impl Encoder {
    /// Column writers for the rows of `writer`, whose properties are `properties`.
    pub(super) fn new<W: io::Write + Send>(
        writer: &SerializedFileWriter<W>,
        schema: SchemaRef,
        properties: &WriterProperties,
    ) -> Result<Self> {
        let columns = SchemaDescriptor::new(writer.schema_descr().root_schema_ptr());
        let has_dictionaries = columns.columns().first().is_some_and(|column| properties.dictionary_enabled(column.path()));
        Ok(Self {
            repeated: ArrowRowGroupWriterFactory::new(writer, schema.clone()),
            distinct: of_distinct(&columns, schema.clone(), properties)?,
            schema,
            has_dictionaries,
        })
    }

    /// Begins the row group of this number.
    pub(super) fn open(&self, group: usize) -> Result<Open> {
        let mut repeated = self.repeated.create_column_writers(group)?.into_iter();
        let mut distinct = self.distinct.create_column_writers(group)?.into_iter();
        let columns = self.schema.fields().iter().map(|field| {
            let leaves = leaves(field.data_type());
            Column { writers: repeated.by_ref().take(leaves).collect(), distinct: Some(distinct.by_ref().take(leaves).collect()) }
        });
        Ok(Open(columns.collect()))
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
    pub(super) fn close(&self, open: Open, batches: Vec<Vec<ArrayRef>>, workers: &dyn Workers) -> Result<Vec<ArrowColumnChunk>> {
        let chunks = each(beside(open.0, batches), workers, |at, (mut column, parts)| {
            self.write(at, &mut column, parts)?;
            column.writers.into_iter().map(ArrowColumnWriter::close).collect::<Result<Vec<_>>>()
        })?;
        Ok(chunks.into_iter().flatten().collect())
    }

    fn write(&self, at: usize, column: &mut Column, parts: Vec<ArrayRef>) -> Result<()> {
        if let Some(distinct) = column.distinct.take()
            && !(self.has_dictionaries && repeat(&parts)?)
        {
            column.writers = distinct;
        }
        for part in parts {
            let rows = if is_held(part.data_type()) { HELD_ROWS } else { part.len() };
            for start in (0..part.len()).step_by(rows.max(1)) {
                let part = part.slice(start, rows.min(part.len() - start));
                for (writer, leaf) in column.writers.iter_mut().zip(compute_leaves(self.schema.field(at), &part)?) {
                    writer.write(&leaf)?;
                }
            }
        }
        Ok(())
    }
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

/// What `task` makes of each item, several at once.
fn each<T: Send, R: Send>(items: Vec<T>, workers: &dyn Workers, task: impl Fn(usize, T) -> Result<R> + Sync) -> Result<Vec<R>> {
    let items: Vec<_> = items.into_iter().map(|item| Mutex::new(Some(item))).collect();
    let done: Vec<Mutex<Option<Result<R>>>> = items.iter().map(|_| Mutex::new(None)).collect();
    workers.each(items.len(), &|at| {
        let item = items[at].lock().unwrap_or_else(PoisonError::into_inner).take();
        *done[at].lock().unwrap_or_else(PoisonError::into_inner) = item.map(|item| task(at, item));
    });
    let done = done.into_iter().map(|done| {
        let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.unwrap_or_else(|| Err(ParquetError::General("a column that nobody has encoded".to_owned())))
    });
    done.collect()
}

/// Column writers without dictionaries.
fn of_distinct(columns: &SchemaDescriptor, schema: SchemaRef, properties: &WriterProperties) -> Result<ArrowRowGroupWriterFactory> {
    let mut builder = properties.clone().into_builder().set_dictionary_enabled(false);
    for column in columns.columns() {
        if matches!(column.physical_type(), Type::INT32 | Type::INT64) {
            builder = builder.set_column_encoding(column.path().clone(), Encoding::DELTA_BINARY_PACKED);
        }
    }
    let root: TypePtr = columns.root_schema_ptr();
    let writer = SerializedFileWriter::new(io::sink(), root, Arc::new(builder.build()))?;
    Ok(ArrowRowGroupWriterFactory::new(&writer, schema))
}

/// The number of columns that a type is stored as.
fn leaves(data_type: &DataType) -> usize {
    match data_type {
        DataType::Struct(fields) => fields.iter().map(|field| leaves(field.data_type())).sum(),
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) | DataType::Map(item, _) => {
            leaves(item.data_type())
        }
        _ => 1,
    }
}

/// Whether at most half of the values are different, as far as some of them tell, spread over all rows.
fn repeat(parts: &[ArrayRef]) -> Result<bool> {
    let Some(first) = parts.first() else { return Ok(true) };
    if first.data_type().is_nested() || matches!(first.data_type(), DataType::Dictionary(..) | DataType::Boolean) {
        return Ok(true);
    }
    let step = parts.iter().map(|part| part.len()).sum::<usize>().div_ceil(SAMPLE).max(1);
    let mut next = 0;
    let mut samples = Vec::with_capacity(parts.len());
    for part in parts {
        let rows = UInt32Array::from_iter_values((next..part.len()).step_by(step).map(|row| row as u32));
        next = (next + rows.len() * step).saturating_sub(part.len());
        samples.push(take(part, &rows, None)?);
    }
    let sample = concat(&samples.iter().map(|sample| sample.as_ref()).collect::<Vec<_>>())?;
    let rows = RowConverter::new(vec![SortField::new(sample.data_type().clone())])?.convert_columns(&[sample])?;
    let distinct: HashSet<&[u8]> = rows.iter().map(|row| row.data()).collect();
    Ok(distinct.len() <= rows.num_rows() / 2)
}
