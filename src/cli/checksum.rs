//! The output `checksum=A,B`: the number of rows and the sums of some columns, in whatever order the rows come.

use frame::arrow::array::{ArrayRef, AsArray, RecordBatch};
use frame::arrow::compute::cast;
use frame::arrow::datatypes::{DataType, Float64Type, SchemaRef};
use frame_expr::aggregates::{self, GroupStates};

use super::Result;
use super::input::usage;

/// What has been counted and summed so far.
pub(super) struct Checksum {
    rows: u64,
    /// The place of each column, and its sum.
    sums: Vec<(usize, Sum)>,
    /// A zero for each row of a batch: they are all of one group.
    group: Vec<u32>,
}

/// An exact sum.
struct Sum(Box<dyn GroupStates>);

impl Checksum {
    /// Nothing yet; `columns` are names with commas between them.
    pub(super) fn new(columns: &str, schema: &SchemaRef) -> Result<Self> {
        let columns = columns.split(',').filter(|column| !column.is_empty()).map(|name| {
            let wrong = |_| usage(format!("the answer has no column `{name}`"), "checksum=A,B names columns of the answer");
            Ok((schema.index_of(name).map_err(wrong)?, Sum::new()?))
        });
        Ok(Self { rows: 0, sums: columns.collect::<Result<_>>()?, group: Vec::new() })
    }

    /// Adds the rows of a batch.
    pub(super) fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        self.group.resize(batch.num_rows(), 0);
        self.sums.iter_mut().try_for_each(|(column, sum)| sum.add(&self.group, batch.column(*column)))
    }

    /// The line.
    pub(super) fn finish(self) -> Result<String> {
        let mut line = self.rows.to_string();
        for (_, sum) in self.sums {
            line.push_str(&format!(",{}", sum.value()?));
        }
        line.push('\n');
        Ok(line)
    }
}

impl Sum {
    fn new() -> Result<Self> {
        let mut states = aggregates::find("sum")?.bind(&[DataType::Float64], &[])?.start();
        states.resize(1);
        Ok(Self(states))
    }

    fn add(&mut self, group: &[u32], column: &ArrayRef) -> Result<()> {
        let floats = cast(column, &DataType::Float64);
        let floats = floats.map_err(|error| usage(format!("the column cannot be summed: {error}"), "name numeric columns"))?;
        Ok(self.0.update(group, &[floats])?)
    }

    /// 0 if there was no number.
    fn value(mut self) -> Result<f64> {
        let sum = self.0.take_values()?;
        Ok(sum.as_primitive::<Float64Type>().iter().next().flatten().unwrap_or(0.0))
    }
}
