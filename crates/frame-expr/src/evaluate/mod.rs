//! Evaluation: a bound expression over the columns of a batch, whole columns at a time.

mod arithmetic;
mod case;
mod cast;
mod compare;
mod decimal;
mod literal;
mod logic;
mod temporal;

use std::sync::Arc;

use arrow::array::UInt32Array;
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Datum, new_empty_array, new_null_array};
use arrow::compute::{is_not_null, is_null, take};
pub(crate) use cast::can_cast;
pub(crate) use compare::order;
use frame_core::{Error, Result};

use crate::bind::{Bound, BoundExpr};
use crate::expr::BinaryOp;

/// A column, or one value that stands for as many rows as needed.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    array: ArrayRef,
    is_scalar: bool,
}

impl Datum for Value {
    fn get(&self) -> (&dyn Array, bool) {
        (self.array.as_ref(), self.is_scalar)
    }
}

impl Value {
    fn column(array: ArrayRef) -> Self {
        Self { array, is_scalar: false }
    }

    fn scalar(array: ArrayRef) -> Self {
        Self { array, is_scalar: true }
    }

    /// The same kind of value with another array.
    fn with(&self, array: ArrayRef) -> Self {
        Self { array, is_scalar: self.is_scalar }
    }

    /// As a column of `rows` rows.
    fn into_column(self, rows: usize) -> Result<ArrayRef> {
        if !self.is_scalar {
            return Ok(self.array);
        }
        if self.array.is_null(0) {
            return Ok(new_null_array(self.array.data_type(), rows));
        }
        Ok(take(&self.array, &UInt32Array::from(vec![0; rows]), None)?)
    }
}

/// Compares two columns of one type by the rules of the language, or of int and float.
pub(crate) fn compare_columns(op: BinaryOp, left: &ArrayRef, right: &ArrayRef) -> Result<BooleanArray> {
    let result = compare::compare(op, &Value::column(Arc::clone(left)), &Value::column(Arc::clone(right)))?;
    Ok(result.array.as_boolean().clone())
}

impl BoundExpr {
    /// One value per row; `columns` are those of the schema that the expression was bound to, of `rows` rows each.
    ///
    /// # Errors
    /// An arithmetic error for an integer that overflows, a data error for a value that cannot be cast.
    pub fn evaluate(&self, columns: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        self.value(columns, rows)?.into_column(rows)
    }

    pub(crate) fn value(&self, columns: &[ArrayRef], rows: usize) -> Result<Value> {
        let value = |part: &Self| part.value(columns, rows);
        match &self.node {
            Bound::Column(index) => {
                let column = columns.get(*index).ok_or_else(|| Error::internal(format!("there is no column {index}")))?;
                Ok(Value::column(column.clone()))
            }
            Bound::Literal(scalar) => Ok(Value::scalar(literal::array(scalar))),
            Bound::Not(operand) => logic::not(&value(operand)?),
            Bound::Negate { operand, span } => arithmetic::negate(&value(operand)?).map_err(|error| error.at(*span)),
            Bound::Logic { is_and, left, right } => logic::both(*is_and, &value(left)?, &value(right)?, rows),
            Bound::Compare { op, left, right } => compare::compare(*op, &value(left)?, &value(right)?),
            Bound::Arithmetic { op, left, right, span } => {
                arithmetic::arithmetic(*op, &value(left)?, &value(right)?, &self.data_type, rows).map_err(|error| error.at(*span))
            }
            Bound::In { list } => {
                let mut any = Value::scalar(Arc::new(BooleanArray::from(vec![false])));
                for item in list {
                    any = logic::both(false, &any, &value(item)?, rows)?;
                }
                Ok(any)
            }
            Bound::IsNull { operand, negated } => {
                let operand = value(operand)?;
                let nulls = if *negated { is_not_null(&operand.array)? } else { is_null(&operand.array)? };
                Ok(operand.with(Arc::new(nulls)))
            }
            Bound::Cast { operand, bad, span } => cast::cast(&value(operand)?, &self.data_type, *bad).map_err(|error| error.at(*span)),
            Bound::Widen(operand) => cast::widen(&value(operand)?, &self.data_type),
            Bound::Case { branches, otherwise } => case::case(branches, otherwise, columns, rows),
            // Functions see at least one row, so that constants among their arguments can be read from it.
            Bound::Call { .. } if rows == 0 => Ok(Value::column(new_empty_array(&self.data_type))),
            Bound::Call { function, prepared, arguments, span } => {
                let arguments = arguments.iter().map(|argument| argument.evaluate(columns, rows)).collect::<Result<Vec<_>>>()?;
                let function = prepared.as_deref().unwrap_or(*function);
                Ok(Value::column(function.evaluate(&arguments, rows).map_err(|error| error.at(*span))?))
            }
        }
    }
}
