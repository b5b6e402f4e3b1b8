//! Predicates: bound truth values, as pipes and scans apply them.

use arrow::array::{ArrayRef, AsArray, BooleanArray};
use arrow::datatypes::{DataType, Schema};
use frame_core::{ColumnRange, Error, QueryError, Result, ScanFilter};

use crate::bind::{BoundExpr, bind};
use crate::expr::Expr;
use crate::prune;
use crate::types::type_name;

/// An expression that is true, false or null for every row.
#[derive(Debug, Clone)]
pub struct Predicate {
    /// Bound to the whole schema.
    bound: BoundExpr,
    /// Bound to the columns it reads and no others.
    narrow: BoundExpr,
    columns: Vec<String>,
}

/// Binds a predicate to a schema.
///
/// # Errors
/// Those of [`bind`], and a type error if the expression is no truth value.
pub fn predicate(expr: &Expr, schema: &Schema) -> Result<Predicate> {
    let bound = bind(expr, schema)?;
    if !matches!(bound.data_type(), DataType::Boolean | DataType::Null) {
        let error = QueryError::Type { operation: "a filter".to_owned(), found: type_name(bound.data_type()) };
        return Err(Error::new(error).at(expr.span).hint("it takes a truth value; compare with something, such as x > 0"));
    }
    let mut columns = Vec::new();
    expr.collect_columns(&mut columns);
    let fields = columns.iter().map(|name| Ok(schema.field_with_name(name)?.clone())).collect::<Result<Vec<_>>>()?;
    Ok(Predicate { narrow: bind(expr, &Schema::new(fields))?, bound, columns })
}

impl Predicate {
    /// One truth value per row of a batch of the schema.
    ///
    /// # Errors
    /// Those of [`BoundExpr::evaluate`].
    pub fn evaluate(&self, columns: &[ArrayRef], rows: usize) -> Result<BooleanArray> {
        truths(&self.bound, columns, rows)
    }

    /// Whether some values can make the evaluation fail.
    pub fn can_fail(&self) -> bool {
        self.bound.can_fail()
    }
}

fn truths(bound: &BoundExpr, columns: &[ArrayRef], rows: usize) -> Result<BooleanArray> {
    let values = bound.evaluate(columns, rows)?;
    // A literal null has no type of its own.
    Ok(values.as_boolean_opt().cloned().unwrap_or_else(|| BooleanArray::from(vec![None; rows])))
}

impl ScanFilter for Predicate {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn keep(&self, columns: &[ArrayRef], rows: usize) -> Result<BooleanArray> {
        truths(&self.narrow, columns, rows)
    }

    fn may_keep(&self, range: &dyn Fn(usize) -> Option<ColumnRange>) -> bool {
        self.narrow.can_fail() || prune::may_be_true(&self.narrow, range)
    }
}
