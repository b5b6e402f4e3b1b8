//! The smallest or largest text per group, bytewise: the states of `min` and `max` over text.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringViewArray, StringViewBuilder};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use frame_core::{Error, Result};

use super::{End, state};
use crate::aggregates::GroupStates;

pub(crate) struct TextExtreme {
    end: End,
    values: Vec<Option<Box<str>>>,
    /// Bytes of text held by `values`.
    text_bytes: usize,
}

impl TextExtreme {
    pub(crate) fn new(end: End) -> Self {
        Self { end, values: Vec::new(), text_bytes: 0 }
    }

    fn add_all(&mut self, groups: &[u32], texts: &StringViewArray) {
        for (group, text) in groups.iter().zip(texts) {
            let Some(text) = text else { continue };
            let best = &mut self.values[*group as usize];
            let better = best.as_deref().is_none_or(|best| match self.end {
                End::Min => text < best,
                End::Max => text > best,
            });
            if better {
                self.text_bytes += text.len();
                self.text_bytes -= best.replace(text.into()).map_or(0, |old| old.len());
            }
        }
    }

    fn take(&mut self) -> ArrayRef {
        self.text_bytes = 0;
        let mut builder = StringViewBuilder::new();
        std::mem::take(&mut self.values).iter().for_each(|value| builder.append_option(value.as_deref()));
        Arc::new(builder.finish())
    }
}

impl GroupStates for TextExtreme {
    fn resize(&mut self, groups: usize) {
        self.values.resize(groups, None);
    }

    fn update(&mut self, groups: &[u32], arguments: &[ArrayRef]) -> Result<()> {
        let column = arguments.first().ok_or_else(|| Error::internal("min and max need an argument"))?;
        let texts = cast(column, &DataType::Utf8View)?;
        self.add_all(groups, texts.as_string_view());
        Ok(())
    }

    fn take_states(&mut self) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.take()])
    }

    fn merge(&mut self, groups: &[u32], states: &[ArrayRef]) -> Result<()> {
        self.add_all(groups, state(states, 0)?);
        Ok(())
    }

    fn take_values(&mut self) -> Result<ArrayRef> {
        Ok(self.take())
    }

    fn bytes(&self) -> usize {
        self.values.capacity() * size_of::<Option<Box<str>>>() + self.text_bytes
    }
}
