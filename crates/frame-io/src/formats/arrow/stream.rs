//! An opened Arrow stream: one partition, read from its start.

use std::io::Read;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::StreamReader;
use frame_core::{CancelToken, Result};

use super::columns::{Columns, Projection, guard};
use super::reader::ArrowReader;
use crate::streams::Position;
use crate::{BatchReader, Content, ScanRequest, Stop, Table};

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
        let reader = reader(&content, None, CancelToken::new())?;
        Ok(Self { columns: Columns::new(&reader.schema()), content })
    }
}

type Bytes = Box<dyn Read + Send>;

fn reader(content: &Content, projection: Option<Vec<usize>>, cancel: CancelToken) -> Result<StreamReader<std::io::BufReader<Bytes>>> {
    let bytes = content.bytes(&Position::default(), cancel)?;
    guard(content.file.path(), || StreamReader::try_new_buffered(bytes, projection))
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
        let mut reader = reader(&self.content, Some(projection.read.clone()), request.cancel.clone())?;
        let of = path.clone();
        let stored = move || guard(&of, || reader.next().transpose());
        Ok(Box::new(ArrowReader::new(Box::new(stored), &path, &self.columns, projection, request.clone())))
    }

    fn close(&self) -> Result<(), Stop> {
        Ok(self.content.file.check_unchanged()?)
    }
}
