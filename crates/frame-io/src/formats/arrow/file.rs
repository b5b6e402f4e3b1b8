//! An opened Arrow file: its footer lists the record batches, which are read on their own.
//!
//! The crate trusts the sizes that a footer declares; here they are checked against the file before anything is read.

use std::ops::Range;
use std::sync::Arc;

use arrow::buffer::Buffer;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::ipc::convert::fb_to_schema;
use arrow::ipc::reader::{FileDecoder, read_footer_length};
use arrow::ipc::{Block, MetadataVersion, root_as_footer};
use frame_core::{DataError, Error, Result};

use super::columns::{Columns, Projection, guard};
use super::reader::ArrowReader;
use crate::{BatchReader, ReadAt, ScanRequest, Stop, Table};

/// Record batches are put together until a partition has so many bytes.
const PARTITION_BYTES: u64 = 8 << 20;
/// Magic and length at the end of a file.
const TRAILER: u64 = 10;

/// An Arrow file. A partition is a run of record batches.
#[derive(Debug)]
pub struct ArrowTable {
    file: Arc<dyn ReadAt>,
    /// As it is stored.
    stored: SchemaRef,
    version: MetadataVersion,
    columns: Columns,
    dictionaries: Vec<Block>,
    batches: Vec<Block>,
    partitions: Vec<Range<usize>>,
}

impl ArrowTable {
    /// Reads the footer of `file`.
    ///
    /// # Errors
    /// `DataError::Damaged` if it is not a whole Arrow file; `IoError`.
    pub fn open(file: Arc<dyn ReadAt>) -> Result<Self> {
        let path = file.path().to_owned();
        let len = file.len();
        let body = len.checked_sub(TRAILER).filter(|body| *body >= 8).ok_or_else(|| damaged(&path, "it is too short"))?;
        let mut trailer = [0; TRAILER as usize];
        file.read_exact_at(&mut trailer, body)?;
        let footer_len = guard(&path, || read_footer_length(trailer))? as u64;
        let start = body.checked_sub(footer_len).ok_or_else(|| damaged(&path, "its footer is longer than the file"))?;
        let mut footer = vec![0; footer_len as usize];
        file.read_exact_at(&mut footer, start)?;
        let (stored, version, dictionaries, batches) = guard(&path, || parts(&footer))?;
        for block in dictionaries.iter().chain(&batches) {
            if span(block).is_none_or(|span| span.end > start) {
                return Err(damaged(&path, "a record batch lies outside of the file"));
            }
        }
        let mut partitions: Vec<Range<usize>> = Vec::new();
        let mut bytes = 0;
        for (at, block) in batches.iter().enumerate() {
            let size = span(block).map_or(0, |span| span.end - span.start);
            match partitions.last_mut() {
                Some(last) if bytes + size <= PARTITION_BYTES => {
                    last.end = at + 1;
                    bytes += size;
                }
                _ => {
                    partitions.push(at..at + 1);
                    bytes = size;
                }
            }
        }
        Ok(Self { columns: Columns::new(&stored), stored: Arc::new(stored), file, version, dictionaries, batches, partitions })
    }
}

type Parts = (Schema, MetadataVersion, Vec<Block>, Vec<Block>);

fn parts(footer: &[u8]) -> Result<Parts, arrow::error::ArrowError> {
    let wrong = |what: &str| arrow::error::ArrowError::IpcError(what.to_owned());
    let footer = root_as_footer(footer).map_err(|error| wrong(&error.to_string()))?;
    let schema = fb_to_schema(footer.schema().ok_or_else(|| wrong("there is no schema"))?);
    let dictionaries = footer.dictionaries().map(|blocks| blocks.iter().copied().collect()).unwrap_or_default();
    let batches = footer.recordBatches().map(|blocks| blocks.iter().copied().collect()).unwrap_or_default();
    Ok((schema, footer.version(), dictionaries, batches))
}

fn damaged(path: &str, reason: &str) -> Error {
    Error::new(DataError::Damaged { file: path.to_owned(), format: "Arrow IPC", reason: reason.to_owned() })
}

/// The bytes of a block in the file, if it has possible sizes.
fn span(block: &Block) -> Option<Range<u64>> {
    let start = u64::try_from(block.offset()).ok()?;
    let size = u64::try_from(block.metaDataLength()).ok()?.checked_add(u64::try_from(block.bodyLength()).ok()?)?;
    Some(start..start.checked_add(size)?)
}

fn read_block(file: &dyn ReadAt, block: &Block) -> Result<Buffer> {
    let span = span(block).ok_or_else(|| damaged(file.path(), "a record batch has an impossible size"))?;
    let mut bytes = vec![0; (span.end - span.start) as usize];
    file.read_exact_at(&mut bytes, span.start)?;
    Ok(Buffer::from_vec(bytes))
}

impl Table for ArrowTable {
    fn schema(&self) -> &SchemaRef {
        &self.columns.schema
    }

    fn partitions(&self) -> usize {
        self.partitions.len()
    }

    fn partition_bytes(&self, partition: usize) -> u64 {
        let blocks = self.partitions.get(partition).map_or(&[][..], |range| &self.batches[range.clone()]);
        blocks.iter().filter_map(span).map(|span| span.end - span.start).sum()
    }

    fn rows(&self) -> Option<u64> {
        None
    }

    fn open(&self, partition: usize, request: &Arc<ScanRequest>) -> Result<Box<dyn BatchReader>, Stop> {
        let blocks = self.partitions.get(partition).map(|range| self.batches[range.clone()].to_vec());
        let blocks = blocks.ok_or_else(|| Error::internal(format!("there is no partition {partition}")))?;
        let projection = Projection::new(&self.columns, self.file.path(), request)?;
        let mut decoder = FileDecoder::new(self.stored.clone(), self.version).with_projection(projection.read.clone());
        for block in &self.dictionaries {
            let bytes = read_block(self.file.as_ref(), block)?;
            guard(self.file.path(), || decoder.read_dictionary(block, &bytes))?;
        }
        let file = self.file.clone();
        let mut blocks = blocks.into_iter();
        let stored = move || {
            for block in blocks.by_ref() {
                let bytes = read_block(file.as_ref(), &block)?;
                if let Some(batch) = guard(file.path(), || decoder.read_record_batch(&block, &bytes))? {
                    return Ok(Some(batch));
                }
            }
            Ok(None)
        };
        Ok(Box::new(ArrowReader::new(Box::new(stored), self.file.path(), &self.columns, projection, request.clone())))
    }

    fn close(&self) -> Result<(), Stop> {
        Ok(self.file.check_unchanged()?)
    }
}
