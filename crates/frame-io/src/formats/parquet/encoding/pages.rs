//! The pages of a column chunk, and what the footer and the indexes say of them.

use std::io;

use bytes::Bytes;
use parquet::basic::{BoundaryOrder, Compression, Encoding, PageType};
use parquet::column::page::{CompressedPage, Page, PageWriteSpec, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, ColumnIndexBuilder, LevelHistogram, OffsetIndexBuilder, PageEncodingStats};
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, SerializedRowGroupWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use snap::raw::{Encoder, max_compress_len};

/// A column chunk as it stands in the file.
pub(in super::super) struct Chunk {
    bytes: Bytes,
    close: ColumnCloseResult,
}

impl Chunk {
    /// Makes this the next column of a row group.
    pub(in super::super) fn append_to<W: io::Write + Send>(self, group: &mut SerializedRowGroupWriter<'_, W>) -> Result<()> {
        group.append_column(&self.bytes, self.close)
    }
}

/// What is known of the values of a page.
pub(super) struct PageFacts {
    pub(super) encoding: Encoding,
    /// The smallest and the largest value as the column index has them, if there are any that can be compared.
    pub(super) bounds: Option<(Vec<u8>, Vec<u8>)>,
    /// Bytes of all texts.
    pub(super) text_bytes: Option<i64>,
}

/// What is known of the values of all pages.
pub(super) struct ChunkFacts {
    /// The values that pages refer to one behind the other, and their number.
    pub(super) dictionary: Option<(Vec<u8>, usize)>,
    pub(super) order: BoundaryOrder,
}

/// The pages so far.
pub(super) struct Pages {
    column: ColumnDescPtr,
    is_packed: bool,
    has_statistics: bool,
    packer: Encoder,
    /// Where pages are packed.
    packed: Vec<u8>,
    pages: Vec<CompressedPage>,
    bytes: usize,
    index: ColumnIndexBuilder,
    offsets: OffsetIndexBuilder,
    rows: usize,
    nulls: usize,
    text_bytes: Option<i64>,
}

/// Whether pages can be packed so.
pub(super) fn is_known(codec: Compression) -> bool {
    matches!(codec, Compression::UNCOMPRESSED | Compression::SNAPPY)
}

impl Pages {
    pub(super) fn new(column: ColumnDescPtr, codec: Compression, has_statistics: bool) -> Self {
        let mut index = ColumnIndexBuilder::new(column.physical_type());
        if !has_statistics {
            index.to_invalid();
        }
        Self {
            is_packed: codec == Compression::SNAPPY,
            has_statistics,
            packer: Encoder::new(),
            packed: Vec::new(),
            pages: Vec::new(),
            bytes: 0,
            index,
            offsets: OffsetIndexBuilder::new(),
            rows: 0,
            nulls: 0,
            text_bytes: None,
            column,
        }
    }

