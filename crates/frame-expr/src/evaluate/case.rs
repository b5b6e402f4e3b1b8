//! `if … then … elif … else`: a branch is evaluated only for the rows that reach it.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, UInt32Array};
use arrow::compute::{interleave, take};
use frame_core::Result;

use super::Value;
use crate::bind::BoundExpr;

pub(super) fn case(branches: &[(BoundExpr, BoundExpr)], otherwise: &BoundExpr, columns: &[ArrayRef], rows: usize) -> Result<Value> {
    let mut left: Vec<u32> = (0..rows as u32).collect();
    let mut pieces = Vec::with_capacity(branches.len() + 1);
    // For each row the piece that holds its value, and the place in it.
    let mut places = vec![(0, 0); rows];
    let mut add = |expr: &BoundExpr, chosen: Vec<u32>| -> Result<()> {
        for (at, row) in chosen.iter().enumerate() {
            places[*row as usize] = (pieces.len(), at);
        }
        let columns = rows_of(columns, &chosen)?;
        pieces.push(expr.evaluate(&columns, chosen.len())?);
        Ok(())
    };
    for (when, then) in branches {
        let truths = when.evaluate(&rows_of(columns, &left)?, left.len())?;
        let truths: &BooleanArray = truths.as_boolean();
        let holds = |at: usize| truths.is_valid(at) && truths.value(at);
        let chosen = left.iter().enumerate().filter(|(at, _)| holds(*at)).map(|(_, row)| *row).collect();
        left = left.iter().enumerate().filter(|(at, _)| !holds(*at)).map(|(_, row)| *row).collect();
        add(then, chosen)?;
    }
    add(otherwise, left)?;
    let pieces: Vec<&dyn Array> = pieces.iter().map(AsRef::as_ref).collect();
    Ok(Value::column(interleave(&pieces, &places)?))
}

fn rows_of(columns: &[ArrayRef], rows: &[u32]) -> Result<Vec<ArrayRef>> {
    let rows = UInt32Array::from(rows.to_vec());
    columns.iter().map(|column| Ok(take(column, &rows, None)?)).collect()
}
