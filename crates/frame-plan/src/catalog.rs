//! What the plan knows of its inputs, and how it learns more.

use arrow::datatypes::{DataType, SchemaRef};
use frame_core::{Error, QueryError, Result, Scalar, Span};

use crate::Plan;

/// The file formats that can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FormatName {
    /// Comma-separated text and its relatives.
    Csv,
    /// Apache Parquet.
    Parquet,
}

/// How to read a delimited text file, where that differs from the default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CsvOptions {
    /// The delimiter; the default is a comma, or a tab for `.tsv`.
    pub delimiter: Option<u8>,
    /// The first record is data, not a header.
    pub no_headers: bool,
    /// Names of the columns, instead of the header's (or of `column_1`, `column_2` … without one).
    pub names: Vec<String>,
    /// Types of columns that are not to be inferred.
    pub types: Vec<(String, DataType)>,
}

/// An input as a query names it.
#[derive(Debug, Clone, Eq, Default)]
pub struct Input {
    /// The path as it was given.
    pub path: String,
    /// The format, if it was given; otherwise the content and then the extension decide.
    pub format: Option<FormatName>,
    /// How to read delimited text.
    pub csv: CsvOptions,
    /// Where `from 'path'` stands in the query text, if it does.
    pub span: Span,
}

impl PartialEq for Input {
    fn eq(&self, other: &Self) -> bool {
        (&self.path, &self.format, &self.csv) == (&other.path, &other.format, &other.csv)
    }
}

impl Input {
    /// Whether there is nothing to say of it but its path.
    pub fn is_plain(&self) -> bool {
        self.format.is_none() && self.csv == CsvOptions::default()
    }
}

/// What knows the inputs: an engine's session, or a table in a test.
pub trait Catalog {
    /// Names and types of the columns of an input.
    ///
    /// # Errors
    /// What opening the input and looking at it can fail with.
    fn schema(&self, input: &Input) -> Result<SchemaRef>;

    /// The files that an input stands for: itself, or the files that its path is a pattern of, sorted by name.
    ///
    /// # Errors
    /// What looking into folders can fail with; an error if the pattern fits no file.
    fn expand(&self, input: Input) -> Result<Vec<Input>> {
        Ok(vec![input])
    }

    /// The answer of a plan of one column, for a plan that depends on it. It is asked while planning, so its rows are few.
    ///
    /// # Errors
    /// What running the plan can fail with; an error if this catalog runs none.
    fn values(&self, _plan: &Plan) -> Result<Vec<Scalar>> {
        let error = QueryError::Usage("the columns of the answer depend on the rows, which are not read here".to_owned());
        Err(Error::new(error).hint("list the values: `pivot x in ('a', 'b') …`"))
    }
}
