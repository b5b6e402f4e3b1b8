//! One dictionary-encoded text key: each value of a dictionary is looked up once, rows are looked up by their id.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, UInt32Array};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Int32Type};
use frame_core::{Error, Result};

use super::KeyTable;
use super::text::Texts;

/// A place in `groups` that no row has asked for yet.
const UNKNOWN: u32 = u32::MAX;

#[derive(Default)]
pub(in crate::group_by) struct Dictionaries {
    texts: Texts,
    /// The dictionary that `groups` belongs to: batches of a row group share one.
    current: Option<ArrayRef>,
    /// Its values as views.
    views: Option<ArrayRef>,
    /// Group of each of its values, and of null at the end.
    groups: Vec<u32>,
}

/// The texts with some numbers: if `data_type` is a dictionary one whose ids are the numbers, else plain.
pub(in crate::group_by) fn of_numbers(
    texts: &ArrayRef,
    numbers: impl ExactSizeIterator<Item = u32>,
    data_type: Option<&DataType>,
) -> Result<ArrayRef> {
    match data_type {
        // Kernels expect nulls among the ids, not among the values.
        Some(DataType::Dictionary(_, values)) if texts.len() <= i32::MAX as usize => {
            let ids: Int32Array = match texts.logical_nulls().filter(|nulls| nulls.null_count() > 0) {
                None => Int32Array::from_iter_values(numbers.map(|number| number as i32)),
                Some(nulls) => numbers.map(|number| nulls.is_valid(number as usize).then_some(number as i32)).collect(),
            };
            Ok(Arc::new(DictionaryArray::try_new(ids, cast(texts, values)?)?))
        }
        _ => Ok(take(texts, &UInt32Array::from_iter_values(numbers), None)?),
    }
}

/// Whether these are the dictionaries that scans give.
pub(super) fn takes(keys: &DataType, values: &DataType) -> bool {
    *keys == DataType::Int32 && values.is_string()
}

impl Dictionaries {
    /// The hashes of the groups from this one on.
    pub(in crate::group_by) fn hashes_from(&self, group: usize) -> Vec<u64> {
        self.texts.hashes_from(group)
    }

    /// The group of nulls.
    fn null_group(&mut self) -> u32 {
        let place = self.groups.len() - 1;
        if self.groups[place] == UNKNOWN {
            self.groups[place] = self.texts.null_group();
        }
        self.groups[place]
    }

    /// The group of the value at a place of the dictionary, which is asked for the first time (in this batch at least).
    fn new_group(&mut self, place: usize) -> Result<u32> {
        let views = self.views.as_ref().ok_or_else(|| Error::internal("a dictionary without values"))?.as_string_view();
        let is_null = views.is_null(place);
        self.groups[place] = if is_null { self.texts.null_group() } else { self.texts.group(views.views()[place], views.data_buffers()) };
        Ok(self.groups[place])
    }

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
        let nulls = ids.keys().nulls().filter(|nulls| nulls.null_count() > 0);
        groups.clear();
        let mut largest = 0;
        groups.extend(ids.keys().values().iter().map(|id| {
            let group = self.groups.get(*id as usize).copied().unwrap_or(UNKNOWN);
            largest = largest.max(group);
            group
        }));
        if let Some(nulls) = nulls {
            let null = self.null_group();
            (!nulls.inner()).set_indices().for_each(|row| groups[row] = null);
        }
        if largest < UNKNOWN {
            return Ok(());
        }
        // Rare: a value of the dictionary that no row had before.
        for (row, group) in groups.iter_mut().enumerate().filter(|(_, group)| **group == UNKNOWN) {
            *group = self.new_group(ids.keys().value(row) as usize)?;
        }
        Ok(())
    }

    fn len(&self) -> usize {
        self.texts.len()
    }

    fn hashes(&self) -> Vec<u64> {
        self.texts.hashes()
    }

    fn take_keys(&mut self) -> Result<Vec<ArrayRef>> {
        (self.current, self.views) = (None, None);
        self.texts.take_keys()
    }

    fn bytes(&self) -> usize {
        self.texts.bytes() + self.groups.capacity() * size_of::<u32>()
    }
}
