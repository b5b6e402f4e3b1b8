//! `product`: the values multiplied.

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};

use super::{AggregateFunction, BoundAggregate, numeric};
use crate::states::Product;

/// `product x`: an int for ints (an error if it does not fit 64 bits), else a float. Exact up to 127 significant bits, behind that within a
/// few units in the last place, whatever the order. Null if there is no value.
#[derive(Debug)]
pub(super) struct ProductOf;

impl AggregateFunction for ProductOf {
    fn name(&self) -> &'static str {
        "product"
    }

    fn help(&self) -> &'static str {
        "The values that are not null, multiplied; null if there is none."
    }

    fn example(&self) -> &'static str {
        "product(1 + value / 1000) as growth"
    }

    fn bind(&self, arguments: &[DataType], _: &[Scalar]) -> Result<BoundAggregate> {
        let input = numeric::number(self.name(), &arguments[0])?;
        let of_ints = input != DataType::Float64;
        let output = if of_ints { DataType::Int64 } else { DataType::Float64 };
        let product = BoundAggregate::new(vec![input], output, move || Product::new(of_ints));
        Ok(if of_ints { product.overflowing() } else { product })
    }
}
