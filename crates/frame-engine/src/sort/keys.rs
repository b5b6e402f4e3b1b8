//! Sort keys as bytes that sort.

use arrow::array::{ArrayRef, AsArray, UInt64Array, new_empty_array};
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, Rows, SortField};
use frame_core::Result;
use frame_expr::BoundExpr;

use super::borders::Borders;
use super::order::{Order, canonical};
use crate::packed::Packed;

/// What rows are ordered by.
#[derive(Debug)]
pub(crate) struct SortKeys {
    keys: Vec<(BoundExpr, Order)>,
    converter: RowConverter,
    /// Rows that are equal in all keys are ordered by a number that each has.
    is_ranked: bool,
    /// Where the pieces of runs that have these keys end.
    borders: Borders,
}

impl SortKeys {
    /// The order by these keys; behind them by the rank of each row if `is_ranked`.
    ///
    /// # Errors
    /// An Arrow error for a type without an order.
    pub(crate) fn new(keys: Vec<(BoundExpr, Order)>, is_ranked: bool) -> Result<Self> {
        let rank = is_ranked.then(|| SortField::new(DataType::UInt64));
        let fields = keys.iter().map(|(key, order)| order.field(key.data_type())).chain(rank);
        Ok(Self { converter: RowConverter::new(fields.collect())?, keys, is_ranked, borders: Borders::default() })
    }

    /// Whether rows have ranks.
    pub(crate) fn is_ranked(&self) -> bool {
        self.is_ranked
    }

    /// Where the pieces of runs that have these keys end.
    pub(super) fn borders(&self) -> &Borders {
        &self.borders
    }

    /// The keys of packed rows, behind whose columns are their ranks if they have them.
    pub(super) fn of_packed(&self, columns: &[Packed], rows: usize) -> Result<Rows> {
        let (columns, ranks) = columns.split_at(columns.len() - usize::from(self.is_ranked));
        // The others only keep their places.
        let column = |(at, column): (usize, &Packed)| {
            if self.keys.iter().any(|(key, _)| key.reads(at)) { column.column() } else { Ok(new_empty_array(&DataType::Null)) }
        };
        let columns = columns.iter().enumerate().map(column).collect::<Result<Vec<_>>>()?;
        let ranks = ranks.first().map(Packed::column).transpose()?;
        self.rows(&columns, rows, ranks.as_ref().map(AsArray::as_primitive))
    }

    /// The keys of rows; `ranks` if they have them.
    pub(crate) fn rows(&self, columns: &[ArrayRef], rows: usize, ranks: Option<&UInt64Array>) -> Result<Rows> {
        let mut values = Vec::with_capacity(self.keys.len() + 1);
        for (key, _) in &self.keys {
            values.push(canonical(key.evaluate(columns, rows)?)?);
        }
        if let Some(ranks) = ranks {
            values.push(std::sync::Arc::new(ranks.clone()));
        }
        Ok(self.converter.convert_columns(&values)?)
    }
}
