//! Which columns of a file are read, and as what Arrow type.
//!
//! Text is a dictionary of ids where the file stores it so, else string views. What is not read is still listed.

use std::ops::Range;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use frame_core::Result;
use parquet::arrow::parquet_to_arrow_schema;
use parquet::basic::Encoding;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use super::refusal::guard;
use crate::formats::columns::{distinct_names, read_type};

/// Above so many bytes a row (dictionary and ids together, before compression) a dictionary is not worth keeping.
const DICTIONARY_BYTES_PER_ROW: i64 = 8;
/// Chunks up to this size keep their dictionary whatever it costs a row.
const DICTIONARY_BYTES_SMALL: i64 = 4 << 10;

/// The columns of a file, by their place in the schema.
#[derive(Debug)]
pub(super) struct Columns {
    pub schema: SchemaRef,
    /// The fields as the file names them and as the `parquet` crate is to read them.
    pub fields: Fields,
    /// For each field of the schema its leaf columns, or `None` if it is not read.
    pub leaves: Vec<Option<Range<usize>>>,
    /// For each field whether it is one column whose statistics speak of the values that are read.
    is_plain: Vec<bool>,
}

impl Columns {
    /// The leaf column of a field whose statistics can be asked.
    pub(super) fn plain_leaf(&self, field: usize) -> Option<usize> {
        self.leaves[field].as_ref().filter(|_| self.is_plain[field]).map(|leaves| leaves.start)
    }
}

/// Finds the columns of a file.
///
/// # Errors
/// `DataError::Damaged` if the schema cannot be made sense of.
pub(super) fn read_columns(path: &str, metadata: &ParquetMetaData) -> Result<Columns> {
    let file = metadata.file_metadata();
    let descriptor = file.schema_descr();
    // Writers store their Arrow schema beside Parquet's own; where the two disagree, Parquet's counts.
    let declared = guard(path, || {
        parquet_to_arrow_schema(descriptor, file.key_value_metadata()).or_else(|_| parquet_to_arrow_schema(descriptor, None))
    })?;
    let mut leaves_of_root: Vec<Range<usize>> = vec![0..0; descriptor.root_schema().get_fields().len()];
    for leaf in 0..descriptor.num_columns() {
        let range = &mut leaves_of_root[descriptor.get_column_root_idx(leaf)];
        *range = if range.start == range.end { leaf..leaf + 1 } else { range.start..leaf + 1 };
    }
    let names = distinct_names(declared.fields().iter().map(|field| field.name().clone()).collect());
    let mut columns = Columns { schema: Arc::new(Schema::empty()), fields: Fields::empty(), leaves: Vec::new(), is_plain: Vec::new() };
    let (mut fields, mut read) = (Vec::with_capacity(names.len()), Vec::with_capacity(names.len()));
    for ((field, leaves), name) in declared.fields().iter().zip(leaves_of_root).zip(names) {
        let is_flat = leaves.len() == 1 && {
            let column = descriptor.column(leaves.start);
            column.path().parts().len() == 1 && column.max_rep_level() == 0
        };
        let plain = if is_flat { plain_type(field.data_type(), leaves.start, metadata) } else { None };
        let read_as = plain.clone().or_else(|| read_type(field.data_type()).filter(|_| !leaves.is_empty()));
        columns.leaves.push(read_as.is_some().then_some(leaves));
        columns.is_plain.push(plain.is_some());
        // What the crate gives in another type is cast; what is listed only keeps its type.
        let by_crate = plain.unwrap_or_else(|| field.data_type().clone());
        fields.push(Field::new(field.name(), by_crate, field.is_nullable()));
        read.push(Field::new(name, read_as.unwrap_or_else(|| field.data_type().clone()), field.is_nullable()));
    }
    columns.schema = Arc::new(Schema::new(read));
    columns.fields = Fields::from(fields);
    Ok(columns)
}

/// The type that a flat column is decoded as, or `None` if what the crate makes of it is cast.
fn plain_type(declared: &DataType, leaf: usize, metadata: &ParquetMetaData) -> Option<DataType> {
    use DataType as T;
    match declared {
        T::Boolean | T::Int8 | T::Int16 | T::Int32 | T::Int64 | T::UInt8 | T::UInt16 | T::UInt32 | T::UInt64 => Some(declared.clone()),
        T::Float32 | T::Float64 | T::Date32 | T::Timestamp(_, _) | T::Decimal128(_, _) => Some(declared.clone()),
        T::Decimal32(precision, scale) | T::Decimal64(precision, scale) => Some(T::Decimal128(*precision, *scale)),
        T::Utf8 | T::LargeUtf8 | T::Utf8View => Some(text_type(leaf, metadata)),
        T::Dictionary(_, values) => plain_type(values, leaf, metadata),
        _ => None,
    }
}

fn text_type(leaf: usize, metadata: &ParquetMetaData) -> DataType {
    let groups = metadata.row_groups();
    if !groups.is_empty() && groups.iter().all(|group| has_small_dictionary(group.column(leaf), group.num_rows())) {
        DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
    } else {
        DataType::Utf8View
    }
}

fn has_small_dictionary(chunk: &ColumnChunkMetaData, rows: i64) -> bool {
    // Without encoding statistics only the presence of the dictionary page speaks; pages of plain text are read all the same.
    let all_pages = chunk
        .page_encoding_stats_mask()
        .is_none_or(|pages| pages.is_only(Encoding::RLE_DICTIONARY) || pages.is_only(Encoding::PLAIN_DICTIONARY));
    let bytes = chunk.uncompressed_size();
    chunk.dictionary_page_offset().is_some() && all_pages && (bytes <= DICTIONARY_BYTES_SMALL || bytes / DICTIONARY_BYTES_PER_ROW <= rows)
}
