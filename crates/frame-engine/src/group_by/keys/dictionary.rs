//! One dictionary-encoded text key: each value of a dictionary is looked up once, rows are looked up by their id.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type};
use frame_core::Result;

use super::KeyTable;
use super::text::Texts;

/// A place in `groups` that no row has asked for yet.
const UNKNOWN: u32 = u32::MAX;

#[derive(Default)]
pub(super) struct Dictionaries {
    texts: Texts,
    /// The dictionary that `groups` belongs to: batches of a row group share one.
    current: Option<ArrayRef>,
    /// Its values as views.
    views: Option<ArrayRef>,
    /// Group of each of its values, and of null at the end.
    groups: Vec<u32>,
}

/// Whether these are the dictionaries that scans give.
pub(super) fn takes(keys: &DataType, values: &DataType) -> bool {
    *keys == DataType::Int32 && values.is_string()
}

impl Dictionaries {
    fn switch_to(&mut self, values: &ArrayRef) -> Result<()> {
        if self.current.as_ref().is_some_and(|current| Arc::ptr_eq(current, values)) {
            return Ok(());
        }
        self.groups.clear();
        self.groups.resize(values.len() + 1, UNKNOWN);
        self.views = Some(cast(values, &DataType::Utf8View)?);
        self.current = Some(values.clone());
        Ok(())
    }
}

impl KeyTable for Dictionaries {
    fn assign(&mut self, keys: &[ArrayRef], rows: usize, groups: &mut Vec<u32>) -> Result<()> {
        if keys[0].data_type() == &DataType::Utf8View {
            // Keys of another share, at a merge.
            return self.texts.assign(keys, rows, groups);
        }
        let ids = keys[0].as_dictionary::<Int32Type>();
        self.switch_to(ids.values())?;
        let views = self.views.as_ref().map(|views| views.as_string_view().clone());
        let Some(views) = views else { return Ok(()) };
        let null = views.len();
        groups.clear();
        groups.reserve(rows);
        let nulls = ids.keys().nulls().filter(|nulls| nulls.null_count() > 0);
        for (row, id) in ids.keys().values().iter().enumerate() {
            let place = if nulls.is_none_or(|nulls| nulls.is_valid(row)) { *id as usize } else { null };
            let mut group = self.groups[place];
            if group == UNKNOWN {
                let is_null = place == null || views.is_null(place);
                group = if is_null { self.texts.null_group() } else { self.texts.group(views.views()[place], views.data_buffers()) };
                self.groups[place] = group;
            }
            groups.push(group);
        }
        Ok(())
    }

    fn len(&self) -> usize {
        self.texts.len()
    }

    fn take_keys(&mut self) -> Result<Vec<ArrayRef>> {
        (self.current, self.views) = (None, None);
        self.texts.take_keys()
    }

    fn bytes(&self) -> usize {
        self.texts.bytes() + self.groups.capacity() * size_of::<u32>()
    }
}
