//! Writing the rows to files.

use arrow::datatypes::SchemaRef;
use frame_core::{Error, QueryError, Result, Scalar, Span};
use frame_expr::quoted;

use super::{Plan, Wanted};
use crate::Catalog;

/// Where rows are written, as a query names it.
#[derive(Debug, Clone, Eq, Default)]
pub struct Target {
    /// The path as it was given; `-` is standard output.
    pub path: String,
    /// The format, if it was given; otherwise the ending of the path decides.
    pub format: Option<String>,
    /// Columns whose values become folders, one inside the other: `day=2024-01-31/part-0.parquet`.
    pub partition: Vec<String>,
    /// Where the path stands in the query text, if it does.
    pub span: Span,
}

impl Target {
    /// A file at this path, in the format that its ending stands for.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }

    /// The same in a format by its name: `write … as format`.
    #[must_use]
    pub fn format(self, format: impl Into<String>) -> Self {
        Self { format: Some(format.into()), ..self }
    }

    /// A folder with one file for each combination of values of these columns: `write … partition a, b`.
    #[must_use]
    pub fn partition<N: Into<String>>(self, columns: impl IntoIterator<Item = N>) -> Self {
        Self { partition: columns.into_iter().map(Into::into).collect(), ..self }
    }
}

impl From<&str> for Target {
    fn from(path: &str) -> Self {
        Self::new(path)
    }
}

impl From<String> for Target {
    fn from(path: String) -> Self {
        Self::new(path)
    }
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        (&self.path, &self.format, &self.partition) == (&other.path, &other.format, &other.partition)
    }
}

/// Writes the rows to `target`, in order. As the last operator of a plan it gives no rows; otherwise they go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Where the rows come from.
    pub input: Box<Plan>,
    /// Where they are written.
    pub target: Target,
}

impl Write {
    pub(super) fn schema(&self, catalog: &dyn Catalog) -> Result<SchemaRef> {
        let schema = self.input.schema(catalog)?;
        let known = || schema.fields().iter().map(|field| field.name().clone()).collect();
        for (place, name) in self.target.partition.iter().enumerate() {
            if schema.field_with_name(name).is_err() {
                return Err(Error::new(QueryError::UnknownColumn { name: name.clone(), known: known() }).at(self.target.span));
            }
            if self.target.partition[..place].contains(name) {
                return Err(Error::new(QueryError::DuplicateColumn { name: name.clone() }).at(self.target.span));
            }
        }
        if !self.target.partition.is_empty() && self.target.partition.len() == schema.fields().len() {
            let error = QueryError::Usage("no column is left for the files: all of them are partitions".to_owned());
            return Err(Error::new(error).at(self.target.span).hint("partition by fewer columns, or keep more of them"));
        }
        Ok(schema)
    }

    pub(super) fn wanted() -> Wanted {
        None
    }

    /// The stage of the language.
    pub fn text(&self) -> String {
        let target = &self.target;
        let format = target.format.as_ref().map(|format| format!(" as {format}")).unwrap_or_default();
        let names: Vec<String> = target.partition.iter().map(|name| quoted(name).to_string()).collect();
        let partition = if names.is_empty() { String::new() } else { format!(" partition {}", names.join(", ")) };
        format!("write {}{format}{partition}", Scalar::Text(target.path.clone()))
    }
}
