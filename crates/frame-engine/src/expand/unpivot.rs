//! Columns as rows.

use arrow::array::{Array, ArrayRef, StringViewArray, UInt32Array};
use arrow::compute::{concat, take};
use arrow::datatypes::SchemaRef;
use frame_core::{Batch, Result};
use frame_expr::BoundExpr;

use super::pipe::{Expand, Spread};

/// Makes a row of each of some columns.
#[derive(Debug)]
pub(crate) struct Unpivot {
    /// The columns that stay.
    pub(crate) kept: Vec<usize>,
    /// The columns that become rows, converted to one type.
    pub(crate) turned: Vec<BoundExpr>,
    /// Their names.
    pub(crate) names: StringViewArray,
    pub(crate) schema: SchemaRef,
    /// The operator as text.
    pub(crate) text: String,
}

impl Expand for Unpivot {
    fn spread(&self, batch: &Batch) -> Result<Spread> {
        let (columns, rows) = (batch.columns(), batch.len());
        let turned = self.turned.iter().map(|turned| turned.evaluate(columns, rows)).collect::<Result<Vec<_>>>()?;
        let parts: Vec<&dyn Array> = turned.iter().map(|column| column.as_ref()).collect();
        Ok(Spread {
            kept: self.kept.iter().map(|at| columns[*at].clone()).collect(),
            values: concat(&parts)?,
            rows: (0..rows as u64).map(|row| (row, self.turned.len() as u32)).collect(),
            stride: rows as u64,
        })
    }

    fn columns(&self, mut kept: Vec<ArrayRef>, numbers: &UInt32Array, values: ArrayRef) -> Result<Vec<ArrayRef>> {
        kept.extend([take(&self.names, numbers, None)?, values]);
        Ok(kept)
    }

    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn explain(&self) -> String {
        self.text.clone()
    }
}
