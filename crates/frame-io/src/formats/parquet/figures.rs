//! What a footer says of the rows and columns of a file: no page is read.

use arrow::datatypes::DataType;
use frame_core::{ColumnFigures, Scalar, TableFigures};
use parquet::basic::Encoding;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};

use super::statistics::group_range;
use super::table::ParquetFile;

/// Bytes of a text whose length the footer does not tell.
const TEXT_BYTES: f64 = 16.0;
/// Bytes of a value that is stored in some other way.
const VALUE_BYTES: f64 = 16.0;
/// Bytes of a view of a text, which holds short ones itself.
const VIEW_BYTES: f64 = 16.0;
const INLINE_BYTES: f64 = 12.0;
/// Bytes of a row's place in a dictionary, and of a value's place there.
const ID_BYTES: f64 = 4.0;
/// Numbers lie close together if there are at most so many times as many between the smallest and the largest.
const DENSE: f64 = 4.0;
/// A row group whose values are to so large a part different has values of its own.
const OWN_VALUES: f64 = 0.5;

/// The figures of a file.
pub(super) fn figures(file: &ParquetFile, partitions: usize, bytes: u64) -> TableFigures {
    let rows = file.metadata.file_metadata().num_rows().max(0) as f64;
    let columns = (0..file.columns.schema.fields().len()).map(|field| column(file, field, rows)).collect();
    TableFigures { rows, is_exact: true, bytes, partitions, reading_bytes: 0.0, columns }
}

/// What all row groups say of a column.
#[derive(Default)]
struct Sums {
    nulls: f64,
    /// Bytes of texts, and of how many rows.
    texts: (f64, f64),
    uncompressed: f64,
    largest: f64,
    /// Different values of the group with most of them, of all groups together, and whether each group said how many it has.
    most: f64,
    together: f64,
    is_unknown: bool,
    is_own: bool,
    min: Option<Scalar>,
    max: Option<Scalar>,
}

fn column(file: &ParquetFile, field: usize, rows: f64) -> ColumnFigures {
    let schema = file.columns.schema.field(field);
    let data_type = schema.data_type();
    let leaves = file.columns.leaves[field].clone().unwrap_or_default();
    let plain = file.columns.plain_leaf(field);
    let mut sums = Sums { is_unknown: plain.is_none(), ..Sums::default() };
    for group in file.metadata.row_groups() {
        let chunks = || leaves.clone().map(|leaf| group.column(leaf));
        sums.uncompressed += chunks().map(|chunk| chunk.uncompressed_size().max(0) as f64).sum::<f64>();
        sums.largest = sums.largest.max(chunks().map(|chunk| chunk.compressed_size().max(0) as f64).sum());
        if let Some(leaf) = plain {
            sums.add(file, group, leaf, data_type);
        }
    }
    let width = width(data_type, &sums, rows);
    let is_shared = matches!(data_type, DataType::Dictionary(..));
    let shared_bytes = if is_shared { sums.most * (sums.text_bytes().unwrap_or(TEXT_BYTES) + ID_BYTES) } else { 0.0 };
    ColumnFigures {
        name: schema.name().clone(),
        width,
        shared_bytes,
        distinct: sums.distinct(rows),
        nulls: if rows > 0.0 { (sums.nulls / rows).min(1.0) } else { 0.0 },
        min: sums.min,
        max: sums.max,
        reading_bytes: sums.largest,
    }
}

impl Sums {
    fn add(&mut self, file: &ParquetFile, group: &RowGroupMetaData, leaf: usize, data_type: &DataType) {
        let chunk = group.column(leaf);
        let rows = group.num_rows().max(0) as f64;
        if let Some(texts) = chunk.unencoded_byte_array_data_bytes() {
            self.texts = (self.texts.0 + texts.max(0) as f64, self.texts.1 + rows);
        }
        let range = group_range(&file.metadata, group, leaf, data_type);
        if let Some(range) = range {
            self.nulls += range.nulls.unwrap_or_default() as f64;
            self.min = lesser(self.min.take(), range.min, std::cmp::Ordering::Less);
            self.max = lesser(self.max.take(), range.max, std::cmp::Ordering::Greater);
        }
        match distinct(chunk, rows, self.text_bytes()) {
            None => self.is_unknown = true,
            Some(distinct) => {
                self.most = self.most.max(distinct);
                self.together += distinct;
                self.is_own |= distinct > OWN_VALUES * rows;
            }
        }
    }

