//! The columns of a file, and those that a request names.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use frame_core::{DataError, Error, QueryError, Result};

use crate::ScanRequest;
use crate::formats::columns::{distinct_names, read_type};

/// The columns of a file.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    /// As they are read; those that are not read keep their type.
    pub(super) schema: SchemaRef,
    is_read: Vec<bool>,
}

impl Columns {
    /// The columns of a file with this schema.
    pub(super) fn new(schema: &Schema) -> Self {
        let types: Vec<Option<DataType>> = schema.fields().iter().map(|field| read_type(field.data_type())).collect();
        let names = distinct_names(schema.fields().iter().map(|field| field.name().clone()).collect());
        let read = |((field, name), to): ((&Arc<Field>, String), &Option<DataType>)| {
            Field::new(name, to.clone().unwrap_or_else(|| field.data_type().clone()), true)
        };
        let fields: Vec<Field> = schema.fields().iter().zip(names).zip(&types).map(read).collect();
        Self { schema: Arc::new(Schema::new(fields)), is_read: types.iter().map(Option::is_some).collect() }
    }
}

/// The columns that a request names.
#[derive(Debug, Clone)]
pub(super) struct Projection {
    /// Places in the file, ascending, each once.
    pub(super) read: Vec<usize>,
    /// Places in `read`: what comes out, and what the filter reads.
    pub(super) output: Vec<usize>,
    pub(super) filter: Vec<usize>,
    pub(super) schema: SchemaRef,
}

impl Projection {
    /// Looks the names of a request up.
    ///
    /// # Errors
    /// `DataError::Unsupported` for a column that is not read.
    pub(super) fn new(columns: &Columns, path: &str, request: &ScanRequest) -> Result<Self> {
        let place = |name: &String| -> Result<usize> {
            let known = || columns.schema.fields().iter().map(|field| field.name().clone()).collect();
            let at =
                columns.schema.index_of(name).map_err(|_| Error::new(QueryError::UnknownColumn { name: name.clone(), known: known() }))?;
            if columns.is_read[at] {
                return Ok(at);
            }
            let what = format!("column `{name}` of type {}", columns.schema.field(at).data_type());
            Err(Error::new(DataError::Unsupported { file: path.to_owned(), what }))
        };
        let output: Vec<usize> = request.columns.iter().map(place).collect::<Result<_>>()?;
        let filter = request.filter.as_ref().map_or(&[][..], |filter| filter.columns());
        let filter: Vec<usize> = filter.iter().map(place).collect::<Result<_>>()?;
        request.checked.iter().map(place).collect::<Result<Vec<_>>>()?;
        let mut read: Vec<usize> = output.iter().chain(&filter).copied().collect();
        read.sort_unstable();
        read.dedup();
        let found = |places: Vec<usize>| places.into_iter().map(|at| read.partition_point(|known| *known < at)).collect();
        let schema = Arc::new(columns.schema.project(&output)?);
        Ok(Self { output: found(output), filter: found(filter), read, schema })
    }
}

/// A column as it is read.
pub(super) fn converted(column: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    if column.data_type() == to { Ok(column.clone()) } else { cast(column, to) }
}

/// Runs code of the crate on bytes of a file: its errors and its panics both mean that the file is damaged.
pub(super) fn guard<T>(path: &str, decode: impl FnOnce() -> Result<T, ArrowError>) -> Result<T> {
    let damaged = |reason: String| Error::new(DataError::Damaged { file: path.to_owned(), format: "Arrow IPC", reason });
    // What `decode` touched is dropped by the caller after an error, so a state broken by unwinding is never seen.
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(ArrowError::IoError(reason, error))) => {
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()).cloned();
            Err(inner.unwrap_or_else(|| damaged(reason)))
        }
        Ok(Err(error)) => Err(damaged(error.to_string())),
        Err(_) => Err(damaged("its parts contradict each other".to_owned())),
    }
}
