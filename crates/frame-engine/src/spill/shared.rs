//! Values of dictionaries that stay in memory while rows lie on disk: pieces have their numbers alone, and none of the values again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, new_empty_array};
use arrow::compute::interleave;
use frame_core::{Error, Result, memory_bytes};
use frame_memory::{Grant, MemoryBudget, Reservation};

use crate::dictionaries::Known;

/// The values of a column take one part in so many of the limit at most.
const PART: usize = 256;

/// Dictionaries whose numbers are remembered: as many as threads may have in hand.
const SEEN_MAX: usize = 16;

/// The values of the columns of some rows, for all who write them. Values are only ever added, so the numbers of pieces stay what they are.
#[derive(Debug, Default)]
pub(crate) struct SharedValues(Mutex<Vec<Column>>);

/// The values of a column.
#[derive(Debug, Default)]
struct Column {
    known: Option<Known>,
    values: Option<ArrayRef>,
    /// Dictionaries and the numbers of their values.
    seen: VecDeque<(ArrayRef, Arc<[i32]>)>,
    /// No more values go in.
    is_full: bool,
    memory: Option<Reservation>,
}

impl SharedValues {
    /// The numbers of the values of some dictionaries; `None` if they are too many.
    ///
    /// # Errors
    /// An Arrow error for values without an order.
    pub(crate) fn numbers(&self, column: usize, dictionaries: &[ArrayRef], budget: &MemoryBudget) -> Result<Option<Vec<Arc<[i32]>>>> {
        let mut columns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if columns.len() <= column {
            columns.resize_with(column + 1, Column::default);
        }
        let column = &mut columns[column];
        dictionaries.iter().map(|values| column.numbers(values, budget)).collect()
    }

    /// All values of a column.
    ///
    /// # Errors
    /// An internal error if it has none.
    pub(crate) fn values(&self, column: usize) -> Result<ArrayRef> {
        let columns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let values = columns.get(column).and_then(|column| column.values.clone());
        values.ok_or_else(|| Error::internal("rows without the values that they share"))
    }
}

impl Column {
    fn numbers(&mut self, dictionary: &ArrayRef, budget: &MemoryBudget) -> Result<Option<Arc<[i32]>>> {
        if let Some((_, numbers)) = self.seen.iter().find(|(seen, _)| Arc::ptr_eq(seen, dictionary)) {
            return Ok(Some(numbers.clone()));
        }
        let values = self.values.get_or_insert_with(|| new_empty_array(dictionary.data_type())).clone();
        if self.is_full || values.data_type() != dictionary.data_type() || !self.has_room(&values, dictionary, budget) {
            return Ok(None);
        }
        let known = match &mut self.known {
            Some(known) => known,
            none => none.insert(Known::new(dictionary.data_type())?),
        };
        let mut places: Vec<(usize, usize)> = (0..values.len()).map(|at| (0, at)).collect();
        let numbers: Arc<[i32]> = known.numbers(dictionary, |at| places.push((1, at)))?.into();
        if places.len() > values.len() {
            self.values = Some(interleave(&[&values, dictionary], &places)?);
        }
        if self.seen.len() == SEEN_MAX {
            self.seen.pop_front();
        }
        self.seen.push_back((dictionary.clone(), numbers.clone()));
        Ok(Some(numbers))
    }

    /// Whether the values of a dictionary may be added, for which room is reserved then.
    fn has_room(&mut self, values: &ArrayRef, dictionary: &ArrayRef, budget: &MemoryBudget) -> bool {
        let bytes = memory_bytes(values) + memory_bytes(dictionary);
        let memory = self.memory.get_or_insert_with(|| budget.reserve("join"));
        // Once as they are, once as they are found, once while they are added.
        let wanted = 3 * bytes + (values.len() + dictionary.len()) * Known::VALUE_BYTES;
        self.is_full = bytes > budget.limit_bytes() / PART || memory.resize(wanted) == Grant::Full;
        !self.is_full
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::StringArray;
    use arrow::compute::take;

    use super::*;

    #[test]
    fn numbers_stay_when_values_are_added() {
        let (shared, budget) = (SharedValues::default(), MemoryBudget::new(64 << 20));
        let dictionaries: Vec<ArrayRef> = [vec![Some("a"), Some("b"), None], vec![Some("c"), Some("b")], vec![], vec![None, Some("c")]]
            .map(|values| Arc::new(StringArray::from(values)) as ArrayRef)
            .into();
        let mut all = Vec::new();
        for dictionary in &dictionaries {
            all.extend(shared.numbers(1, std::slice::from_ref(dictionary), &budget).expect("numbers").expect("few values"));
        }
        assert_eq!(shared.numbers(1, &dictionaries, &budget).expect("numbers"), Some(all.clone()));
        let values = shared.values(1).expect("values");
        assert_eq!(values.len(), 4);
        for (dictionary, numbers) in dictionaries.iter().zip(&all) {
            let numbers = arrow::array::Int32Array::from(numbers.to_vec());
            assert_eq!(&take(&values, &numbers, None).expect("values"), dictionary);
        }
        assert!(shared.values(0).is_err() && shared.values(2).is_err());
    }

    #[test]
    fn many_values_are_not_shared() {
        let (shared, budget) = (SharedValues::default(), MemoryBudget::new(1 << 20));
        let few: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
        let many: ArrayRef = Arc::new(StringArray::from_iter_values((0..1000).map(|at| at.to_string())));
        assert!(shared.numbers(0, std::slice::from_ref(&few), &budget).expect("numbers").is_some());
        assert!(shared.numbers(0, &[few.clone(), many], &budget).expect("numbers").is_none());
        assert!(shared.numbers(0, std::slice::from_ref(&few), &budget).expect("numbers").is_some(), "what was known still is");
        assert_eq!(&shared.values(0).expect("values"), &few);
    }
}
