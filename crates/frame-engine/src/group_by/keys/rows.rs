//! The hashes of rows by their keys, without a table: for rows that are put into buckets before they are grouped.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use frame_core::{Result, hash};

use super::{composite, int, text};

/// Keys as columns without dictionaries, if a table of such keys has the hashes that [`hashes`] gives.
pub(crate) fn plain(keys: &[ArrayRef]) -> Result<Option<Vec<ArrayRef>>> {
    let mut columns = Vec::with_capacity(keys.len());
    for key in keys {
        columns.push(match key.data_type() {
            DataType::Utf8View => key.clone(),
            DataType::Dictionary(_, values) if values.is_string() => cast(key, &DataType::Utf8View)?,
            word if composite::is_word(word) => key.clone(),
            _ => return Ok(None),
        });
    }
    let types: Vec<DataType> = columns.iter().map(|column| column.data_type().clone()).collect();
    let has_table = match types.as_slice() {
        [] => false,
        [only] => int::takes(only) || *only == DataType::Utf8View,
        several => composite::words(several).is_some(),
    };
    Ok(has_table.then_some(columns))
}

/// The hash of each row: that which the table of such keys gives its group.
pub(crate) fn hashes(keys: &[ArrayRef], rows: usize) -> Result<Vec<u64>> {
    if let [only] = keys {
        return of_column(only, |_, value| value, hash::word);
    }
    let mut hashes = vec![0; rows];
    for key in keys {
        hashes = of_column(key, |row, value| hash::combine(hashes[row], value), |word| word)?;
    }
    Ok(hashes)
}

/// Joins the value of each row, a word by way of `word` or the hash of a text, to what there is of the row.
pub(crate) fn of_column(column: &ArrayRef, join: impl Fn(usize, u64) -> u64, word: impl Fn(u64) -> u64) -> Result<Vec<u64>> {
    let mut hashes: Vec<u64> = match column.as_string_view_opt() {
        Some(texts) => {
            let buffers = texts.data_buffers();
            texts.views().iter().enumerate().map(|(row, view)| join(row, text::hash_of(*view, buffers))).collect()
        }
        None => composite::to_words(column)?.values().iter().enumerate().map(|(row, value)| join(row, word(*value as u64))).collect(),
    };
    if let Some(nulls) = column.nulls().filter(|nulls| nulls.null_count() > 0) {
        (!nulls.inner()).set_indices().for_each(|row| hashes[row] = join(row, hash::NULL));
    }
    Ok(hashes)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, StringViewArray};

    use super::*;
    use crate::group_by::keys::table;

    #[test]
    fn rows_hash_as_their_groups_do() {
        let long = "a text that is longer than thirty-two bytes, and so on";
        let texts: ArrayRef = Arc::new(StringViewArray::from(vec![Some("a"), None, Some("thirteen bytes"), Some(long), Some("")]));
        let ints: ArrayRef = Arc::new(Int64Array::from(vec![None, Some(-1), Some(0), Some(i64::MAX), Some(7)]));
        for keys in [vec![texts.clone()], vec![ints.clone()], vec![texts.clone(), ints.clone()], vec![ints.clone(), texts, ints]] {
            let types: Vec<DataType> = keys.iter().map(|key| key.data_type().clone()).collect();
            let (mut table, mut groups) = (table(&types).expect("a table"), Vec::new());
            table.assign(&keys, 5, &mut groups).expect("groups");
            let of_groups = table.hashes();
            let expected: Vec<u64> = groups.iter().map(|group| of_groups[*group as usize]).collect();
            let plain = plain(&keys).expect("columns").expect("keys with a hash");
            assert_eq!(hashes(&plain, 5).expect("hashes"), expected, "{types:?}");
        }
    }
}
