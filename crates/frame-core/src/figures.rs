//! What is known of a table before it is read: the numbers that predictions are made of. None of them changes an answer.

use crate::Scalar;

/// What a file says of its rows, or samples of it show.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TableFigures {
    /// Number of rows.
    pub rows: f64,
    /// Whether the file says how many there are; otherwise samples and its size do.
    pub is_exact: bool,
    /// Bytes that are read at most.
    pub bytes: u64,
    /// Parts that tasks read at once.
    pub partitions: usize,
    /// Bytes of memory that a task takes while it reads, beside those of the columns.
    pub reading_bytes: f64,
    /// One for each column of the table, in its order.
    pub columns: Vec<ColumnFigures>,
}

/// What is known of a column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnFigures {
    /// Its name.
    pub name: String,
    /// Bytes of memory that a row takes.
    pub width: f64,
    /// Bytes of a dictionary that the rows refer to: each batch counts it.
    pub shared_bytes: f64,
    /// About how many different values there are, if that can be said.
    pub distinct: Option<f64>,
    /// The part of the rows that have no value, from 0 to 1.
    pub nulls: f64,
    /// The smallest value, or about that one.
    pub min: Option<Scalar>,
    /// The largest value, or about that one.
    pub max: Option<Scalar>,
    /// Bytes of memory that a task takes for it while it reads.
    pub reading_bytes: f64,
}
