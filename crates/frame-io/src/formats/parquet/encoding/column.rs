//! A flat column of a row group: rows become pages of bounded size.

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use parquet::errors::Result;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescPtr;

use super::levels::Levels;
use super::numbers::Numbers;
use super::pages::{Chunk, ChunkFacts, PageFacts, Pages, is_known};
use super::texts::Texts;

/// Rows of a page: as few as pruning by pages likes.
const PAGE_ROWS: usize = 20_000;

/// Bytes of values after which a page ends, and of a dictionary after which it takes no more.
pub(super) const PAGE_BYTES: usize = 1 << 20;

/// The values of a column, page by page.
pub(super) trait Values: Send {
    /// Adds the values of an array to the page in hand. If no more go in, gives how many of its rows the page has taken: at least one.
    fn add(&mut self, array: &dyn Array) -> Option<usize>;

    /// Different values in the dictionary, if there is one.
    fn different(&self) -> usize;

    /// Bytes of memory for the page in hand and the dictionary.
    fn bytes(&self) -> usize;

    /// Appends the values of the page in hand, and begins another one.
    fn take(&mut self, out: &mut Vec<u8>) -> PageFacts;

    /// What is known of all pages; `nulls` of the rows have no value.
    fn close(&mut self, nulls: usize) -> (ChunkFacts, Statistics);
}

/// The values of a type, with a dictionary if they repeat; `None` for types that are not encoded here.
fn values(data_type: &DataType, are_repeated: bool) -> Option<Box<dyn Values>> {
    Some(match data_type {
        DataType::Utf8View => Box::new(Texts::new(are_repeated)),
        DataType::Int64 => Box::new(Numbers::<Int64Type>::new(are_repeated)),
        DataType::Timestamp(TimeUnit::Microsecond, _) => Box::new(Numbers::<TimestampMicrosecondType>::new(are_repeated)),
        DataType::Date32 => Box::new(Numbers::<Date32Type>::new(are_repeated)),
        DataType::Float64 => Box::new(Numbers::<Float64Type>::new(are_repeated)),
        _ => return None,
    })
}

/// How many different values there are without nulls, very many if they are more than a dictionary takes; `None` for types that are not
/// encoded here.
pub(in super::super) fn different(values_of: &ArrayRef) -> Option<usize> {
    let mut values = values(values_of.data_type(), true)?;
    Some(if values.add(values_of).is_none() { values.different() } else { usize::MAX })
}

/// A column of a row group, as far as it is encoded.
pub(in super::super) struct FlatColumn {
    values: Box<dyn Values>,
    levels: Levels,
    is_nullable: bool,
    /// Where pages are put together.
    page: Vec<u8>,
    pages: Pages,
}

impl FlatColumn {
    /// Begins a column, with a dictionary if its values repeat; `None` for types and codecs that are left to the crate.
    pub(in super::super) fn new(
        column: &ColumnDescPtr,
        data_type: &DataType,
        are_repeated: bool,
        properties: &WriterProperties,
    ) -> Option<Self> {
        let codec = properties.compression(column.path());
        let values = values(data_type, are_repeated).filter(|_| is_known(codec))?;
        let has_statistics = properties.statistics_enabled(column.path()) != EnabledStatistics::None;
        Some(Self {
            values,
            levels: Levels::new(PAGE_ROWS),
            is_nullable: column.max_def_level() > 0,
            page: Vec::new(),
            pages: Pages::new(column.clone(), codec, has_statistics),
        })
    }

    /// Adds rows.
    pub(in super::super) fn add(&mut self, rows: &ArrayRef) -> Result<()> {
        let mut start = 0;
        while start < rows.len() {
            let mut part = rows.slice(start, (rows.len() - start).min(PAGE_ROWS - self.levels.rows()));
            let full = self.values.add(&part);
            if let Some(taken) = full {
                part = part.slice(0, taken);
            }
            self.levels.add(&part);
            start += part.len();
            if full.is_some() || self.levels.rows() == PAGE_ROWS {
                self.end_page()?;
            }
        }
        Ok(())
    }

    fn end_page(&mut self) -> Result<()> {
        let (rows, nulls) = (self.levels.rows(), self.levels.nulls());
        self.page.clear();
        if self.is_nullable {
            self.levels.take(&mut self.page);
        } else {
            self.levels.forget();
        }
        let facts = self.values.take(&mut self.page);
        self.pages.add(&self.page, rows, nulls, facts)
    }

    /// Bytes of memory.
    pub(in super::super) fn bytes(&self) -> usize {
        self.values.bytes() + self.page.capacity() + self.pages.bytes()
    }

    /// The chunk of the column.
    pub(in super::super) fn close(mut self) -> Result<Chunk> {
        if self.levels.rows() > 0 {
            self.end_page()?;
        }
        let (facts, statistics) = self.values.close(self.pages.nulls());
        self.pages.close(facts, statistics)
    }
}
