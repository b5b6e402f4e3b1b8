//! Columns of many batches as one, and rows of them.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Int32Array, NullBufferBuilder, UInt32Array, new_empty_array, new_null_array,
};
use arrow::compute::{concat, take};
use arrow::datatypes::{DataType, Int32Type};
use frame_core::{Error, QueryError, Result};

/// Views of which this much is kept alive are copied out of it.
const PINNED_MAX: usize = 1 << 20;

/// The columns, one after the other; the values of a dictionary are there once, however many batches share it.
pub(super) fn gathered(parts: &[ArrayRef], data_type: &DataType) -> Result<ArrayRef> {
    match parts {
        [] => return Ok(new_empty_array(data_type)),
        [only] => return Ok(only.clone()),
        _ => {}
    }
    if let DataType::Dictionary(ids, _) = data_type
        && **ids == DataType::Int32
    {
        return dictionaries(parts);
    }
    let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    Ok(concat(&parts)?)
}

fn dictionaries(parts: &[ArrayRef]) -> Result<ArrayRef> {
    let mut values: Vec<(&ArrayRef, i32)> = Vec::new();
    let mut total = 0_usize;
    let rows = parts.iter().map(|part| part.len()).sum();
    let (mut ids, mut valid) = (Vec::with_capacity(rows), NullBufferBuilder::new(rows));
    for part in parts {
        let part = part.as_dictionary::<Int32Type>();
        let known = values.iter().rev().find(|(known, _)| Arc::ptr_eq(known, part.values()));
        let offset = match known {
            Some((_, offset)) => *offset,
            None => {
                let offset = i32::try_from(total).map_err(|_| too_many("different texts"))?;
                total += part.values().len();
                values.push((part.values(), offset));
                offset
            }
        };
        // The sum is below the number of all values. The ids of nulls hold anything, and are put back to the first value.
        match part.keys().nulls().filter(|nulls| nulls.null_count() > 0) {
            None => {
                ids.extend(part.keys().values().iter().map(|id| id.wrapping_add(offset)));
                valid.append_n_non_nulls(part.len());
            }
            Some(nulls) => {
                let rows = part.keys().values().iter().zip(nulls);
                ids.extend(rows.map(|(id, valid)| if valid { id.wrapping_add(offset) } else { 0 }));
                valid.append_buffer(nulls);
            }
        }
    }
    i32::try_from(total).map_err(|_| too_many("different texts"))?;
    let values: Vec<&dyn Array> = values.iter().map(|(values, _)| values.as_ref()).collect();
    let ids = Int32Array::new(ids.into(), valid.finish());
    Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(ids, concat(&values)?)?))
}

/// Bytes of memory that a column holds; the values of a dictionary that is among `known` count no more.
pub(super) fn held_bytes(column: &ArrayRef, known: &mut Vec<ArrayRef>) -> usize {
    let Some(ids) = column.as_dictionary_opt::<Int32Type>() else { return column.get_array_memory_size() };
    let values = ids.values();
    if known.iter().rev().any(|known| Arc::ptr_eq(known, values)) {
        return ids.keys().get_array_memory_size();
    }
    known.push(values.clone());
    column.get_array_memory_size()
}

/// The error for more rows than can be numbered.
pub(super) fn too_many(what: &str) -> Error {
    Error::new(QueryError::Usage(format!("there are more than 4294967294 {what} on the right side of a join")))
        .hint("filter that side first, or join the larger side to the smaller one")
}

/// Rows of a column; views are copied if they would keep much more alive.
pub(super) fn picked(column: &ArrayRef, rows: &UInt32Array) -> Result<ArrayRef> {
    if column.is_empty() {
        return Ok(new_null_array(column.data_type(), rows.len()));
    }
    let picked = take(column, rows, None)?;
    Ok(match picked.as_string_view_opt() {
        Some(views) if views.data_buffers().iter().map(|buffer| buffer.len()).sum::<usize>() > PINNED_MAX => Arc::new(views.gc()),
        _ => picked,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dictionaries_of_batches_become_one() {
        let of = |texts: &[Option<&str>]| texts.iter().copied().collect::<DictionaryArray<Int32Type>>();
        let (a, b) = (of(&[Some("x"), None, Some("y")]), of(&[Some("y"), Some("z"), None]));
        let parts: Vec<ArrayRef> = vec![Arc::new(a.clone()), Arc::new(b.slice(1, 2)), Arc::new(a.slice(2, 1)), Arc::new(b.slice(0, 1))];
        let all = gathered(&parts, a.data_type()).expect("dictionaries");
        let all = all.as_dictionary::<Int32Type>();
        assert_eq!(all.values().len(), 4);
        let texts = all.downcast_dict::<arrow::array::StringArray>().expect("texts");
        let texts: Vec<Option<&str>> = texts.into_iter().collect();
        assert_eq!(texts, [Some("x"), None, Some("y"), Some("z"), None, Some("y"), Some("y")]);
    }
}
