//! An opened Arrow stream: one partition, read from its start.

use std::io::{self, Read};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::buffer::Buffer;
use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::StreamDecoder;
use frame_core::{CancelToken, DataError, Error, Result};

use super::columns::{Columns, Projection, guard};
use super::reader::ArrowReader;
use crate::streams::Position;
use crate::{BatchReader, Content, ScanRequest, Stop, Table};

/// Bytes that are handed to the decoder at a time. What a message declares is taken for true only as far as bytes come.
const PIECE: usize = 256 << 10;

/// A stream of record batches.
#[derive(Debug)]
pub struct ArrowStreamTable {
    content: Content,
    columns: Columns,
}

impl ArrowStreamTable {
    /// Reads the schema at the start of a stream.
    ///
    /// # Errors
    /// `DataError::Damaged` if it is no Arrow stream; `IoError`.
    pub fn open(content: Content) -> Result<Self> {
        let mut messages = Messages::new(&content, CancelToken::new())?;
        while messages.decoder.schema().is_none() && messages.next()?.is_some() {}
        let Some(schema) = messages.decoder.schema() else {
            let (file, reason) = (content.file.path().to_owned(), "it has no schema".to_owned());
            return Err(Error::new(DataError::Damaged { file, format: "Arrow IPC", reason }));
        };
        Ok(Self { columns: Columns::new(&schema), content })
    }
}

/// The messages of a stream, from its start.
struct Messages {
    content: Content,
    bytes: Box<dyn Read + Send>,
    decoder: StreamDecoder,
    /// Bytes that the decoder has not taken.
    piece: Buffer,
}

impl Messages {
    fn new(content: &Content, cancel: CancelToken) -> Result<Self> {
        let bytes = content.bytes(&Position::default(), cancel)?;
        Ok(Self { content: content.clone(), bytes, decoder: StreamDecoder::new(), piece: Buffer::from_vec(Vec::<u8>::new()) })
    }

    /// The next record batch.
    fn next(&mut self) -> Result<Option<RecordBatch>> {
        let path = self.content.file.path().to_owned();
        loop {
            if !self.piece.is_empty()
                && let Some(batch) = guard(&path, || self.decoder.decode(&mut self.piece))?
            {
                return Ok(Some(batch));
            }
            let mut piece = vec![0; PIECE];
            let read = match self.bytes.read(&mut piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other.map_err(|error| self.content.failed(&error))?,
            };
            if read == 0 {
                return guard(&path, || self.decoder.finish()).map(|()| None);
            }
            piece.truncate(read);
            self.piece = Buffer::from_vec(piece);
        }
    }
}

impl Table for ArrowStreamTable {
    fn schema(&self) -> &SchemaRef {
        &self.columns.schema
    }

    fn partitions(&self) -> usize {
        1
    }

    fn partition_bytes(&self, _: usize) -> u64 {
        if self.content.file.is_stream() { 0 } else { self.content.file.len() }
    }

    fn rows(&self) -> Option<u64> {
        None
    }

    fn open(&self, _: usize, request: &Arc<ScanRequest>) -> Result<Box<dyn BatchReader>, Stop> {
        let path = self.content.file.path().to_owned();
        let projection = Projection::new(&self.columns, &path, request)?;
        let mut messages = Messages::new(&self.content, request.cancel.clone())?;
        let read = projection.read.clone();
        let stored = move || -> Result<Option<RecordBatch>> { messages.next()?.map(|batch| Ok(batch.project(&read)?)).transpose() };
        Ok(Box::new(ArrowReader::new(Box::new(stored), &path, &self.columns, projection, request.clone())))
    }

    fn close(&self) -> Result<(), Stop> {
        Ok(self.content.file.check_unchanged()?)
    }
}
