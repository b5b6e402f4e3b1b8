//! Texts among several keys as numbers, while rows and groups wait in buckets, in memory or on disk.
//!
//! Keys of several columns hardly repeat, the texts in each of them mostly do. A text is looked up once where it is read, in one table of
//! its column, instead of again for every bucket in tables that do not fit the cache; and a number takes a quarter of the memory of a view.
//! The numbers of each worker become those of all when the buckets are merged.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, UInt32Array};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, UInt32Type};
use frame_core::{Error, Result, hash};
use frame_memory::{MemoryBudget, Reservation};

use super::keys::rows::of_column;
use super::keys::{Dictionaries, KeyTable, is_text, is_word, of_numbers, table};

/// More different texts are not worth it: then they hardly repeat either.
const TEXTS_MAX: usize = 1 << 19;

/// The numbers of one worker.
pub(super) struct Numbers {
    /// None for keys that are no texts.
    columns: Vec<Option<Column>>,
}

#[derive(Default)]
struct Column {
    table: Dictionaries,
    /// Of each text.
    hashes: Vec<u64>,
}

/// What numbers stand for, for each key; none for keys that are no texts.
pub(super) type Texts = Vec<Option<ArrayRef>>;

impl Numbers {
    /// Numbers for keys of these types, if there are several and some are texts.
    pub(super) fn new(types: &[DataType]) -> Option<Self> {
        let columns: Vec<_> = types.iter().map(|data_type| is_text(data_type).then(Column::default)).collect();
        let are_known = types.iter().all(|data_type| is_text(data_type) || is_word(data_type));
        (types.len() > 1 && are_known && columns.iter().any(Option::is_some)).then_some(Self { columns })
    }

    /// The keys with numbers in place of texts, and the hash of each row.
    pub(super) fn keys(&mut self, keys: &[ArrayRef], rows: usize) -> Result<(Vec<ArrayRef>, Vec<u64>)> {
        let mut hashes = vec![0; rows];
        let mut numbered = Vec::with_capacity(keys.len());
        for (key, column) in keys.iter().zip(&mut self.columns) {
            let Some(column) = column else {
                hashes = of_column(key, |row, value| hash::combine(hashes[row], value), |word| word)?;
                numbered.push(key.clone());
                continue;
            };
            let mut ids = Vec::new();
            column.table.assign(std::slice::from_ref(key), rows, &mut ids)?;
            column.hashes.extend(column.table.hashes_from(column.hashes.len()));
            hashes.iter_mut().zip(&ids).for_each(|(hash, id)| *hash = hash::combine(*hash, column.hashes[*id as usize]));
            numbered.push(Arc::new(UInt32Array::from(ids)) as ArrayRef);
        }
        Ok((numbered, hashes))
    }

    /// Whether there are so many texts that numbers save nothing, or take more than so many bytes.
    pub(super) fn is_too_much(&self, bytes_max: usize) -> bool {
        self.columns.iter().flatten().any(|column| column.hashes.len() > TEXTS_MAX) || self.bytes() > bytes_max
    }

    /// The texts by number.
    pub(super) fn into_texts(self) -> Result<Texts> {
        let texts = |column: Column| {
            let mut table = column.table;
            table.take_keys()?.pop().ok_or_else(|| Error::internal("a table of texts without its key"))
        };
        self.columns.into_iter().map(|column| column.map(texts).transpose()).collect()
    }

    /// Bytes of memory held.
    pub(super) fn bytes(&self) -> usize {
        self.columns.iter().flatten().map(|column| column.table.bytes() + column.hashes.capacity() * size_of::<u64>()).sum()
    }
}

/// Bytes of memory that texts take.
pub(super) fn bytes(texts: &Texts) -> usize {
    texts.iter().flatten().map(|column| column.get_array_memory_size()).sum()
}

/// What the numbers in keys become when these are read, and the memory that it takes.
#[derive(Debug)]
pub(super) struct Map {
    columns: Texts,
    _memory: Reservation,
}

impl Map {
    /// Numbers that become the values of these columns.
    ///
    /// # Errors
    /// `MemoryError` if there is no room for them.
    pub(super) fn new(columns: Texts, budget: &MemoryBudget) -> Result<Self> {
        let mut memory = budget.reserve("group by");
        memory.require(bytes(&columns))?;
        Ok(Self { columns, _memory: memory })
    }

    /// What the keys become.
    pub(super) fn read(&self, keys: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
        spelled(keys, &self.columns)
    }

    /// Bytes of memory that a row takes besides when it is read: texts lie where they are.
    pub(super) fn row_bytes(&self) -> usize {
        self.columns.iter().flatten().map(|column| column.data_type().primitive_width().unwrap_or(size_of::<u128>())).sum()
    }
}

/// Keys with texts in place of their numbers.
pub(super) fn spelled(keys: &[ArrayRef], texts: &Texts) -> Result<Vec<ArrayRef>> {
    let column = |(key, texts): (&ArrayRef, &Option<ArrayRef>)| match texts {
        Some(texts) => Ok(take(texts, key, None)?),
        None => Ok(key.clone()),
    };
    keys.iter().zip(texts).map(column).collect()
}

