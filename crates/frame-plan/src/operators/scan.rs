//! Reading an input: the only operator without one of its own.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use frame_core::{Result, Scalar};
use frame_expr::{BinaryOp, Expr, Node, predicate};

use super::Wanted;
use crate::{Catalog, Input};

/// Reads an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// What to read.
    pub input: Input,
    /// The columns to read, in the order of the file; `None` for all (the optimizer narrows them).
    pub columns: Option<Vec<String>>,
    /// A predicate that the scan applies early; its columns need not be among `columns` (the optimizer pushes it here).
    pub filter: Option<Expr>,
    /// Read at most this many rows that pass the filter (the optimizer pushes limits here).
    pub limit: Option<u64>,
}

impl Scan {
    /// Reads all of an input.
    pub fn new(input: Input) -> Self {
        Self { input, columns: None, filter: None, limit: None }
    }

    /// Whether no row can pass the filter, as for a file whose folder names another day.
    pub fn is_empty(&self) -> bool {
        self.filter.as_ref().is_some_and(is_never)
    }

    pub(super) fn schema(&self, catalog: &dyn Catalog) -> Result<SchemaRef> {
        let all = catalog.schema(&self.input)?;
        if let Some(filter) = &self.filter {
            predicate(filter, &all)?;
        }
        let Some(columns) = &self.columns else { return Ok(all) };
        let fields = columns.iter().map(|name| Ok(all.field_with_name(name)?.clone())).collect::<Result<Vec<_>>>()?;
        Ok(Arc::new(Schema::new(fields)))
    }

    pub(super) fn wanted(&self, wanted: &Wanted) -> Wanted {
        wanted.clone()
    }

    pub(super) fn explain(&self) -> String {
        let columns = match &self.columns {
            None => "all columns".to_owned(),
            Some(columns) if columns.is_empty() => "no column".to_owned(),
            Some(columns) => columns.join(", "),
        };
        let filter = self.filter.as_ref().map(|filter| format!(" where {filter}")).unwrap_or_default();
        let limit = self.limit.map(|limit| format!(" first {limit}")).unwrap_or_default();
        format!("scan {} [{columns}]{filter}{limit}", self.input.path)
    }
}

/// Whether a condition holds for no row, whatever is in it.
fn is_never(condition: &Expr) -> bool {
    match &condition.node {
        Node::Literal(Scalar::Bool(false) | Scalar::Null) => true,
        Node::Binary { op: BinaryOp::And, left, right } => is_never(left) || is_never(right),
        _ => false,
    }
}
