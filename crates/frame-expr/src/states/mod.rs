//! States that several aggregates share, one kind per file.

mod arena;
mod bins;
mod decimal_extreme;
mod decimal_total;
mod distinct;
mod extreme;
mod float_total;
mod int_total;
mod list;
mod log;
mod moments;
mod pick;
mod product;
mod quantile;
mod sketch;
mod slide;
mod small;
mod text_extreme;
mod top;
mod unique;
mod values;

pub(crate) use bins::Bins;
pub(crate) use decimal_extreme::DecimalExtreme;
pub(crate) use decimal_total::DecimalTotal;
pub(crate) use extreme::Extreme;
pub(crate) use float_total::FloatTotal;
pub(crate) use int_total::IntTotal;
pub(crate) use list::{List, list_of};
pub(crate) use moments::{Moments, Statistic};
pub(crate) use pick::{Pick, Place};
pub(crate) use product::Product;
pub(crate) use quantile::Quantile;
pub(crate) use sketch::Sketch;
pub(crate) use slide::{Places, Slide};
pub(crate) use text_extreme::TextExtreme;
pub(crate) use top::Top;
pub(crate) use unique::{MostFrequent, Number, Unique};
pub(crate) use values::{has_bytes, has_keys, plain};

use arrow::array::{Array, ArrayRef};
use frame_core::{Error, Result};

/// Which end of the order an extreme looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The smallest value.
    Min,
    /// The largest value.
    Max,
}

/// What a total is finished into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    /// The sum; null if there was no value.
    Sum,
    /// The sum divided by the number of values; null if there was none.
    Mean,
}

/// Column `at` of the arguments or states that an aggregate was given.
pub(crate) fn state<T: Array + 'static>(columns: &[ArrayRef], at: usize) -> Result<&T> {
    let column = columns.get(at);
    column
        .and_then(|column| column.as_any().downcast_ref::<T>())
        .ok_or_else(|| Error::internal(format!("an aggregate was given {:?}", column.map(|column| column.data_type().clone()))))
}