    /// Bytes of a text.
    fn text_bytes(&self) -> Option<f64> {
        (self.texts.1 > 0.0).then(|| self.texts.0 / self.texts.1)
    }

    fn distinct(&self, rows: f64) -> Option<f64> {
        let found = if self.is_own { self.together } else { self.most };
        let found = if self.is_unknown { None } else { Some(found.min(rows)) };
        // Whole numbers have no more values than there are between the smallest and the largest.
        let span = match (&self.min, &self.max) {
            (Some(Scalar::Int(min)), Some(Scalar::Int(max))) => Some(*max as f64 - *min as f64 + 1.0),
            (Some(Scalar::Date(min)), Some(Scalar::Date(max))) => Some(f64::from(*max) - f64::from(*min) + 1.0),
            (Some(Scalar::Bool(_)), Some(Scalar::Bool(_))) => Some(2.0),
            (Some(min), Some(max)) if min == max => Some(1.0),
            _ => None,
        };
        match (found, span) {
            // A dictionary may be packed better than the rest: numbers that lie close together are taken for all there are.
            (Some(found), Some(span)) if span <= DENSE * found => Some(span.min(rows)),
            (Some(found), Some(_)) => Some(found),
            (None, Some(span)) => Some(span.min(rows)),
            (found, None) => found,
        }
    }
}

/// Different values in a chunk: what the footer says, or what fits into the dictionary that all of its pages refer to.
fn distinct(chunk: &ColumnChunkMetaData, rows: f64, text_bytes: Option<f64>) -> Option<f64> {
    use parquet::basic::Type as T;
    if let Some(distinct) = chunk.statistics().and_then(|statistics| statistics.distinct_count_opt()) {
        return Some(distinct as f64);
    }
    let pages = chunk.page_encoding_stats_mask()?;
    if !pages.is_only(Encoding::RLE_DICTIONARY) && !pages.is_only(Encoding::PLAIN_DICTIONARY) {
        return None;
    }
    let packed = (chunk.data_page_offset() - chunk.dictionary_page_offset()?).max(0) as f64;
    let ratio = chunk.uncompressed_size().max(1) as f64 / chunk.compressed_size().max(1) as f64;
    let value_bytes = match chunk.column_type() {
        T::BOOLEAN | T::INT32 | T::FLOAT => 4.0,
        T::INT64 | T::DOUBLE => 8.0,
        T::INT96 => 12.0,
        T::BYTE_ARRAY | T::FIXED_LEN_BYTE_ARRAY => 4.0 + text_bytes.unwrap_or(TEXT_BYTES),
    };
    Some((packed * ratio.max(1.0) / value_bytes).clamp(1.0, rows.max(1.0)))
}

/// The one of two bounds that the other one does not reach beyond.
fn lesser(known: Option<Scalar>, found: Option<Scalar>, wanted: std::cmp::Ordering) -> Option<Scalar> {
    let (Some(known), Some(found)) = (&known, &found) else { return known.or(found) };
    let order = match (found, known) {
        (Scalar::Int(a), Scalar::Int(b)) | (Scalar::Timestamp(a), Scalar::Timestamp(b)) => a.cmp(b),
        (Scalar::Date(a), Scalar::Date(b)) => a.cmp(b),
        (Scalar::Float(a), Scalar::Float(b)) => a.total_cmp(b),
        (Scalar::Text(a), Scalar::Text(b)) => a.cmp(b),
        (Scalar::Bool(a), Scalar::Bool(b)) => a.cmp(b),
        _ => std::cmp::Ordering::Equal,
    };
    Some(if order == wanted { found.clone() } else { known.clone() })
}

/// Bytes of memory of a row.
fn width(data_type: &DataType, sums: &Sums, rows: f64) -> f64 {
    let text = sums.text_bytes().unwrap_or(TEXT_BYTES);
    match data_type {
        DataType::Boolean => 0.125,
        DataType::Dictionary(..) => ID_BYTES,
        DataType::Utf8View => VIEW_BYTES + if text > INLINE_BYTES { text } else { 0.0 },
        other => match other.primitive_width() {
            Some(width) => width as f64,
            None if rows > 0.0 => sums.uncompressed / rows + VALUE_BYTES,
            None => VALUE_BYTES,
        },
    }
}
