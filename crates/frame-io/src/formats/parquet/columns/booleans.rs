//! Truth values: plain bits, or the hybrid with a width of one bit.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::errors::{ParquetError, Result};

use super::flat::Values;
use super::hybrid::Hybrid;
use super::numbers::unexpected;
use super::validity::{Slots, Stretch};

/// Decodes truth values.
pub(super) struct Booleans {
    page: PageValues,
    slots: Slots<bool>,
    ones: Vec<i32>,
}

enum PageValues {
    Plain { bytes: Bytes, bit: usize },
    Hybrid(Hybrid),
}

impl Booleans {
    pub(super) fn new() -> Self {
        Self { page: PageValues::Plain { bytes: Bytes::new(), bit: 0 }, slots: Slots::new(), ones: Vec::new() }
    }
}

impl Values for Booleans {
    fn set_dictionary(&mut self, _bytes: Bytes, _count: usize) -> Result<()> {
        Err(ParquetError::General("truth values have a dictionary".to_owned()))
    }

    fn set_page(&mut self, encoding: Encoding, bytes: Bytes) -> Result<()> {
        self.page = match encoding {
            Encoding::PLAIN => PageValues::Plain { bytes, bit: 0 },
            // Four bytes of length come first; a page of nulls only may have nothing.
            Encoding::RLE => PageValues::Hybrid(Hybrid::new(bytes.slice(bytes.len().min(4)..), 1)?),
            other => return Err(unexpected(other)),
        };
        Ok(())
    }

    fn append(&mut self, stretch: Stretch<'_>) -> Result<()> {
        let Self { page, slots, ones } = self;
        slots.append(stretch, |count, out| match page {
            PageValues::Plain { bytes, bit } => {
                let start = *bit;
                *bit = end_of(bytes, start, count)?;
                out.extend((start..*bit).map(|bit| bytes[bit / 8] >> (bit % 8) & 1 == 1));
                Ok(())
            }
            PageValues::Hybrid(stream) => {
                ones.clear();
                stream.read(count, ones)?;
                out.extend(ones.iter().map(|one| *one == 1));
                Ok(())
            }
        })
    }

    fn skip(&mut self, values: usize) -> Result<()> {
        match &mut self.page {
            PageValues::Plain { bytes, bit } => *bit = end_of(bytes, *bit, values)?,
            PageValues::Hybrid(stream) => stream.skip(values)?,
        }
        Ok(())
    }

    fn finish(&mut self, nulls: Option<NullBuffer>, batch_rows: usize) -> Result<ArrayRef> {
        Ok(Arc::new(BooleanArray::new(BooleanBuffer::from(self.slots.take(batch_rows)), nulls)))
    }
}

fn end_of(bytes: &Bytes, bit: usize, count: usize) -> Result<usize> {
    let end = bit.checked_add(count).filter(|end| *end <= bytes.len() * 8);
    end.ok_or_else(|| ParquetError::EOF("a page has fewer values than its header says".to_owned()))
}