    /// Bytes of memory that the pages take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes + self.packed.len()
    }

    pub(super) fn nulls(&self) -> usize {
        self.nulls
    }

    /// Adds a page of `rows` rows, whose levels and values are `bytes`.
    pub(super) fn add(&mut self, bytes: &[u8], rows: usize, nulls: usize, facts: PageFacts) -> Result<()> {
        let page = Page::DataPage {
            buf: self.packed(bytes)?,
            num_values: rows as u32,
            encoding: facts.encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        self.bytes += page.buffer().len();
        self.pages.push(CompressedPage::new(page, bytes.len()));
        let is_empty = nulls == rows;
        match facts.bounds {
            Some((min, max)) => self.index.append(is_empty, min, max, nulls as i64),
            None if is_empty => self.index.append(true, Vec::new(), Vec::new(), nulls as i64),
            None => self.index.to_invalid(),
        }
        if self.has_statistics {
            self.index.append_histograms(&None, &self.histogram(rows, nulls));
        }
        self.offsets.append_row_count(rows as i64);
        self.offsets.append_unencoded_byte_array_data_bytes(facts.text_bytes);
        self.text_bytes = facts.text_bytes.map(|bytes| bytes + self.text_bytes.unwrap_or(0)).or(self.text_bytes);
        self.rows += rows;
        self.nulls += nulls;
        Ok(())
    }

    fn packed(&mut self, bytes: &[u8]) -> Result<Bytes> {
        if !self.is_packed {
            return Ok(Bytes::copy_from_slice(bytes));
        }
        let most = max_compress_len(bytes.len());
        if self.packed.len() < most {
            self.packed.resize(most, 0);
        }
        let len = self.packer.compress(bytes, &mut self.packed).map_err(|error| ParquetError::External(Box::new(error)))?;
        Ok(Bytes::copy_from_slice(&self.packed[..len]))
    }

    /// How many rows have no value, and how many have one.
    fn histogram(&self, rows: usize, nulls: usize) -> Option<LevelHistogram> {
        let mut histogram = LevelHistogram::try_new(self.column.max_def_level())?;
        histogram.increment_by(0, nulls as i64);
        histogram.increment_by(1, (rows - nulls) as i64);
        Some(histogram)
    }

    /// The chunk of these pages.
    pub(super) fn close(mut self, facts: ChunkFacts, statistics: Statistics) -> Result<Chunk> {
        let mut sink = TrackedWrite::new(Vec::with_capacity(self.bytes + facts.dictionary.as_ref().map_or(0, |(bytes, _)| bytes.len())));
        let mut writer = SerializedPageWriter::new(&mut sink);
        let mut sizes = Sizes::default();
        let mut encodings = Vec::new();
        let mut dictionary_at = None;
        if let Some((bytes, values)) = facts.dictionary {
            let buf = self.packed(&bytes)?;
            let page = Page::DictionaryPage { buf, num_values: values as u32, encoding: Encoding::PLAIN, is_sorted: false };
            count(&mut encodings, &page);
            dictionary_at = Some(sizes.add(&writer.write_page(CompressedPage::new(page, bytes.len()))?).offset as i64);
        }
        let mut data_at = None;
        for page in std::mem::take(&mut self.pages) {
            count(&mut encodings, page.compressed_page());
            let written = writer.write_page(page)?;
            let written = sizes.add(&written);
            data_at.get_or_insert(written.offset as i64);
            self.offsets.append_offset_and_size(written.offset as i64, written.compressed_size as i32);
        }
        writer.close()?;
        let mut metadata = ColumnChunkMetaData::builder(self.column.clone())
            .set_compression(if self.is_packed { Compression::SNAPPY } else { Compression::UNCOMPRESSED })
            .set_encodings(encodings.iter().map(|page| page.encoding).chain([Encoding::RLE]).collect())
            .set_page_encoding_stats(encodings)
            .set_total_compressed_size(sizes.packed)
            .set_total_uncompressed_size(sizes.plain)
            .set_num_values(self.rows as i64)
            .set_data_page_offset(data_at.unwrap_or(0))
            .set_dictionary_page_offset(dictionary_at);
        if self.has_statistics {
            metadata = metadata
                .set_statistics(statistics)
                .set_unencoded_byte_array_data_bytes(self.text_bytes)
                .set_definition_level_histogram(self.histogram(self.rows, self.nulls));
        }
        self.index.set_boundary_order(facts.order);
        Ok(Chunk {
            bytes: sink.into_inner()?.into(),
            close: ColumnCloseResult {
                bytes_written: sizes.packed as u64,
                rows_written: self.rows as u64,
                metadata: metadata.build()?,
                bloom_filter: None,
                column_index: if self.index.valid() { Some(self.index.build()?) } else { None },
                offset_index: Some(self.offsets.build()),
            },
        })
    }
}

/// Bytes of pages, their headers included.
#[derive(Default)]
struct Sizes {
    plain: i64,
    packed: i64,
}

impl Sizes {
    fn add<'a>(&mut self, page: &'a PageWriteSpec) -> &'a PageWriteSpec {
        self.plain += page.uncompressed_size as i64;
        self.packed += page.compressed_size as i64;
        page
    }
}

/// Counts a page among those of its kind, which follow each other.
fn count(encodings: &mut Vec<PageEncodingStats>, page: &Page) {
    let (page_type, encoding): (PageType, Encoding) = (page.page_type(), page.encoding());
    match encodings.last_mut() {
        Some(last) if last.page_type == page_type && last.encoding == encoding => last.count += 1,
        _ => encodings.push(PageEncodingStats { page_type, encoding, count: 1 }),
    }
}
