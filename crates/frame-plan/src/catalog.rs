//! What the plan knows of its inputs, and how it learns more.

use arrow::datatypes::{DataType, SchemaRef};
use frame_core::{Error, QueryError, Result, Scalar, Span, Spot, TableFigures};

use crate::Plan;

/// The file formats that can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FormatName {
    /// Comma-separated text and its relatives.
    Csv,
    /// A JSON object per line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
    /// Arrow IPC, a file or a stream.
    Arrow,
}

impl FormatName {
    /// Every format that can be read.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Ndjson, Self::Parquet, Self::Arrow];

    /// What it is called in a query and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
        }
    }
}

/// How to read a delimited text file, where that differs from the default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CsvOptions {
    /// The delimiter, of one or more letters; the default is a comma, or a tab for `.tsv`.
    pub delimiter: Option<String>,
    /// The byte around fields, empty if there is none; the default is a double quote.
    pub quote: Option<String>,
    /// The byte before a letter that is to be taken as it is.
    pub escape: Option<String>,
    /// What a line begins with that is to be left out.
    pub comment: Option<String>,
    /// Unquoted fields that mean null, beside empty ones.
    pub nulls: Vec<String>,
    /// What stands in front of the fraction of numbers; the default is a point.
    pub decimal: Option<String>,
    /// What groups the digits of numbers by three; by default nothing does.
    pub thousands: Option<String>,
    /// Lines before the header that are left out.
    pub skip: u64,
    /// The first record is data, not a header.
    pub no_headers: bool,
    /// Names of the columns, instead of the header's (or of `column_1`, `column_2` … without one).
    pub names: Vec<String>,
    /// Types of columns that are not to be inferred.
    pub types: Vec<(String, DataType)>,
    /// What becomes of rows with too few or too many fields: `fail`, `pad`, `reject`.
    pub ragged: Option<String>,
    /// What becomes of values that do not fit their column: `widen`, `null`, `reject`, `fail`.
    pub bad_value: Option<String>,
    /// The file that rejected rows are written to.
    pub rejects: Option<String>,
    /// How many rows may be rejected: a number, or a part such as `1%`.
    pub reject_limit: Option<String>,
    /// The encoding, if it is not UTF-8 and no mark announces it.
    pub encoding: Option<String>,
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
    /// What the folders of the path say of its rows, as in `day=2024-01-31/a.csv`: columns that have one value in the whole file.
    pub keys: Vec<(String, Scalar)>,
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

    /// What is known of the rows of an input before they are read; of no rows if this catalog knows nothing.
    ///
    /// # Errors
    /// What opening the input and looking at it can fail with.
    fn figures(&self, _input: &Input) -> Result<TableFigures> {
        Ok(TableFigures::default())
    }

    /// Whether [`Catalog::figures`] takes little time for an input: it is asked while a run is planned.
    fn has_figures(&self, _input: &Input) -> bool {
        true
    }

    /// Whether an input says of its parts between which values of a column they lie, so that parts without a wanted key are not read.
    fn has_ranges(&self, _input: &Input, _column: &str) -> bool {
        false
    }

    /// The files that inputs stand for: themselves, the files in their folders, or the files that their paths are patterns of, sorted by
    /// name. Files of text that are read together have columns of the same types.
    ///
    /// # Errors
    /// What looking into folders and opening files can fail with; an error if a pattern fits no file.
    fn expand(&self, inputs: Vec<Input>) -> Result<Vec<Input>> {
        Ok(inputs)
    }

    /// Fails if an input cannot tell where its rows stand in this way.
    ///
    /// # Errors
    /// A usage error that says why; what opening the input can fail with.
    fn check_spot(&self, _input: &Input, _spot: Spot) -> Result<()> {
        Ok(())
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
