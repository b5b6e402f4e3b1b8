//! A row group on its way out: gathered as batches, then encoded column by column, each column by whoever is free.

use std::collections::HashSet;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::{concat, take};
use arrow::datatypes::{DataType, SchemaRef};
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

/// What one column takes: its batches and the writers of its leaves; and what it gives.
struct Task {
    parts: Vec<ArrayRef>,
    writers: [Vec<ArrowColumnWriter>; 2],
}

type Chunks = Result<Vec<ArrowColumnChunk>>;

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

    /// The chunks of a row group, in the order of the columns' leaves.
    pub(super) fn encode(&self, group: usize, batches: Vec<Vec<ArrayRef>>, workers: &dyn Workers) -> Result<Vec<ArrowColumnChunk>> {
        let mut writers =
            [self.repeated.create_column_writers(group)?.into_iter(), self.distinct.create_column_writers(group)?.into_iter()];
        let mut tasks = Vec::with_capacity(self.schema.fields().len());
        for (at, field) in self.schema.fields().iter().enumerate() {
            let leaves = leaves(field.data_type());
            let parts = batches.iter().map(|columns| columns[at].clone()).collect();
            tasks.push(Mutex::new(Some(Task { parts, writers: writers.each_mut().map(|writers| writers.take(leaves).collect()) })));
        }
        drop(batches);
        let done: Vec<Mutex<Option<Chunks>>> = tasks.iter().map(|_| Mutex::new(None)).collect();
        workers.each(tasks.len(), &|at| {
            let task = tasks[at].lock().unwrap_or_else(PoisonError::into_inner).take();
            let chunks = task.map(|task| self.column(at, task));
            *done[at].lock().unwrap_or_else(PoisonError::into_inner) = chunks;
        });
        let chunks = done.into_iter().map(|chunks| {
            let chunks = chunks.into_inner().unwrap_or_else(PoisonError::into_inner);
            chunks.unwrap_or_else(|| Err(ParquetError::General("a column that nobody has encoded".to_owned())))
        });
        Ok(chunks.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    fn column(&self, at: usize, Task { parts, writers: [repeated, distinct] }: Task) -> Chunks {
        let mut writers = if self.has_dictionaries && repeat(&parts)? { repeated } else { distinct };
        for part in parts {
            for (writer, leaf) in writers.iter_mut().zip(compute_leaves(self.schema.field(at), &part)?) {
                writer.write(&leaf)?;
            }
        }
        writers.into_iter().map(ArrowColumnWriter::close).collect()
    }
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
