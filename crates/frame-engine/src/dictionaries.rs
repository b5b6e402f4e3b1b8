//! Dictionaries of several batches made one, so that rows are gathered by their ids alone.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array};
use arrow::compute::interleave;
use arrow::datatypes::Int32Type;
use arrow::row::{RowConverter, SortField};
use frame_core::{Error, Result};

/// The ids that scans give.
type Dictionary = DictionaryArray<Int32Type>;

/// Bytes of memory that a row of a column may take once more while its dictionaries are made one.
pub(crate) fn unified_bytes(columns: &[ArrayRef]) -> usize {
    size_of::<i32>() * columns.iter().filter(|column| column.as_dictionary_opt::<Int32Type>().is_some()).count()
}

/// Gives the dictionaries of each column the same values: `batches` are the columns of several batches with the same types.
///
/// # Errors
/// An Arrow error for values without an order.
pub(crate) fn unify(batches: &mut [Vec<ArrayRef>]) -> Result<()> {
    for at in 0..batches.first().map_or(0, Vec::len) {
        let dictionaries: Option<Vec<&Dictionary>> = batches.iter().map(|columns| columns[at].as_dictionary_opt()).collect();
        let Some(dictionaries) = dictionaries.filter(|dictionaries| common_values(dictionaries).is_none()) else { continue };
        let unified = unified(&dictionaries)?;
        batches.iter_mut().zip(unified).for_each(|(columns, column)| columns[at] = Arc::new(column));
    }
    Ok(())
}

/// The rows of some dictionaries at some places, if all have the same values.
pub(crate) fn gathered(arrays: &[&dyn Array], places: &[(usize, usize)]) -> Result<Option<ArrayRef>> {
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

/// Dictionaries with the values of all of them.
fn unified(dictionaries: &[&Dictionary]) -> Result<Vec<Dictionary>> {
    let Some(first) = dictionaries.first() else { return Ok(Vec::new()) };
    let converter = RowConverter::new(vec![SortField::new(first.values().data_type().clone())])?;
    // Batches of one row group share its values.
    let mut sources: Vec<&dyn Array> = Vec::new();
    let mut ids_of: HashMap<*const (), Vec<i32>> = HashMap::new();
    let (mut known, mut firsts) = (HashMap::<Box<[u8]>, i32>::new(), Vec::new());
    for dictionary in dictionaries {
        let values = dictionary.values();
        if ids_of.contains_key(&address(values)) {
            continue;
        }
        let rows = converter.convert_columns(std::slice::from_ref(values))?;
        let mut ids = Vec::with_capacity(values.len());
        for (at, row) in rows.iter().enumerate() {
            let id = match known.get(row.data()) {
                Some(id) => *id,
                None => {
                    let next = i32::try_from(firsts.len()).map_err(|_| Error::internal("too many values of dictionaries"))?;
                    firsts.push((sources.len(), at));
                    known.insert(row.data().into(), next);
                    next
                }
            };
            ids.push(id);
        }
        sources.push(values.as_ref());
        ids_of.insert(address(values), ids);
    }
    let values = interleave(&sources, &firsts)?;
    let with_values = |dictionary: &&Dictionary| {
        let ids = &ids_of[&address(dictionary.values())];
        // Null rows may have any id.
        let ids = dictionary.keys().values().iter().map(|id| ids.get(*id as usize).copied().unwrap_or(0)).collect::<Vec<_>>();
        Ok(Dictionary::try_new(Int32Array::new(ids.into(), dictionary.keys().nulls().cloned()), values.clone())?)
    };
    dictionaries.iter().map(with_values).collect()
}

fn address(values: &ArrayRef) -> *const () {
    Arc::as_ptr(values).cast()
}

#[cfg(test)]
mod tests {
    use arrow::array::StringArray;
    use arrow::compute::cast;
    use arrow::datatypes::DataType;

    use super::*;

    fn dictionary(ids: Vec<Option<i32>>, values: &ArrayRef) -> ArrayRef {
        Arc::new(Dictionary::try_new(Int32Array::from(ids), values.clone()).expect("a dictionary"))
    }

    #[test]
    fn rows_stay_and_are_gathered_by_ids() {
        let one: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), Some("b"), None]));
        let other: ArrayRef = Arc::new(StringArray::from(vec!["c", "b", "b"]));
        let none: ArrayRef = Arc::new(StringArray::new_null(0));
        let plain: ArrayRef = Arc::new(Int32Array::from(vec![7; 4]));
        let columns = [
            dictionary(vec![Some(1), None, Some(0), Some(2)], &one),
            dictionary(vec![Some(2), Some(1), Some(0), None], &other),
            dictionary(vec![None; 4], &none),
            dictionary(vec![Some(0); 4], &one),
        ];
        let texts = |column: &ArrayRef| cast(column, &DataType::Utf8).expect("texts");
        let expected: Vec<ArrayRef> = columns.iter().map(texts).collect();
        let mut batches: Vec<Vec<ArrayRef>> = columns.iter().map(|column| vec![plain.clone(), column.clone()]).collect();
        unify(&mut batches).expect("dictionaries");
        assert_eq!(batches.iter().map(|columns| texts(&columns[1])).collect::<Vec<_>>(), expected);
        assert_eq!(batches[0][1].as_any_dictionary().values().len(), 4);

        let arrays: Vec<&dyn Array> = batches.iter().map(|columns| columns[1].as_ref()).collect();
        let places = [(3, 0), (1, 0), (0, 1), (2, 3), (1, 2)];
        let rows = gathered(&arrays, &places).expect("rows").expect("the same values");
        let of_texts = interleave(&expected.iter().map(AsRef::as_ref).collect::<Vec<_>>(), &places).expect("rows");
        assert_eq!(&texts(&rows), &of_texts);
        let arrays: Vec<&dyn Array> = columns.iter().map(AsRef::as_ref).collect();
        assert!(gathered(&arrays, &places).expect("no rows").is_none());
    }
}
