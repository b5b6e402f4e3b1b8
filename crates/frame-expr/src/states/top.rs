//! The n largest values per group: the states of `top`.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryViewArray, LargeBinaryArray, LargeListArray, UInt64Array};
use arrow::datatypes::{DataType, UInt64Type};
use frame_core::{Error, Result};

use super::list::lists;
use super::log::{Grouped, Log, flatten};
use super::state;
use super::values::{self, Coder};
use crate::aggregates::GroupStates;

/// The largest values so far, the smallest of them on top.
type Heap<T> = BinaryHeap<Reverse<T>>;

pub(crate) struct Top {
    count: usize,
    data_type: DataType,
    groups: usize,
    /// One of the two is used: for values with keys, or for bytes.
    keys: Vec<Heap<u64>>,
    texts: Vec<Heap<Box<[u8]>>>,
    /// Bytes of the heaps and of what is in them.
    held_bytes: usize,
}

impl Top {
    /// States for the `count` largest values, of a type with keys or bytes.
    pub(crate) fn new(count: usize, data_type: &DataType) -> Self {
        Self { count, data_type: data_type.clone(), groups: 0, keys: Vec::new(), texts: Vec::new(), held_bytes: 0 }
    }

    #[inline(always)]
    fn add_key(&mut self, group: u32, key: u64) {
        let heap = &mut self.keys[group as usize];
        if heap.len() < self.count {
            let before = heap.capacity();
            heap.push(Reverse(key));
            self.held_bytes += (heap.capacity() - before) * size_of::<u64>();
        } else if let Some(mut least) = heap.peek_mut()
            && key > least.0
        {
            least.0 = key;
        }
    }

    fn add_text(&mut self, group: u32, text: &[u8]) {
        let heap = &mut self.texts[group as usize];
        if heap.len() < self.count {
            let before = heap.capacity();
            heap.push(Reverse(text.into()));
            self.held_bytes += (heap.capacity() - before) * size_of::<Box<[u8]>>() + text.len();
        } else if let Some(mut least) = heap.peek_mut()
            && text > &*least.0
        {
            self.held_bytes += text.len();
            self.held_bytes -= least.0.len();
            least.0 = text.into();
        }
    }

    fn add_texts(&mut self, groups: &[u32], texts: &BinaryViewArray) {
        for (group, text) in groups.iter().zip(texts) {
            if let Some(text) = text {
                self.add_text(*group, text);
            }
        }
    }

    /// The values of each group, largest first.
    fn take_keys(&mut self) -> Grouped<u64> {
        let mut log = Log::default();
        log.resize(self.groups);
        for (group, heap) in std::mem::take(&mut self.keys).into_iter().enumerate() {
            heap.into_sorted_vec().into_iter().for_each(|Reverse(key)| log.push(group as u32, key));
        }
        log.take()
    }

    /// The bytes of each group, largest first: how many there are, and all of them.
    fn take_texts(&mut self) -> (Vec<usize>, Vec<Box<[u8]>>) {
        let heaps = std::mem::take(&mut self.texts);
        let lengths = heaps.iter().map(BinaryHeap::len).collect();
        (lengths, heaps.into_iter().flat_map(BinaryHeap::into_sorted_vec).map(|Reverse(text)| text).collect())
    }

    fn reset(&mut self) {
        self.groups = 0;
        self.held_bytes = 0;
    }
}

impl GroupStates for Top {
    fn resize(&mut self, groups: usize) {
        self.groups = groups;
        if values::has_keys(&self.data_type) {
            self.keys.resize_with(groups, BinaryHeap::new);
        } else {
            self.texts.resize_with(groups, BinaryHeap::new);
        }
    }

    fn update(&mut self, groups: &[u32], arguments: &[ArrayRef]) -> Result<()> {
        let column = arguments.first().ok_or_else(|| Error::internal("an aggregate without its argument"))?;
        if !values::has_keys(&self.data_type) {
            self.add_texts(groups, &Coder::new(&self.data_type)?.encode(column)?);
            return Ok(());
        }
        let keys = values::keys(column)?;
        match column.logical_nulls().filter(|nulls| nulls.null_count() > 0) {
            None => groups.iter().zip(keys).for_each(|(group, key)| self.add_key(*group, key)),
            Some(nulls) => nulls.valid_indices().for_each(|row| self.add_key(groups[row], keys[row])),
        }
        Ok(())
    }

    fn take_states(&mut self) -> Result<Vec<ArrayRef>> {
        let lists = if values::has_keys(&self.data_type) {
            let grouped = self.take_keys();
            grouped.lists(Arc::new(UInt64Array::from(grouped.values().to_vec())))?
        } else {
            let (lengths, texts) = self.take_texts();
            let mut log = Log::default();
            log.resize(lengths.len());
            lengths.iter().enumerate().for_each(|(group, len)| (0..*len).for_each(|_| log.push(group as u32, ())));
            log.take().lists(Arc::new(LargeBinaryArray::from_iter_values(texts)))?
        };
        self.reset();
        Ok(vec![lists])
    }

    fn merge(&mut self, groups: &[u32], states: &[ArrayRef]) -> Result<()> {
        let lists: &LargeListArray = state(states, 0)?;
        let (groups, items) = flatten(groups, lists);
        if let Some(keys) = items.as_primitive_opt::<UInt64Type>() {
            groups.iter().zip(keys.values()).for_each(|(group, key)| self.add_key(*group, *key));
        } else {
            let texts = items.as_binary_opt::<i64>().ok_or_else(|| Error::internal("states of `top` of another type"))?;
            groups.iter().zip(texts).for_each(|(group, text)| self.add_text(*group, text.unwrap_or_default()));
        }
        Ok(())
    }

    fn take_values(&mut self) -> Result<ArrayRef> {
        let values = if values::has_keys(&self.data_type) {
            let grouped = self.take_keys();
            lists(grouped.lengths(), values::column_of_keys(&UInt64Array::from(grouped.values().to_vec()), &self.data_type)?)
        } else {
            let (lengths, texts) = self.take_texts();
            let bytes: BinaryViewArray = texts.iter().map(|text| Some(text.as_ref())).collect();
            lists(lengths.into_iter(), Coder::new(&self.data_type)?.decode(&bytes)?)
        };
        self.reset();
        values
    }

    fn bytes(&self) -> usize {
        self.keys.capacity() * size_of::<Heap<u64>>() + self.texts.capacity() * size_of::<Heap<Box<[u8]>>>() + self.held_bytes
    }
}
