//! A pipe whose rows become several: what a batch becomes is cut into batches of the usual size.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{ArrayRef, UInt32Array, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use frame_core::{Batch, Error, Result};

use crate::pipeline::{Pieces, Pipe};

/// An operator that makes rows of each row of a batch.
pub(crate) trait Expand: Send + Sync + Debug {
    /// What becomes of a dense batch.
    fn spread(&self, batch: &Batch) -> Result<Spread>;

    /// The columns of the result: those that stay, the number of each row among those of its parent, and the values.
    fn columns(&self, kept: Vec<ArrayRef>, numbers: &UInt32Array, values: ArrayRef) -> Result<Vec<ArrayRef>>;

    /// The columns of the result.
    fn schema(&self) -> &SchemaRef;

    /// One line for `frame explain`.
    fn explain(&self) -> String;
}

/// What the rows of a batch become.
pub(crate) struct Spread {
    /// The columns that stay as they are.
    pub(crate) kept: Vec<ArrayRef>,
    /// The values of all new rows.
    pub(crate) values: ArrayRef,
    /// For each row where its first value lies and how many it has; a row without values becomes one with a null.
    pub(crate) rows: Vec<(u64, u32)>,
    /// How far apart the values of a row lie.
    pub(crate) stride: u64,
}

/// The operator as a pipe.
#[derive(Debug)]
pub(crate) struct Expanding {
    pub(crate) expand: Arc<dyn Expand>,
    pub(crate) batch_rows: usize,
}

impl Pipe for Expanding {
    fn apply(&self, _: Batch, _: &mut u64) -> Result<Batch> {
        Err(Error::internal("rows that become several were asked for at once"))
    }

    fn pieces(&self, batch: &Batch) -> Result<Option<Pieces>> {
        let spread = self.expand.spread(&batch.clone().dense()?)?;
        Ok(Some(Box::new(Rest { spread, place: (0, 0), expand: self.expand.clone(), batch_rows: self.batch_rows })))
    }

    fn explain(&self) -> String {
        self.expand.explain()
    }
}

/// The rows of a batch that have not been given yet.
struct Rest {
    spread: Spread,
    /// The row in hand and how many of its values were given.
    place: (usize, u32),
    expand: Arc<dyn Expand>,
    batch_rows: usize,
}

impl Iterator for Rest {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Result<Batch>> {
        self.rows().transpose()
    }
}

impl Rest {
    /// The next rows, a batch of them; `None` if there are none left.
    fn rows(&mut self) -> Result<Option<Batch>> {
        let rows_max = self.batch_rows;
        let (mut parents, mut numbers, mut values) = (Vec::new(), Vec::new(), Vec::new());
        while let Some((start, count)) = self.spread.rows.get(self.place.0).copied().filter(|_| parents.len() < rows_max) {
            let (row, given) = self.place;
            let now = (count.max(1) - given).min((rows_max - parents.len()) as u32);
            for number in given..given + now {
                parents.push(row as u32);
                numbers.push(number);
                values.push((count > 0).then(|| start + u64::from(number) * self.spread.stride));
            }
            self.place = if given + now == count.max(1) { (row + 1, 0) } else { (row, given + now) };
        }
        if parents.is_empty() {
            return Ok(None);
        }
        let (rows, parents) = (parents.len(), UInt32Array::from(parents));
        let kept = self.spread.kept.iter().map(|column| Ok(take(column, &parents, None)?)).collect::<Result<_>>()?;
        let values = take(&self.spread.values, &UInt64Array::from(values), None)?;
        let columns = self.expand.columns(kept, &UInt32Array::from(numbers), values)?;
        Ok(Some(Batch::new(self.expand.schema().clone(), columns, rows)?))
    }
}
