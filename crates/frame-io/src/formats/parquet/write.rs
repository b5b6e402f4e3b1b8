//! Writing Parquet: row groups of 250,000 rows, Snappy, statistics and page indexes, so that later scans can prune.

use std::io;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, new_null_array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use frame_core::{Error, QueryError, memory_bytes};
use parquet::arrow::{ArrowSchemaConverter, add_encoded_arrow_schema_to_metadata};
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;

use super::encode::{Encoder, Open};
use crate::formats::{Alone, Out, OutputFormat, Workers, Writer};

/// Apache Parquet.
pub(in crate::formats) const PARQUET: OutputFormat = OutputFormat {
    name: "parquet",
    extensions: &["parquet", "pq"],
    help: "Apache Parquet, compressed with Snappy",
    is_binary: true,
    open: |out, schema, _| ParquetOptions::default().open(out, schema),
};

/// How a file is written, where that is left to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParquetOptions {
    codec: Compression,
    group_rows: usize,
    has_statistics: bool,
    has_dictionaries: bool,
}

impl Default for ParquetOptions {
    fn default() -> Self {
        Self { codec: Compression::SNAPPY, group_rows: GROUP_ROWS, has_statistics: true, has_dictionaries: true }
    }
}

/// The codecs that can be asked for.
const CODECS: [&str; 5] = ["none", "snappy", "gzip", "zstd", "lz4"];

fn codec(name: &str) -> Option<Compression> {
    match name {
        "none" => Some(Compression::UNCOMPRESSED),
        "snappy" => Some(Compression::SNAPPY),
        "gzip" => Some(Compression::GZIP(GzipLevel::default())),
        "zstd" => Some(Compression::ZSTD(ZstdLevel::default())),
        "lz4" => Some(Compression::LZ4_RAW),
        _ => None,
    }
}

/// Rows of a row group: enough for good compression, few enough that a small file still has work for several threads.
const GROUP_ROWS: usize = 250_000;

impl ParquetOptions {
    /// Options as text: `codec=zstd,rows=100000,dictionary=no,statistics=no`.
    ///
    /// # Errors
    /// A usage error for what there is not.
    pub fn parse(text: &str) -> frame_core::Result<Self> {
        let mut options = Self::default();
        for option in text.split(',').filter(|option| !option.is_empty()) {
            options.set(option).ok_or_else(|| {
                let error = Error::new(QueryError::Usage(format!("`{option}` is no option of Parquet")));
                let codecs = CODECS.join(", ");
                error.hint(format!(
                    "codec= with one of {codecs}; rows= with the rows of a row group; dictionary= or statistics= with yes or no"
                ))
            })?;
        }
        Ok(options)
    }

    fn set(&mut self, option: &str) -> Option<()> {
        let (name, value) = option.split_once('=')?;
        let is_yes = || match value {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        match name.trim() {
            "codec" => self.codec = codec(value)?,
            "rows" => self.group_rows = value.parse().ok().filter(|rows| *rows > 0)?,
            "dictionary" => self.has_dictionaries = is_yes()?,
            "statistics" => self.has_statistics = is_yes()?,
            _ => return None,
        }
        Some(())
    }

    /// Starts a file.
    ///
    /// # Errors
    /// Those of what is written to.
    pub fn open(&self, out: Out, schema: &SchemaRef) -> io::Result<Box<dyn Writer>> {
        let statistics = if self.has_statistics { EnabledStatistics::Page } else { EnabledStatistics::None };
        let schema = Arc::new(typed(schema));
        let mut properties = WriterProperties::builder()
            .set_compression(self.codec)
            .set_max_row_group_row_count(Some(self.group_rows))
            .set_statistics_enabled(statistics)
            .set_dictionary_enabled(self.has_dictionaries)
            .set_created_by(concat!("frame ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let columns = ArrowSchemaConverter::new().convert(&schema).map_err(failure)?;
        add_encoded_arrow_schema_to_metadata(&schema, &mut properties);
        let shared = Arc::new(properties.clone());
        let writer = SerializedFileWriter::new(out, columns.root_schema_ptr(), shared).map_err(failure)?;
        let encoder = Encoder::new(&writer, schema.clone(), &properties);
        let group_rows = self.group_rows;
        Ok(Box::new(Groups {
            writer,
            encoder,
            schema,
            group_rows,
            open: None,
            batches: Vec::new(),
            rows: 0,
            bytes: 0,
            workers: Arc::new(Alone),
        }))
    }
}

struct Groups {
    writer: SerializedFileWriter<Out>,
    encoder: Encoder,
    schema: SchemaRef,
    group_rows: usize,
    /// What is encoded of the row group in hand.
    open: Option<Open>,
    /// What is not.
    batches: Vec<Vec<ArrayRef>>,
    bytes: usize,
    /// The rows of all of it.
    rows: usize,
    workers: Arc<dyn Workers>,
}

/// Rows stand beside their encoded form for a moment.
const COPIES: usize = 2;

impl Writer for Groups {
    fn share(&mut self, workers: Arc<dyn Workers>) {
        self.workers = workers;
    }

    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let columns = batch.columns().iter().zip(self.schema.fields()).map(|(column, field)| match column.data_type() {
            DataType::Null => new_null_array(field.data_type(), column.len()),
            _ => column.clone(),
        });
        let columns: Vec<ArrayRef> = columns.collect();
        let mut start = 0;
        while start < batch.num_rows() {
            let rows = (batch.num_rows() - start).min(self.group_rows - self.rows);
            let part: Vec<ArrayRef> = columns.iter().map(|column| column.slice(start, rows)).collect();
            self.bytes += part.iter().map(memory_bytes).sum::<usize>();
            self.batches.push(part);
            (self.rows, start) = (self.rows + rows, start + rows);
            if self.rows == self.group_rows {
                self.end_group().map_err(failure)?;
            }
        }
        Ok(())
    }

    fn pending_bytes(&self) -> usize {
        COPIES * self.bytes + self.open.as_ref().map_or(0, Open::bytes)
    }

    fn shrink(&mut self) -> io::Result<()> {
        let most = self.pending_bytes() / 2;
        self.pack().map_err(failure)?;
        if self.pending_bytes() > most { self.end_group().map_err(failure) } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.end_group().map_err(failure)?;
        self.writer.into_inner().map_err(failure)?.flush()
    }
}

impl Groups {
    fn begun(&mut self) -> Open {
        self.open.take().unwrap_or_else(|| self.encoder.open())
    }

    /// Encodes the rows in hand.
    fn pack(&mut self) -> Result<(), ParquetError> {
        let mut open = self.begun();
        self.bytes = 0;
        self.encoder.encode(&mut open, std::mem::take(&mut self.batches), self.workers.as_ref())?;
        self.open = Some(open);
        Ok(())
    }

    /// Writes the row group in hand.
    fn end_group(&mut self) -> Result<(), ParquetError> {
        if self.rows == 0 {
            return Ok(());
        }
        let open = self.begun();
        (self.rows, self.bytes) = (0, 0);
        let chunks = self.encoder.close(open, std::mem::take(&mut self.batches), self.workers.as_ref())?;
        let mut group = self.writer.next_row_group()?;
        for chunk in chunks {
            chunk.append_to(&mut group)?;
        }
        group.close().map(drop)
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
