//! Rows on their way through a plan: how many there are, and what is known of their columns.

use arrow::datatypes::DataType;
use frame_core::{ColumnFigures, Scalar};
use frame_expr::Expr;

use super::columns::column_of;

/// Bytes of a text, a list or another value whose length is not known.
const VALUE_BYTES: f64 = 24.0;

/// Bytes of a place in a dictionary.
const ID_BYTES: f64 = 4.0;

/// Rows that an operator gives.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    pub(crate) rows: f64,
    /// Whether the number is known.
    pub(crate) is_exact: bool,
    pub(crate) columns: Vec<ColumnFigures>,
}

impl Rows {
    /// Bytes of memory of a row.
    pub(super) fn width(&self) -> f64 {
        self.columns.iter().map(|column| column.width).sum()
    }

    /// Bytes of memory of a row beside its dictionaries.
    pub(super) fn width_beside(&self) -> f64 {
        self.columns.iter().map(|column| if column.shared_bytes > 0.0 { ID_BYTES } else { column.width }).sum()
    }

    /// Bytes of memory of all rows where dictionaries are there once.
    pub(super) fn bytes_at_once(&self) -> f64 {
        self.rows * self.width_beside() + self.shared()
    }

    /// Bytes of dictionaries that the rows refer to.
    pub(super) fn shared(&self) -> f64 {
        self.columns.iter().map(|column| column.shared_bytes).sum()
    }

    /// The same rows in batches of so many, each of which counts the dictionaries that its rows refer to.
    pub(super) fn in_batches(mut self, batch_rows: f64) -> Self {
        let of_row = batch_rows.min(self.rows).max(1.0).recip();
        self.columns.iter_mut().for_each(|column| column.width += column.shared_bytes * of_row);
        self
    }

    /// Bytes of memory of all rows.
    pub(super) fn bytes(&self) -> f64 {
        self.rows * self.width()
    }

    /// What is known of a column.
    pub(crate) fn find(&self, name: &str) -> Option<&ColumnFigures> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// About how many different values an expression has.
    pub(super) fn distinct(&self, expr: &Expr) -> f64 {
        if let Some(column) = column_of(expr) {
            // Null is a value like any other.
            return self.find(column).map_or(self.rows, |column| self.distinct_of(column) + f64::from(u8::from(column.nulls > 0.0)));
        }
        let mut names = Vec::new();
        expr.collect_columns(&mut names);
        names.iter().map(|name| self.distinct(&Expr::column(name))).product::<f64>().min(self.rows)
    }

    /// About how many different values a column has; as many as there are rows if nothing is known.
    pub(super) fn distinct_of(&self, column: &ColumnFigures) -> f64 {
        column.distinct.unwrap_or(self.rows).min(self.rows * (1.0 - column.nulls)).max(0.0)
    }

    /// About how many different combinations of values some expressions have; one without any.
    pub(crate) fn groups<'a>(&self, exprs: impl IntoIterator<Item = &'a Expr>) -> f64 {
        exprs.into_iter().map(|expr| self.distinct(expr)).product::<f64>().min(self.rows)
    }

    /// A part of the rows, taken by chance: of a column whose values come back most are still there.
    pub(crate) fn part(mut self, part: f64) -> Self {
        let before = self.rows;
        if part < 1.0 {
            self.is_exact = false;
        }
        self.rows *= part.clamp(0.0, 1.0);
        let rows = self.rows;
        for column in &mut self.columns {
            column.distinct = column.distinct.map(|distinct| left(distinct, before, rows));
        }
        self
    }

    /// So many rows, if there are as many.
    pub(super) fn at_most(self, rows: f64) -> Self {
        let (before, is_exact) = (self.rows, self.is_exact);
        if before <= rows { self } else { Self { is_exact, ..self.part(rows / before) } }
    }
}

/// Different values that are left of `distinct` among `rows` of `before` rows.
fn left(distinct: f64, before: f64, rows: f64) -> f64 {
    if distinct < 1.0 || before < 1.0 {
        return distinct.min(rows);
    }
    let of_each = before / distinct;
    (distinct * (1.0 - (1.0 - rows / before).powf(of_each))).min(rows)
}

/// Bytes of memory of a value of a column that is held on its own, and not as a place in a dictionary.
pub(super) fn own_width(column: &ColumnFigures) -> f64 {
    match column.distinct {
        Some(distinct) if column.shared_bytes > 0.0 => ID_BYTES + column.shared_bytes / distinct.max(1.0),
        _ => column.width,
    }
}

/// Bytes of memory of a value of a type of which nothing else is known.
pub(super) fn width(data_type: &DataType) -> f64 {
    match data_type {
        DataType::Null => 0.0,
        DataType::Boolean => 0.125,
        DataType::Dictionary(ids, _) => width(ids),
        other => other.primitive_width().map_or(VALUE_BYTES, |width| width as f64),
    }
}

/// A value as a number, for where it lies between two others.
pub(super) fn number(value: &Scalar) -> Option<f64> {
    const MICROS_PER_DAY: f64 = 86_400_000_000.0;
    match value {
        Scalar::Int(value) | Scalar::Timestamp(value) | Scalar::Duration(value) => Some(*value as f64),
        Scalar::Float(value) => Some(*value).filter(|value| value.is_finite()),
        Scalar::Date(days) => Some(f64::from(*days) * MICROS_PER_DAY),
        Scalar::Bool(value) => Some(f64::from(u8::from(*value))),
        Scalar::Null | Scalar::Text(_) | Scalar::Months(_) => None,
    }
}
