//! Rows by chance, the same ones every time.

use arrow::datatypes::SchemaRef;
use frame_core::Result;
use frame_expr::{Expr, bind};

use super::{Plan, Wanted};
use crate::Catalog;

/// How many rows a sample has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SampleSize {
    /// So many, or all if there are fewer; of each group if there are groups.
    Rows(u64),
    /// Each row with this chance, from 0 to 1.
    Fraction(f64),
}

impl Eq for SampleSize {}

/// Keeps rows by chance, in their order. Which ones depends on the seed and on the number of each row among the rows of the input, so it
/// is the same for any number of threads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Where the rows come from.
    pub input: Box<Plan>,
    /// How many.
    pub size: SampleSize,
    /// What rows of a group have in common.
    pub per: Vec<Expr>,
    /// Another seed, other rows.
    pub seed: u64,
}

impl Sample {
    pub(super) fn schema(&self, catalog: &dyn Catalog) -> Result<SchemaRef> {
        let schema = self.input.schema(catalog)?;
        self.per.iter().try_for_each(|expr| bind(expr, &schema).map(|_| ()))?;
        Ok(schema)
    }

    pub(super) fn wanted(&self, wanted: &Wanted) -> Wanted {
        let mut names = wanted.clone()?;
        self.per.iter().for_each(|expr| expr.collect_columns(&mut names));
        // Rows need a column to stand in.
        (!names.is_empty()).then_some(names)
    }

    pub(super) fn explain(&self) -> String {
        let size = match self.size {
            SampleSize::Rows(rows) => rows.to_string(),
            SampleSize::Fraction(fraction) => format!("{}%", fraction * 100.0),
        };
        let per = self.per.iter().map(Expr::to_string).collect::<Vec<_>>().join(", ");
        format!("sample {size}{} seed {}", if per.is_empty() { per } else { format!(" per {per}") }, self.seed)
    }
}
