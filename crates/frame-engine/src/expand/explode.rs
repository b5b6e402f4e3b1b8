//! Items of lists, or parts of texts, as rows.

use std::sync::Arc;

use arrow::array::{Array, ArrayBuilder, ArrayRef, AsArray, StringViewBuilder, UInt32Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, SchemaRef};
use frame_core::{Batch, Error, Result};
use frame_expr::Lists;

use super::pipe::{Expand, Spread};

/// Makes a row of each item.
#[derive(Debug)]
pub(crate) struct Explode {
    /// The column of lists or texts.
    pub(crate) column: usize,
    /// What stands between the parts of a text.
    pub(crate) separator: Option<String>,
    pub(crate) schema: SchemaRef,
    /// The operator as text.
    pub(crate) text: String,
}

impl Expand for Explode {
    fn spread(&self, batch: &Batch) -> Result<Spread> {
        let column = &batch.columns()[self.column];
        let (values, rows) = match &self.separator {
            Some(separator) => parts(column, separator)?,
            None => {
                let lists = Lists::new(column)?;
                let items = |row: usize| match lists.range(row) {
                    None => Ok((0, 0)),
                    Some(range) => Ok((range.start as u64, length(range.len())?)),
                };
                (lists.items.clone(), (0..column.len()).map(items).collect::<Result<Vec<_>>>()?)
            }
        };
        let kept = batch.columns().iter().enumerate().filter(|(at, _)| *at != self.column).map(|(_, column)| column.clone()).collect();
        Ok(Spread { kept, values, rows, stride: 1 })
    }

    fn columns(&self, mut kept: Vec<ArrayRef>, _: &UInt32Array, values: ArrayRef) -> Result<Vec<ArrayRef>> {
        kept.insert(self.column, values);
        Ok(kept)
    }

    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn explain(&self) -> String {
        self.text.clone()
    }
}

fn length(items: usize) -> Result<u32> {
    u32::try_from(items).map_err(|_| Error::internal(format!("a list of {items} items")))
}

/// The parts of each text, and for each row where its own begin and how many they are.
fn parts(column: &ArrayRef, separator: &str) -> Result<(ArrayRef, Vec<(u64, u32)>)> {
    let texts = cast(column, &DataType::Utf8View)?;
    let texts = texts.as_string_view();
    let mut parts = StringViewBuilder::new();
    let mut rows = Vec::with_capacity(texts.len());
    for text in texts {
        let start = parts.len();
        text.into_iter().flat_map(|text| text.split(separator)).for_each(|part| parts.append_value(part));
        rows.push((start as u64, length(parts.len() - start)?));
    }
    Ok((Arc::new(parts.finish()), rows))
}
