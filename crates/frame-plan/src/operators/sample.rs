//! Rows by chance, the same ones every time.

use std::fmt;

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

/// As it stands behind `sample`: a number of rows, or a percentage that reads back as the same fraction.
impl fmt::Display for SampleSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(rows) => write!(f, "{rows}"),
            Self::Fraction(fraction) => {
                // 0.07 · 100 is not 7, so the shortest text is looked for whose hundredth is the fraction.
                let percent = fraction * 100.0;
                let near = [percent, percent.next_up(), percent.next_down()].map(|percent| percent.to_string());
                let mut texts = (0..15).map(|digits| format!("{percent:.digits$}")).chain(near);
                let reads_back = |text: &String| text.parse().is_ok_and(|percent: f64| percent / 100.0 == *fraction);
                write!(f, "{}%", texts.find(reads_back).unwrap_or_else(|| percent.to_string()))
            }
        }
    }
}

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
        let size = self.size;
        let per = self.per.iter().map(Expr::to_string).collect::<Vec<_>>().join(", ");
        format!("sample {size}{} seed {}", if per.is_empty() { per } else { format!(" per {per}") }, self.seed)
    }
}
