//! A CSV file in memory, column by column, as the `csv` crate reads it.

use frame::{Error, Input, Result};
use frame_core::{DataError, IoError};

/// The columns that a query names.
pub(super) struct Columns {
    names: Vec<String>,
    columns: Vec<Column>,
    pub(super) rows: usize,
}

enum Column {
    Numbers(Vec<Option<f64>>),
    Texts(Vec<Option<String>>),
}

/// One value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell<'a> {
    Null,
    Number(f64),
    Text(&'a str),
}

impl Cell<'_> {
    pub(super) fn text(self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Number(value) => Some(value.to_string()),
            Self::Text(text) => Some(text.to_owned()),
        }
    }
}

impl Columns {
    /// Reads the named columns of a file, row by row; `numeric` are those that hold numbers.
    pub(super) fn read(input: &Input, named: &[String], numeric: &[String]) -> Result<Self> {
        let damaged =
            |error: csv::Error| Error::new(DataError::Damaged { file: input.path.clone(), format: "CSV", reason: error.to_string() });
        let file = std::fs::File::open(&input.path).map_err(|error| Error::new(IoError::new("open", &input.path, &error)))?;
        let mut builder = csv::ReaderBuilder::new();
        builder.has_headers(!input.csv.no_headers).delimiter(input.csv.delimiter.as_ref().map_or(b',', |text| text.as_bytes()[0]));
        let mut reader = builder.from_reader(file);
        let names: Vec<String> = if input.csv.names.is_empty() {
            reader.headers().map_err(damaged)?.iter().map(str::to_owned).collect()
        } else {
            input.csv.names.clone()
        };
        let wanted: Vec<usize> = (0..names.len()).filter(|index| named.contains(&names[*index])).collect();
        let mut texts: Vec<Vec<Option<String>>> = vec![Vec::new(); wanted.len()];
        let mut rows = 0;
        for record in reader.records() {
            let record = record.map_err(damaged)?;
            for (column, index) in texts.iter_mut().zip(&wanted) {
                let field = &record[*index];
                column.push((!field.is_empty()).then(|| field.to_owned()));
            }
            rows += 1;
        }
        let names: Vec<String> = wanted.iter().map(|index| names[*index].clone()).collect();
        let columns = texts.into_iter().zip(&names).map(|(texts, name)| converted(texts, numeric.contains(name))).collect();
        Ok(Self { names, columns, rows })
    }

    pub(super) fn index(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|other| other == name)
    }

    pub(super) fn is_numeric(&self, column: usize) -> bool {
        matches!(self.columns[column], Column::Numbers(_))
    }

    pub(super) fn cell(&self, column: usize, row: usize) -> Cell<'_> {
        match &self.columns[column] {
            Column::Numbers(values) => values[row].map_or(Cell::Null, Cell::Number),
            Column::Texts(values) => values[row].as_deref().map_or(Cell::Null, Cell::Text),
        }
    }
}

/// Numbers, if that is what the column holds.
fn converted(texts: Vec<Option<String>>, is_numeric: bool) -> Column {
    if !is_numeric {
        return Column::Texts(texts);
    }
    Column::Numbers(texts.into_iter().map(|text| text.and_then(|text| text.parse().ok())).collect())
}
