//! `concat`: the texts that are not null, joined in the order of the rows.

use std::ops::RangeInclusive;

use arrow::datatypes::DataType;
use frame_core::{Error, QueryError, Result, Scalar};

use super::{AggregateFunction, BoundAggregate, numeric};
use crate::states::List;
use crate::types::{is_text, type_name};

/// `concat x`: joined with `, ` or with the constant. Null if there is no value.
#[derive(Debug)]
pub(super) struct Concat;

impl AggregateFunction for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }

    fn help(&self) -> &'static str {
        "The texts that are not null, joined with a comma and a blank or with the constant, in the order of the rows; null if there is none."
    }

    fn example(&self) -> &'static str {
        "concat category"
    }

    fn constants(&self) -> RangeInclusive<usize> {
        0..=1
    }

    fn bind(&self, arguments: &[DataType], constants: &[Scalar]) -> Result<BoundAggregate> {
        let separator = match constants {
            [] => ", ".to_owned(),
            [Scalar::Text(text), ..] => text.clone(),
            [other, ..] => {
                let error = QueryError::Type { operation: "the separator of `concat`".to_owned(), found: type_name(&other.data_type()) };
                return Err(Error::new(error).hint("it is a text such as '; '"));
            }
        };
        if !is_text(&arguments[0]) {
            return Err(numeric::wrong_argument(self.name(), &arguments[0], "text"));
        }
        let start = move || List::new(&DataType::Utf8View, Some(separator.clone()));
        Ok(BoundAggregate::new(vec![DataType::Utf8View], DataType::Utf8View, start).ordered())
    }
}
