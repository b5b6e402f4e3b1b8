//! Every value of every group, in the order in which they came: for aggregates that need all of them at once.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, LargeListArray};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::Field;
use frame_core::Result;

/// Values and their groups, in two flat vectors.
#[derive(Debug)]
pub(crate) struct Log<T> {
    groups: Vec<u32>,
    values: Vec<T>,
    len: usize,
}

/// The values of a log, group by group.
#[derive(Debug)]
pub(crate) struct Grouped<T> {
    /// Where each group's values begin; one more at the end.
    offsets: Vec<usize>,
    values: Vec<T>,
}

impl<T> Default for Log<T> {
    fn default() -> Self {
        Self { groups: Vec::new(), values: Vec::new(), len: 0 }
    }
}

impl<T: Copy + Default> Log<T> {
    /// Makes room for groups `0 .. groups`.
    pub(crate) fn resize(&mut self, groups: usize) {
        self.len = groups;
    }

    /// Adds a value to a group.
    #[inline(always)]
    pub(crate) fn push(&mut self, group: u32, value: T) {
        self.groups.push(group);
        self.values.push(value);
    }

    /// Adds values to their groups.
    pub(crate) fn extend(&mut self, groups: &[u32], values: &[T]) {
        self.groups.extend_from_slice(groups);
        self.values.extend_from_slice(values);
    }

    /// The values by group; the log is empty afterwards.
    pub(crate) fn take(&mut self) -> Grouped<T> {
        let (groups, values) = (std::mem::take(&mut self.groups), std::mem::take(&mut self.values));
        let mut offsets = vec![0; self.len + 1];
        self.len = 0;
        if offsets.len() <= 2 {
            offsets[1..].fill(values.len());
            return Grouped { offsets, values };
        }
        groups.iter().for_each(|group| offsets[*group as usize + 1] += 1);
        (1..offsets.len()).for_each(|at| offsets[at] += offsets[at - 1]);
        let mut next = offsets.clone();
        let mut sorted = vec![T::default(); values.len()];
        for (group, value) in groups.iter().zip(values) {
            let at = &mut next[*group as usize];
            sorted[*at] = value;
            *at += 1;
        }
        Grouped { offsets, values: sorted }
    }

    /// Bytes of memory held.
    pub(crate) fn bytes(&self) -> usize {
        self.groups.capacity() * size_of::<u32>() + self.values.capacity() * size_of::<T>()
    }
}

impl<T> Grouped<T> {
    /// The values of each group.
    pub(crate) fn slices(&self) -> impl Iterator<Item = &[T]> {
        self.offsets.windows(2).map(|ends| &self.values[ends[0]..ends[1]])
    }

    /// The values of each group, to reorder them.
    pub(crate) fn for_each_mut(&mut self, mut visit: impl FnMut(&mut [T])) {
        self.offsets.windows(2).for_each(|ends| visit(&mut self.values[ends[0]..ends[1]]));
    }

    /// The values of all groups, one group behind the other.
    pub(crate) fn values(&self) -> &[T] {
        &self.values
    }

    /// The number of values of each group.
    pub(crate) fn lengths(&self) -> impl Iterator<Item = usize> {
        self.offsets.windows(2).map(|ends| ends[1] - ends[0])
    }

    /// A column with a list for each group, of items that were made from the values.
    pub(crate) fn lists(&self, items: ArrayRef) -> Result<ArrayRef> {
        let offsets: Vec<i64> = self.offsets.iter().map(|offset| *offset as i64).collect();
        let field = Arc::new(Field::new_list_field(items.data_type().clone(), true));
        Ok(Arc::new(LargeListArray::try_new(field, OffsetBuffer::new(ScalarBuffer::from(offsets)), items, None)?))
    }
}

/// The group of each item of a column of lists, whose rows belong to `groups`; and the items.
pub(crate) fn flatten(groups: &[u32], lists: &LargeListArray) -> (Vec<u32>, ArrayRef) {
    let offsets = lists.value_offsets();
    let (first, last) = (offsets.first().copied().unwrap_or(0), offsets.last().copied().unwrap_or(0));
    let items = lists.values().slice(first as usize, (last - first) as usize);
    let of_items =
        groups.iter().zip(offsets.windows(2)).flat_map(|(group, ends)| std::iter::repeat_n(*group, (ends[1] - ends[0]) as usize));
    (of_items.collect(), items)
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, UInt64Array};
    use arrow::datatypes::UInt64Type;

    use super::*;

    #[test]
    fn values_are_grouped_in_their_order() {
        let mut log = Log::default();
        log.resize(4);
        log.extend(&[2, 0, 2], &[10_u64, 11, 12]);
        log.push(0, 13);
        let grouped = log.take();
        assert_eq!(grouped.slices().collect::<Vec<_>>(), [&[11_u64, 13][..], &[], &[10, 12], &[]]);
        let lists = grouped.lists(Arc::new(UInt64Array::from(grouped.values().to_vec()))).expect("lists");
        let (groups, items) = flatten(&[7, 8, 9, 7], lists.as_list());
        assert_eq!(groups, [7, 7, 9, 9]);
        assert_eq!(items.as_primitive::<UInt64Type>().values(), &[11, 13, 10, 12]);
        let (groups, items) = flatten(&[9], lists.slice(2, 1).as_list());
        assert_eq!((groups, items.len()), (vec![9, 9], 2));
    }

    #[test]
    fn one_group_and_none() {
        let mut log = Log::default();
        log.resize(1);
        log.extend(&[0, 0], &[1_i64, 2]);
        assert_eq!(log.take().slices().collect::<Vec<_>>(), [&[1, 2]]);
        assert_eq!(log.take().slices().count(), 0);
    }
}
