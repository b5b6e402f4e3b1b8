//! A table read whole, partition after partition, so that two ways to read the same bytes can be compared.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, new_empty_array};
use arrow::compute::{cast, concat};
use arrow::datatypes::DataType;
use frame_core::CancelToken;
use frame_io::{Lesson, ScanRequest, Stop, Table};
use frame_memory::MemoryBudget;

/// Batches that are read of a partition, at most: a footer may claim any number of rows for columns that nobody reads.
const BATCHES_MAX: usize = 64;
/// Restarts that an input of a few kilobytes can need, at most: types only widen.
const RESTARTS_MAX: usize = 4000;

/// What reading gave: names with types and columns, or the error.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reading {
    Rows(Vec<(String, ArrayRef)>, u64),
    Error(String),
}

impl Reading {
    pub(crate) fn failed(error: &frame_core::Error) -> Self {
        Self::Error(error.to_string())
    }
}

/// Opens and reads with what was learnt until there is an answer; `learn` takes why an attempt ended.
pub(crate) fn read<T: Table, L: Default>(
    open: impl Fn(&L) -> frame_core::Result<T>,
    learn: impl Fn(&mut L, Lesson),
    batch_rows: usize,
) -> Reading {
    let mut learnt = L::default();
    for _ in 0..RESTARTS_MAX {
        let table = match open(&learnt) {
            Ok(table) => table,
            Err(error) => return Reading::failed(&error),
        };
        match once(&table, &columns_of(&table), batch_rows) {
            Ok(reading) => return reading,
            Err(Stop::Failed(error)) => return Reading::failed(&error),
            Err(Stop::Restart(restart)) => learn(&mut learnt, restart.lesson),
        }
    }
    panic!("restarts without end");
}

/// All columns of a table.
pub(crate) fn columns_of(table: &dyn Table) -> Vec<String> {
    table.schema().fields().iter().map(|field| field.name().clone()).collect()
}

/// How `names` of a table are read.
pub(crate) fn request(names: &[String], batch_rows: usize) -> Arc<ScanRequest> {
    Arc::new(ScanRequest {
        columns: names.to_vec(),
        spots: Vec::new(),
        checked: Vec::new(),
        filter: None,
        batch_rows,
        cancel: CancelToken::new(),
        budget: MemoryBudget::new(64 << 20),
    })
}

/// Reads `names` of a table.
pub(crate) fn once(table: &dyn Table, names: &[String], batch_rows: usize) -> Result<Reading, Stop> {
    let request = request(names, batch_rows);
    let mut parts: Vec<Vec<ArrayRef>> = Vec::new();
    for name in names {
        let field = table.schema().field_with_name(name).expect("a name of the schema");
        parts.push(vec![new_empty_array(&plain(field.data_type()))]);
    }
    let mut kept = 0;
    for partition in 0..table.partitions() {
        let mut reader = table.open(partition, &request)?;
        let mut rows = 0;
        let mut batches = 0;
        while let Some(batch) = reader.next()? {
            assert!(!batch.is_empty() && batch.len() <= batch_rows, "a batch of {} rows", batch.len());
            rows += batch.len() as u64;
            for (part, column) in parts.iter_mut().zip(batch.columns()) {
                assert_eq!(column.len(), batch.len());
                part.push(cast(column, &plain(column.data_type())).map_err(frame_core::Error::from)?);
            }
            batches += 1;
            if batches == BATCHES_MAX && names.is_empty() {
                return Ok(Reading::Rows(Vec::new(), rows));
            }
        }
        assert!(reader.ledger().is_balanced(), "{:?}", reader.ledger());
        assert_eq!(reader.ledger().kept, rows);
        kept += rows;
    }
    table.close()?;
    let mut columns = Vec::new();
    for (name, part) in names.iter().zip(&parts) {
        let whole = concat(&part.iter().map(AsRef::as_ref).collect::<Vec<_>>()).map_err(frame_core::Error::from)?;
        assert_eq!(whole.len() as u64, kept);
        columns.push((name.clone(), whole));
    }
    Ok(Reading::Rows(columns, kept))
}

/// The type in which values are compared.
fn plain(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8View,
        DataType::Dictionary(_, values) => plain(values),
        other => other.clone(),
    }
}
