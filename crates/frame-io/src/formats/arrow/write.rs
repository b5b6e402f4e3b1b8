//! Arrow IPC: the file format for a file, the streaming format for a pipe. Text is written as plain UTF-8, which every reader knows, not as
//! views or dictionaries.

use std::io;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::writer::{FileWriter, StreamWriter};

use crate::formats::{Destination, Out, OutputFormat, Writer};

/// Arrow IPC.
pub(in crate::formats) const ARROW: OutputFormat = OutputFormat {
    name: "arrow",
    extensions: &["arrow", "feather", "ipc"],
    help: "Arrow IPC (a stream when it goes to stdout)",
    is_binary: true,
    open,
};

fn open(out: Out, schema: &SchemaRef, destination: Destination) -> io::Result<Box<dyn Writer>> {
    let schema = Arc::new(plain(schema));
    Ok(match destination {
        Destination::File => Box::new(File { writer: FileWriter::try_new(out, &schema).map_err(failure)?, schema }),
        Destination::Stream => Box::new(Stream { writer: StreamWriter::try_new(out, &schema).map_err(failure)?, schema }),
    })
}

struct File {
    writer: FileWriter<Out>,
    schema: SchemaRef,
}

struct Stream {
    writer: StreamWriter<Out>,
    schema: SchemaRef,
}

impl Writer for File {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        self.writer.write(&converted(batch, &self.schema).map_err(failure)?).map_err(failure)
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        self.writer.into_inner().map_err(failure)?.flush()
    }
}

impl Writer for Stream {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        self.writer.write(&converted(batch, &self.schema).map_err(failure)?).map_err(failure)
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        self.writer.into_inner().map_err(failure)?.flush()
    }
}

/// The schema with plain text columns.
fn plain(schema: &Schema) -> Schema {
    let field = |field: &Arc<Field>| match field.data_type() {
        DataType::Utf8View => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8)),
        DataType::Dictionary(_, values) if values.is_string() => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8)),
        _ => field.clone(),
    };
    Schema::new_with_metadata(schema.fields().iter().map(field).collect::<Vec<_>>(), schema.metadata().clone())
}

fn converted(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| cast(column, field.data_type()));
    RecordBatch::try_new(schema.clone(), columns.collect::<Result<_, _>>()?)
}

/// The error of the system that is inside Arrow's, so that a closed pipe stays one.
fn failure(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, inner) => inner,
        other => io::Error::other(other),
    }
}
