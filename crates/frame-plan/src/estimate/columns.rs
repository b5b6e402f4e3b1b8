//! What is known of columns that are computed.

use arrow::datatypes::Schema;
use frame_core::{ColumnFigures, Result};
use frame_expr::{Expr, Node, bind};

use super::rows::{Rows, width};

/// The column that an expression is, converted or not.
pub(super) fn column_of(expr: &Expr) -> Option<&str> {
    match &expr.node {
        Node::Column(name) => Some(name),
        Node::Cast { operand, .. } => column_of(operand),
        _ => None,
    }
}

/// The figures of an expression as a column called `name`.
pub(super) fn computed(expr: &Expr, name: &str, rows: &Rows, schema: &Schema) -> Result<ColumnFigures> {
    let name = name.to_owned();
    if let Node::Column(column) = &expr.node
        && let Some(column) = rows.find(column)
    {
        return Ok(ColumnFigures { name, ..column.clone() });
    }
    let bound = bind(expr, schema)?;
    let mut inputs = Vec::new();
    expr.collect_columns(&mut inputs);
    // Texts are made of texts: about as long as the longest of them.
    let of_inputs = inputs.iter().filter_map(|name| rows.find(name)).map(|column| column.width).fold(0.0, f64::max);
    let own = width(bound.data_type());
    let width = if bound.data_type().is_string() && of_inputs > own { of_inputs } else { own };
    let figures = column_of(expr).and_then(|column| rows.find(column)).cloned().unwrap_or_default();
    Ok(ColumnFigures { name, width, distinct: Some(rows.distinct(expr)), min: None, max: None, ..figures })
}
