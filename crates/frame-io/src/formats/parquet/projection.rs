//! What a request means for a file: names resolved, columns of the filter first.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use frame_core::{Error, Result};

use super::refusal::unsupported;
use super::table::ParquetFile;
use crate::ScanRequest;

/// What a request means for this file: which fields are decoded, in which order, and what they become.
#[derive(Debug)]
pub(super) struct Projection {
    /// Schema of the batches.
    pub schema: SchemaRef,
    /// Fields of the file that are decoded, each once; those of the filter come first.
    pub fields: Vec<usize>,
    /// How many of `fields` the filter reads.
    pub filter_fields: usize,
    /// For each column of the filter its place in `fields`.
    pub filter_places: Vec<usize>,
    /// For each column of the batches its place in `fields`.
    pub places: Vec<usize>,
}

impl Projection {
    /// Resolves the names of a request.
    ///
    /// # Errors
    /// `DataError::Unsupported` for a column that is not read; an internal error for a name that binding let through.
    pub(super) fn new(file: &ParquetFile, request: &ScanRequest) -> Result<Self> {
        let mut fields = Vec::new();
        let mut place = |name: &String| -> Result<usize> {
            let field = field_of(file, name)?;
            Ok(fields.iter().position(|known| *known == field).unwrap_or_else(|| {
                fields.push(field);
                fields.len() - 1
            }))
        };
        let filter_names = request.filter.as_ref().map_or(&[][..], |filter| filter.columns());
        let filter_places = filter_names.iter().map(&mut place).collect::<Result<Vec<_>>>()?;
        let filter_fields = filter_places.iter().max().map_or(0, |last| last + 1);
        let places = request.columns.iter().map(&mut place).collect::<Result<Vec<_>>>()?;
        // Types are fixed here, so these have nothing to check; but a query must not run or fail by what the optimizer drops.
        for name in &request.checked {
            let _ = field_of(file, name)?;
        }
        let indices: Vec<usize> = places.iter().map(|place| fields[*place]).collect();
        Ok(Self { schema: Arc::new(file.columns.schema.project(&indices)?), fields, filter_fields, filter_places, places })
    }
}

/// The field called `name`, which must be one that is read.
fn field_of(file: &ParquetFile, name: &str) -> Result<usize> {
    let field = file.columns.schema.index_of(name).map_err(|_| Error::internal(format!("no column `{name}` to scan")))?;
    if file.columns.leaves[field].is_none() {
        let data_type = file.columns.schema.field(field).data_type();
        return Err(unsupported(file.path(), format!("column `{name}` of type {data_type}")));
    }
    Ok(field)
}
