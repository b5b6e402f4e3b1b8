//! The filter that leaves the rows of a slice.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{and_kleene, max, min};
use arrow::datatypes::{DataType, Int64Type};
use frame_core::{ColumnRange, DataError, Result, ScanFilter};

use super::cut::{Bounds, Extent, number};
use crate::group_by::keys::whole_numbers;

/// Rows whose key is within bounds, of those that another filter keeps.
#[derive(Debug)]
pub(super) struct InRange {
    bounds: Bounds,
    /// Columns of the other filter, and the key, which may be one of them.
    columns: Vec<String>,
    key: usize,
    others: usize,
    filter: Option<Arc<dyn ScanFilter>>,
    /// The file, and what it says of the keys of the partition.
    path: String,
    extent: Extent,
}

impl InRange {
    /// A filter for the rows of a slice in one partition, whose file and extent are `place`.
    pub(super) fn new(bounds: Bounds, key: &str, filter: Option<Arc<dyn ScanFilter>>, (path, extent): (String, Extent)) -> Self {
        let mut columns = filter.as_ref().map_or_else(Vec::new, |filter| filter.columns().to_vec());
        let others = columns.len();
        let at = columns.iter().position(|column| column == key).unwrap_or_else(|| {
            columns.push(key.to_owned());
            others
        });
        Self { bounds, columns, key: at, others, filter, path, extent }
    }

    /// Slices are cut by what the file says of its keys: if that is wrong, rows are in no slice.
    fn check(&self, keys: &Int64Array) -> Result<()> {
        let is_outside = |key: Option<i64>| key.is_some_and(|key| !self.extent.has(key));
        if keys.null_count() == 0 && !is_outside(min(keys)) && !is_outside(max(keys)) {
            return Ok(());
        }
        let reason = format!("column `{}` has values outside the range that the file's statistics give", self.columns[self.key]);
        Err(DataError::Damaged { file: self.path.clone(), format: "Parquet", reason }.into())
    }
}

impl ScanFilter for InRange {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn keep(&self, columns: &[ArrayRef], rows: usize) -> Result<BooleanArray> {
        let keys = whole_numbers(&columns[self.key], &DataType::Int64)?;
        let keys = keys.as_primitive::<Int64Type>();
        self.check(keys)?;
        let keys = keys.values();
        let Bounds { first, last } = self.bounds;
        let mask = BooleanArray::from(BooleanBuffer::collect_bool(rows, |row| first <= keys[row] && keys[row] <= last));
        match &self.filter {
            // A row that belongs to another slice is filtered there.
            Some(filter) if mask.true_count() > 0 => Ok(and_kleene(&mask, &filter.keep(&columns[..self.others], rows)?)?),
            _ => Ok(mask),
        }
    }

    fn may_keep(&self, range: &dyn Fn(usize) -> Option<ColumnRange>) -> bool {
        let Bounds { first, last } = self.bounds;
        let key = range(self.key);
        let smallest = key.as_ref().and_then(|key| number(key.min.as_ref()?));
        let largest = key.as_ref().and_then(|key| number(key.max.as_ref()?));
        let meets = smallest.is_none_or(|smallest| smallest <= last) && largest.is_none_or(|largest| largest >= first);
        meets && self.filter.as_ref().is_none_or(|filter| filter.may_keep(range))
    }
}
