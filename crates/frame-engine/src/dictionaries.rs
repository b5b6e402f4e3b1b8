//! Dictionaries of several batches made one, so that rows are gathered by their ids alone.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray};
use arrow::compute::interleave;
use arrow::datatypes::{DataType, Int32Type};
use arrow::row::{RowConverter, SortField};
use frame_core::{Error, Result};

/// The ids that scans give.
type Dictionary = DictionaryArray<Int32Type>;

/// The rows of some batches at some places.
pub(crate) fn taken<C: AsRef<[ArrayRef]>>(batches: &[C], places: &[(usize, usize)]) -> Result<Vec<ArrayRef>> {
    let count = batches.first().map_or(0, |columns| columns.as_ref().len());
    let column = |at: usize| {
        let arrays: Vec<&dyn Array> = batches.iter().map(|columns| columns.as_ref()[at].as_ref()).collect();
        match gathered(&arrays, places)? {
            Some(column) => Ok(column),
            None => Ok(interleave(&arrays, places)?),
        }
    };
    (0..count).map(column).collect()
}

/// The rows of some dictionaries at some places, if all have the same values.
fn gathered(arrays: &[&dyn Array], places: &[(usize, usize)]) -> Result<Option<ArrayRef>> {
    let dictionaries: Option<Vec<&Dictionary>> = arrays.iter().map(|array| array.as_dictionary_opt()).collect();
    let Some(dictionaries) = dictionaries else { return Ok(None) };
    let Some(values) = common_values(&dictionaries) else { return Ok(None) };
    let keys: Vec<&dyn Array> = dictionaries.iter().map(|dictionary| dictionary.keys() as &dyn Array).collect();
    let keys = interleave(&keys, places)?;
    Ok(Some(Arc::new(Dictionary::try_new(keys.as_primitive().clone(), values.clone())?)))
}

fn common_values<'a>(dictionaries: &[&'a Dictionary]) -> Option<&'a ArrayRef> {
    let values = dictionaries.first()?.values();
    dictionaries.iter().all(|dictionary| Arc::ptr_eq(dictionary.values(), values)).then_some(values)
}

/// What the ids of one of several dictionaries are in their common one; `None` if they stay.
pub(crate) type NewIds = Option<Arc<[i32]>>;

/// One dictionary with the values of all of some, and the new ids of each.
///
/// # Errors
/// An Arrow error for values without an order.
pub(crate) fn unified(dictionaries: &[ArrayRef]) -> Result<(ArrayRef, Vec<NewIds>)> {
    let first = dictionaries.first().ok_or_else(|| Error::internal("no dictionaries"))?;
    if dictionaries.iter().all(|values| Arc::ptr_eq(values, first)) {
        return Ok((first.clone(), vec![None; dictionaries.len()]));
    }
    // Batches of one row group share its values.
    let mut sources: Vec<&dyn Array> = Vec::new();
    let mut ids_of: HashMap<*const (), Arc<[i32]>> = HashMap::new();
    let (mut known, mut firsts) = (Known::new(first.data_type())?, Vec::new());
    let mut new_ids = Vec::with_capacity(dictionaries.len());
    for values in dictionaries {
        if let Some(ids) = ids_of.get(&address(values)) {
            new_ids.push(Some(ids.clone()));
            continue;
        }
        let ids: Arc<[i32]> = known.numbers(values, |at| firsts.push((sources.len(), at)))?.into();
        sources.push(values.as_ref());
        ids_of.insert(address(values), ids.clone());
        new_ids.push(Some(ids));
    }
    Ok((interleave(&sources, &firsts)?, new_ids))
}

/// Values of one type, numbered in the order in which they came.
#[derive(Debug)]
pub(crate) struct Known {
    converter: RowConverter,
    numbers: HashMap<Box<[u8]>, i32>,
}

impl Known {
    /// About as many bytes of memory as a value takes beside its own.
    pub(crate) const VALUE_BYTES: usize = 2 * size_of::<(Box<[u8]>, i32)>();

    /// # Errors
    /// An Arrow error if the type has no order.
    pub(crate) fn new(data_type: &DataType) -> Result<Self> {
        Ok(Self { converter: RowConverter::new(vec![SortField::new(data_type.clone())])?, numbers: HashMap::new() })
    }

    /// The numbers of some values; `new` is told the places of those that came for the first time.
    ///
    /// # Errors
    /// An internal error if they are too many to number.
    pub(crate) fn numbers(&mut self, values: &ArrayRef, mut new: impl FnMut(usize)) -> Result<Vec<i32>> {
        let rows = self.converter.convert_columns(std::slice::from_ref(values))?;
        let mut numbers = Vec::with_capacity(values.len());
        for (at, row) in rows.iter().enumerate() {
            let number = match self.numbers.get(row.data()) {
                Some(number) => *number,
                None => {
                    let next = i32::try_from(self.numbers.len()).map_err(|_| Error::internal("too many values of dictionaries"))?;
                    self.numbers.insert(row.data().into(), next);
                    new(at);
                    next
                }
            };
            numbers.push(number);
        }
        Ok(numbers)
    }
}

fn address(values: &ArrayRef) -> *const () {
    Arc::as_ptr(values).cast()
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int32Array, StringArray};
    use arrow::compute::{cast, take};

    use super::*;

    fn dictionary(ids: Vec<Option<i32>>, values: &ArrayRef) -> ArrayRef {
        Arc::new(Dictionary::try_new(Int32Array::from(ids), values.clone()).expect("a dictionary"))
    }

    #[test]
    fn the_values_of_several_dictionaries_are_one() {
        let one: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), Some("b"), None]));
        let other: ArrayRef = Arc::new(StringArray::from(vec!["c", "b", "b"]));
        let none: ArrayRef = Arc::new(StringArray::new_null(0));
        let dictionaries = [one.clone(), other, none, one.clone()];
        let (values, new_ids) = unified(&dictionaries).expect("a dictionary");
        assert_eq!(values.len(), 4);
        for (old, ids) in dictionaries.iter().zip(&new_ids) {
            let ids = Int32Array::from(ids.as_ref().expect("new ids").to_vec());
            assert_eq!(&take(&values, &ids, None).expect("values"), old);
        }
        let (values, new_ids) = unified(&[one.clone(), one.clone()]).expect("a dictionary");
        assert!(Arc::ptr_eq(&values, &one) && new_ids.iter().all(Option::is_none));
    }

    #[test]
    fn rows_are_gathered_by_ids_of_common_values() {
        let values: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), Some("b"), None]));
        let other: ArrayRef = Arc::new(StringArray::from(vec!["c", "b"]));
        let columns = [dictionary(vec![Some(1), None, Some(0), Some(2)], &values), dictionary(vec![None, Some(0)], &values)];
        let arrays: Vec<&dyn Array> = columns.iter().map(AsRef::as_ref).collect();
        let places = [(1, 0), (0, 0), (0, 3), (1, 1)];
        let rows = gathered(&arrays, &places).expect("rows").expect("the same values");
        let texts = |column: &ArrayRef| cast(column, &DataType::Utf8).expect("texts");
        let expected: Vec<ArrayRef> = columns.iter().map(texts).collect();
        let expected = interleave(&expected.iter().map(AsRef::as_ref).collect::<Vec<_>>(), &places).expect("rows");
        assert_eq!(&texts(&rows), &expected);
        let others = dictionary(vec![Some(1), None, Some(0)], &other);
        assert!(gathered(&[columns[0].as_ref(), others.as_ref()], &places).expect("no rows").is_none());
    }
}
