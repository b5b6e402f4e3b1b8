//! A flat column: pages, their definition levels, and values that a [`Values`] decodes.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::buffer::NullBuffer;
use bytes::Bytes;
use frame_core::Result;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageReader};
use parquet::errors::{ParquetError, Result as Decoded};
use parquet::file::reader::SerializedPageReader;

use super::column::ColumnPlace;
use super::hybrid::Hybrid;
use super::validity::{Stretch, Validity};
use crate::formats::parquet::chunk::Chunk;
use crate::formats::parquet::refusal::{guard, in_column};

/// Decodes the values of one type. Only values that are not null are stored in a page.
pub(super) trait Values: Send {
    /// Takes the dictionary of the chunk: `count` values in plain encoding.
    fn set_dictionary(&mut self, bytes: Bytes, count: usize) -> Decoded<()>;

    /// Begins a page whose values are `bytes`.
    fn set_page(&mut self, encoding: Encoding, bytes: Bytes) -> Decoded<()>;

    /// Decodes the next stretch of the page.
    fn append(&mut self, stretch: Stretch<'_>) -> Decoded<()>;

    /// Steps over `values` values of the page.
    fn skip(&mut self, values: usize) -> Decoded<()>;

    /// The values appended since the last call, as Arrow.
    fn finish(&mut self, nulls: Option<NullBuffer>, batch_rows: usize) -> Decoded<ArrayRef>;
}

/// A flat column being decoded.
pub(in super::super) struct FlatColumn {
    path: Arc<str>,
    name: String,
    pages: SerializedPageReader<Chunk>,
    nullable: bool,
    values: Box<dyn Values>,
    batch_rows: usize,
    /// Rows of the current page not read yet.
    page_rows: usize,
    /// Definition levels of the current page; `None` for a column without nulls.
    levels: Option<Hybrid>,
}

impl FlatColumn {
    pub(super) fn new(place: &ColumnPlace<'_>, chunk: Arc<Chunk>, values: Box<dyn Values>, batch_rows: usize) -> Result<Self> {
        let metadata = place.chunk();
        let rows = place.metadata.row_group(place.group).num_rows() as usize;
        Ok(Self {
            path: place.path.into(),
            name: metadata.column_path().string(),
            pages: guard(place.path, || SerializedPageReader::new(chunk, metadata, rows, None))?,
            nullable: metadata.column_descr().max_def_level() > 0,
            values,
            batch_rows,
            page_rows: 0,
            levels: None,
        })
    }

    /// The next `rows` rows.
    ///
    /// # Errors
    /// `DataError::Damaged`.
    pub(super) fn read(&mut self, rows: usize) -> Result<ArrayRef> {
        let path = Arc::clone(&self.path);
        guard(&path, || self.read_rows(rows)).map_err(|error| in_column(error, &self.name))
    }

    /// Steps over `rows` rows; whole pages are not even decompressed.
    ///
    /// # Errors
    /// `DataError::Damaged`.
    pub(super) fn skip(&mut self, rows: usize) -> Result<()> {
        let path = Arc::clone(&self.path);
        guard(&path, || self.skip_rows(rows)).map_err(|error| in_column(error, &self.name))
    }

    fn read_rows(&mut self, rows: usize) -> Decoded<ArrayRef> {
        let mut validity = Validity::default();
        while validity.len() < rows {
            if self.page_rows == 0 {
                self.next_page()?;
                continue;
            }
            let (from, rows) = (validity.len(), self.page_rows.min(rows - validity.len()));
            let valid = match &mut self.levels {
                Some(levels) => levels.read_bits(rows, &mut validity)?,
                None => validity.append_run(rows, true),
            };
            self.values.append(Stretch { validity: &validity, from, rows, valid })?;
            self.page_rows -= rows;
        }
        self.values.finish(validity.finish(), self.batch_rows)
    }

    fn skip_rows(&mut self, mut rows: usize) -> Decoded<()> {
        while rows > 0 {
            if self.page_rows == 0 {
                let next = self.pages.peek_next_page()?.ok_or_else(ended)?;
                // Without repetition a page has as many rows as levels.
                match next.num_levels.or(next.num_rows) {
                    Some(page_rows) if !next.is_dict && page_rows <= rows => {
                        self.pages.skip_next_page()?;
                        rows -= page_rows;
                    }
                    _ => self.next_page()?,
                }
                continue;
            }
            let taken = self.page_rows.min(rows);
            let valid = match &mut self.levels {
                Some(levels) => levels.read_bits(taken, &mut Validity::default())?,
                None => taken,
            };
            self.values.skip(valid)?;
            self.page_rows -= taken;
            rows -= taken;
        }
        Ok(())
    }

    fn next_page(&mut self) -> Decoded<()> {
        match self.pages.get_next_page()?.ok_or_else(ended)? {
            Page::DictionaryPage { buf, num_values, encoding, .. } => match encoding {
                Encoding::PLAIN | Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY => {
                    self.values.set_dictionary(buf, num_values as usize)
                }
                other => Err(ParquetError::NYI(format!("a dictionary encoded as {other}"))),
            },
            Page::DataPage { buf, num_values, encoding, def_level_encoding, .. } => {
                let rows = num_values as usize;
                let values = if self.nullable { self.set_levels(buf, rows, def_level_encoding)? } else { buf };
                self.page_rows = rows;
                self.values.set_page(encoding, values)
            }
            Page::DataPageV2 { buf, num_values, encoding, def_levels_byte_len, rep_levels_byte_len, .. } => {
                let (levels_at, values_at) = (rep_levels_byte_len as usize, rep_levels_byte_len as usize + def_levels_byte_len as usize);
                if values_at > buf.len() {
                    return Err(ended());
                }
                self.levels = self.nullable.then(|| Hybrid::new(buf.slice(levels_at..values_at), 1)).transpose()?;
                self.page_rows = num_values as usize;
                self.values.set_page(encoding, buf.slice(values_at..))
            }
        }
    }

    /// Takes the definition levels from the front of a page of version 1; gives what follows them.
    fn set_levels(&mut self, page: Bytes, rows: usize, encoding: Encoding) -> Decoded<Bytes> {
        #[expect(deprecated, reason = "old files use it")]
        if encoding == Encoding::BIT_PACKED {
            // One bit a row, the highest bit of a byte first, without a header: made into one packed run of the hybrid.
            let groups = rows.div_ceil(8);
            let bits = page.get(..groups).ok_or_else(ended)?;
            let mut run = varint((groups as u64) << 1 | 1);
            run.extend(bits.iter().map(|byte| byte.reverse_bits()));
            self.levels = Some(Hybrid::new(run.into(), 1)?);
            return Ok(page.slice(groups..));
        }
        let len = page.first_chunk::<4>().ok_or_else(ended)?;
        let end = 4 + u32::from_le_bytes(*len) as usize;
        if end > page.len() {
            return Err(ended());
        }
        self.levels = Some(Hybrid::new(page.slice(4..end), 1)?);
        Ok(page.slice(end..))
    }
}

fn ended() -> ParquetError {
    ParquetError::EOF("its pages end before its rows do".to_owned())
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(10);
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}
