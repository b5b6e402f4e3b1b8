//! Reading an input: the only operator without one of its own.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use frame_core::error::without_secrets;
use frame_core::{Result, Scalar, Spot};
use frame_expr::{BinaryOp, Expr, Node, fold, predicate};

use super::Wanted;
use crate::{Catalog, Input};

/// Reads an input.
#[derive(Debug, Clone, Eq)]
pub struct Scan {
    /// What to read.
    pub input: Input,
    /// What is asked of where the rows stand: columns behind those of the file.
    pub spots: Vec<Spot>,
    /// The columns to read, in the order of the file; `None` for all (the optimizer narrows them).
    pub columns: Option<Vec<String>>,
    /// A predicate that the scan applies early; its columns need not be among `columns` (the optimizer pushes it here).
    pub filter: Option<Expr>,
    /// Read at most this many rows that pass the filter (the optimizer pushes limits here).
    pub limit: Option<u64>,
    /// The columns that the query names ([`Plan::with_named_columns`](super::Plan::with_named_columns)); no part of what scans are
    /// compared by.
    pub named: Vec<String>,
}

impl PartialEq for Scan {
    fn eq(&self, other: &Self) -> bool {
        (&self.input, &self.spots, &self.columns, &self.filter, self.limit)
            == (&other.input, &other.spots, &other.columns, &other.filter, other.limit)
    }
}

impl Scan {
    /// Reads all of an input.
    pub fn new(input: Input) -> Self {
        Self { input, spots: Vec::new(), columns: None, filter: None, limit: None, named: Vec::new() }
    }

    /// Whether no row can pass the filter, as for a file whose folder names another day.
    pub fn is_empty(&self) -> bool {
        self.condition().as_ref().is_some_and(is_never)
    }

    /// The filter, with the path of the file where it names that.
    pub fn condition(&self) -> Option<Expr> {
        let mut filter = self.filter.clone()?;
        if !self.spots.contains(&Spot::File) {
            return Some(filter);
        }
        let path = Expr::literal(Scalar::Text(self.input.path.clone()));
        replace(&mut filter, Spot::File.name(), &path);
        Some(fold(filter))
    }

    /// Names and types of the columns that can be read: those of the file, and the spots that were asked for.
    ///
    /// # Errors
    /// What looking at the input can fail with.
    pub fn all_columns(&self, catalog: &dyn Catalog) -> Result<SchemaRef> {
        let all = catalog.schema(&self.input)?;
        if self.spots.is_empty() {
            return Ok(all);
        }
        let spots = self.spots.iter().map(|spot| Arc::new(spot.field()));
        Ok(Arc::new(Schema::new(all.fields().iter().cloned().chain(spots).collect::<Vec<_>>())))
    }

    pub(super) fn schema(&self, catalog: &dyn Catalog) -> Result<SchemaRef> {
        let all = self.all_columns(catalog)?;
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
            None => std::iter::once("all columns").chain(self.spots.iter().map(|spot| spot.name())).collect::<Vec<_>>().join(", "),
            Some(columns) if columns.is_empty() => "no column".to_owned(),
            Some(columns) => columns.join(", "),
        };
        let filter = self.filter.as_ref().map(|filter| format!(" where {filter}")).unwrap_or_default();
        let limit = self.limit.map(|limit| format!(" first {limit}")).unwrap_or_default();
        format!("scan {} [{columns}]{filter}{limit}", without_secrets(&self.input.path))
    }
}

/// Puts `value` in place of a column.
fn replace(expr: &mut Expr, column: &str, value: &Expr) {
    if matches!(&expr.node, Node::Column(name) if name == column) {
        *expr = value.clone().at(expr.span);
        return;
    }
    expr.children_mut().into_iter().for_each(|child| replace(child, column, value));
}

/// Whether a condition holds for no row, whatever is in it.
fn is_never(condition: &Expr) -> bool {
    match &condition.node {
        Node::Literal(Scalar::Bool(false) | Scalar::Null) => true,
        Node::Binary { op: BinaryOp::And, left, right } => is_never(left) || is_never(right),
        _ => false,
    }
}