/// The same, as columns of these types: numbers are ids of dictionaries already.
pub(super) fn spelled_as(keys: &[ArrayRef], texts: &Texts, types: &[DataType]) -> Result<Vec<ArrayRef>> {
    let column = |((key, texts), data_type): ((&ArrayRef, &Option<ArrayRef>), &DataType)| -> Result<ArrayRef> {
        let Some(texts) = texts else { return Ok(key.clone()) };
        let numbers = key.as_primitive::<UInt32Type>().values().iter().copied();
        Ok(cast(&of_numbers(texts, numbers, Some(data_type))?, data_type)?)
    };
    keys.iter().zip(texts).zip(types).map(column).collect()
}

/// The numbers of all workers.
pub(super) struct Joined {
    pub(super) texts: Texts,
    /// For each worker what its numbers become.
    pub(super) maps: Vec<Texts>,
}

/// Joins the numbers of workers, given by their texts.
pub(super) fn joined(workers: &[Texts]) -> Result<Joined> {
    let keys = workers.first().map_or(0, Vec::len);
    let mut maps = vec![Vec::with_capacity(keys); workers.len()];
    let mut all: Texts = Vec::with_capacity(keys);
    for key in 0..keys {
        let mut numbers = table(&[DataType::Utf8View])?;
        let mut is_text = false;
        for (map, texts) in maps.iter_mut().zip(workers) {
            let Some(texts) = &texts[key] else {
                map.push(None);
                continue;
            };
            let mut ids = Vec::new();
            numbers.assign(std::slice::from_ref(texts), texts.len(), &mut ids)?;
            map.push(Some(Arc::new(UInt32Array::from(ids)) as ArrayRef));
            is_text = true;
        }
        all.push(if is_text { numbers.take_keys()?.pop() } else { None });
    }
    Ok(Joined { texts: all, maps })
}

#[cfg(test)]
mod tests {
    use arrow::array::{DictionaryArray, Int64Array, StringViewArray};
    use arrow::datatypes::Int32Type;

    use super::*;
    use crate::group_by::keys::rows;

    fn views(values: &[Option<&str>]) -> ArrayRef {
        Arc::new(StringViewArray::from(values.to_vec()))
    }

    fn ids(values: &[Option<&str>]) -> ArrayRef {
        Arc::new(values.iter().copied().collect::<DictionaryArray<Int32Type>>())
    }

    #[test]
    fn numbers_of_several_workers_stand_for_their_texts() {
        let long = "a text that is longer than thirty-two bytes, and so on";
        let values = [
            [Some("a"), None, Some("thirteen bytes"), Some("a")],
            [Some(long), Some(""), None, Some("a")],
            [Some("b"), Some(long), Some("thirteen bytes"), Some("b")],
        ];
        let ints: ArrayRef = Arc::new(Int64Array::from(vec![None, Some(-1), Some(0), Some(i64::MAX)]));
        for of_values in [views, ids] {
            let types = [of_values(&values[0]).data_type().clone(), DataType::Int64];
            let plain = [DataType::Utf8View, DataType::Int64];
            // The second worker takes two batches, the last one of them in the other form.
            let batches = [vec![of_values(&values[0])], vec![of_values(&values[1]), views(&values[2])]];
            let (mut texts, mut numbered) = (Vec::new(), Vec::new());
            for (worker, batches) in batches.iter().enumerate() {
                let mut numbers = Numbers::new(&types).expect("a text among several keys");
                for batch in batches {
                    let keys = [batch.clone(), ints.clone()];
                    let (keys_numbered, hashes) = numbers.keys(&keys, 4).expect("numbers");
                    let expected = rows::plain(&keys).expect("columns").expect("keys with a hash");
                    assert_eq!(hashes, rows::hashes(&expected, 4).expect("hashes"));
                    numbered.push((worker, keys_numbered, expected));
                }
                assert!(!numbers.is_too_much(1 << 20) && numbers.is_too_much(1));
                texts.push(numbers.into_texts().expect("texts"));
            }
            let joined = joined(&texts).expect("numbers of all");
            assert_eq!(joined.texts[0].as_ref().map(|texts| texts.len()), Some(6), "each text once");
            for (worker, keys, expected) in numbered {
                assert_eq!(spelled(&keys, &texts[worker]).expect("texts"), expected);
                let keys = spelled(&keys, &joined.maps[worker]).expect("numbers of all");
                assert_eq!(spelled_as(&keys, &joined.texts, &plain).expect("texts"), expected);
                let keys = spelled_as(&keys, &joined.texts, &types).expect("texts");
                assert_eq!(keys[0].data_type(), &types[0]);
                assert_eq!(&rows::plain(&keys).expect("columns").expect("keys with a hash"), &expected);
            }
        }
        assert!(Numbers::new(&[DataType::Utf8View]).is_none(), "one key hardly repeats its texts here");
        assert!(Numbers::new(&[DataType::Int64, DataType::Int32]).is_none());
    }
}
