//! Writing Parquet: row groups of 250,000 rows, Snappy, statistics and page indexes, so that later scans can prune.

use std::io;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch, new_null_array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use crate::formats::{Out, OutputFormat, Writer};

/// Apache Parquet.
pub(in crate::formats) const PARQUET: OutputFormat = OutputFormat {
    name: "parquet",
    extensions: &["parquet", "pq"],
    help: "Apache Parquet, compressed with Snappy",
    is_binary: true,
    open: |out, schema, _| open(out, schema),
};

/// Rows of a row group: enough for good compression, few enough that a small file still has work for several threads.
const GROUP_ROWS: usize = 250_000;

fn open(out: Out, schema: &SchemaRef) -> io::Result<Box<dyn Writer>> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_created_by(concat!("frame ", env!("CARGO_PKG_VERSION")).to_owned())
        .build();
    let schema = Arc::new(typed(schema));
    Ok(Box::new(Groups { writer: ArrowWriter::try_new(out, schema.clone(), Some(properties)).map_err(failure)?, schema }))
}

struct Groups {
    writer: ArrowWriter<Out>,
    schema: SchemaRef,
}

impl Writer for Groups {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let columns = batch.columns().iter().zip(self.schema.fields()).map(|(column, field)| match column.data_type() {
            DataType::Null => new_null_array(field.data_type(), column.len()),
            _ => column.clone(),
        });
        let batch = RecordBatch::try_new(self.schema.clone(), columns.collect()).map_err(io::Error::other)?;
        self.writer.write(&batch).map_err(failure)
    }

    fn pending_bytes(&self) -> usize {
        self.writer.memory_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush().map_err(failure)
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        self.writer.into_inner().map_err(failure)?.flush()
    }
}

/// The schema with text in place of the null type, which readers of Parquet do not agree on.
fn typed(schema: &Schema) -> Schema {
    let field = |field: &Arc<Field>| match field.data_type() {
        DataType::Null => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View)),
        _ => field.clone(),
    };
    Schema::new_with_metadata(schema.fields().iter().map(field).collect::<Vec<_>>(), schema.metadata().clone())
}

/// The error of the system that is inside the crate's, so that a closed pipe stays one.
fn failure(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(inner) => *inner,
            Err(inner) => io::Error::other(inner),
        },
        other => io::Error::other(other),
    }
}
