//! What a side of a join need not read: rows whose key lies outside of those of the other side, whose table is there before. Parts of a file
//! whose statistics say so are not opened.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Array};
use arrow::compute::kernels::cmp::{gt_eq, lt_eq};
use arrow::compute::{and_kleene, cast};
use arrow::datatypes::DataType;
use frame_core::{ColumnRange, Result, Scalar, ScanFilter};
use frame_io::{ScanRequest, Table};

use super::build::{BuiltSlot, Side};

/// The keys of a scan are looked up in a table.
#[derive(Debug)]
pub(crate) struct Within {
    column: String,
    built: BuiltSlot,
}

impl Within {
    /// For a column of whole numbers whose values are keys of a table of whole numbers; `None` if the file says nothing of its values.
    pub(crate) fn new(table: &dyn Table, column: &str, built: &BuiltSlot) -> Option<Arc<Self>> {
        let is_known = (0..table.partitions()).any(|partition| bounds(table.range(partition, column)).is_some());
        is_known.then(|| Arc::new(Self { column: column.to_owned(), built: built.clone() }))
    }

    /// The keys, by name.
    pub(crate) fn column(&self) -> &str {
        &self.column
    }

    /// What is wanted of a partition: all that `request` wants, unless some of its keys lie outside of the table's.
    pub(crate) fn request(&self, table: &dyn Table, partition: usize, request: &Arc<ScanRequest>) -> Arc<ScanRequest> {
        let Some(Side::Table(built)) = self.built.get() else { return request.clone() };
        let (Some((least, greatest)), Some((min, max))) = (built.bounds, bounds(table.range(partition, &self.column))) else {
            return request.clone();
        };
        if least <= min && max <= greatest {
            return request.clone();
        }
        let filter = Between { columns: [self.column.clone()], least, greatest };
        Arc::new(ScanRequest { filter: Some(Arc::new(filter)), ..request.as_ref().clone() })
    }
}

/// The least and the greatest of some whole numbers, or less and more than these.
fn bounds(range: Option<ColumnRange>) -> Option<(i64, i64)> {
    match range {
        Some(ColumnRange { min: Some(Scalar::Int(min)), max: Some(Scalar::Int(max)), .. }) => Some((min, max)),
        _ => None,
    }
}

/// Rows whose number lies between two others.
#[derive(Debug)]
struct Between {
    columns: [String; 1],
    least: i64,
    greatest: i64,
}

impl ScanFilter for Between {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn keep(&self, columns: &[ArrayRef], _: usize) -> Result<BooleanArray> {
        let numbers = cast(&columns[0], &DataType::Int64)?;
        let [least, greatest] = [self.least, self.greatest].map(Int64Array::new_scalar);
        Ok(and_kleene(&gt_eq(&numbers, &least)?, &lt_eq(&numbers, &greatest)?)?)
    }

    fn may_keep(&self, range: &dyn Fn(usize) -> Option<ColumnRange>) -> bool {
        bounds(range(0)).is_none_or(|(min, max)| min <= self.greatest && max >= self.least)
    }
}
