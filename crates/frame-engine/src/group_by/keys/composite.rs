//! Several keys, each a text or what fits 64 bits: a row's key is a few words, compared and hashed as such.
//!
//! A text goes in as the number that a table of its own gives it. The first half word says which of the others are null.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Float64Array, Int32Array, Int64Array, UInt32Array};
use arrow::buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use frame_core::{Error, Result, hash};
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::{KeyTable, dictionary, int, text};

/// The most words of a key.
pub(super) const WORDS_MAX: usize = 8;

pub(super) struct Composite<const WORDS: usize> {
    parts: Vec<Part>,
    table: HashTable<Slot<WORDS>>,
    /// Key of each group.
    keys: Vec<[u64; WORDS]>,
    /// Keys of the batch in hand.
    packed: Vec<[u64; WORDS]>,
}

#[derive(Clone, Copy)]
struct Slot<const WORDS: usize> {
    key: [u64; WORDS],
    group: u32,
}

/// How one of the keys becomes part of the words.
enum Part {
    /// A word of its own, and the bit that says that it is null.
    Word { data_type: DataType, word: usize, null: u64 },
    /// Half a word.
    Text { table: Box<dyn KeyTable>, word: usize, shift: u32, ids: Vec<u32> },
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(keys, values) => dictionary::takes(keys, values),
        other => *other == DataType::Utf8View,
    }
}

pub(super) fn is_word(data_type: &DataType) -> bool {
    int::takes(data_type) || matches!(data_type, DataType::Boolean | DataType::Float64)
}

/// The number of words for keys of these types, if all of them can be parts of words.
pub(super) fn words(types: &[DataType]) -> Option<usize> {
    let texts = types.iter().filter(|data_type| is_text(data_type)).count();
    let whole = types.iter().filter(|data_type| is_word(data_type)).count();
    let words = (texts + 1).div_ceil(2) + whole;
    (texts + whole == types.len() && words <= WORDS_MAX).then_some(words)
}

impl<const WORDS: usize> Composite<WORDS> {
    /// A table for keys of types with as many [`words`].
    pub(super) fn new(types: &[DataType]) -> Self {
        // Half words first; the very first one is for nulls.
        let (mut halves, mut nulls) = (1, 0);
        let mut word = (types.iter().filter(|data_type| is_text(data_type)).count() + 1).div_ceil(2);
        let parts = types.iter().map(|data_type| {
            if is_word(data_type) {
                (word, nulls) = (word + 1, nulls + 1);
                return Part::Word { data_type: data_type.clone(), word: word - 1, null: 1 << (nulls - 1) };
            }
            halves += 1;
            let table: Box<dyn KeyTable> = match data_type {
                DataType::Utf8View => Box::<text::Texts>::default(),
                _ => Box::<dictionary::Dictionaries>::default(),
            };
            Part::Text { table, word: (halves - 1) / 2, shift: if halves % 2 == 0 { 32 } else { 0 }, ids: Vec::new() }
        });
        Self { parts: parts.collect(), table: HashTable::new(), keys: Vec::new(), packed: Vec::new() }
    }

    fn pack(&mut self, keys: &[ArrayRef], rows: usize) -> Result<()> {
        self.packed.clear();
        self.packed.resize(rows, [0; WORDS]);
        for (part, column) in self.parts.iter_mut().zip(keys) {
            match part {
                Part::Text { table, word, shift, ids } => {
                    table.assign(std::slice::from_ref(column), rows, ids)?;
                    self.packed.iter_mut().zip(ids).for_each(|(key, id)| key[*word] |= u64::from(*id) << *shift);
                }
                Part::Word { word, null, .. } => {
                    let values = to_words(column)?;
                    let rows = self.packed.iter_mut().zip(values.values());
                    match values.nulls().filter(|nulls| nulls.null_count() > 0) {
                        None => rows.for_each(|(key, value)| key[*word] = *value as u64),
                        Some(nulls) => rows.zip(nulls).for_each(|((key, value), valid)| {
                            key[*word] = if valid { *value as u64 } else { 0 };
                            key[0] |= if valid { 0 } else { *null };
                        }),
                    }
                }
            }
        }
        Ok(())
    }
}

/// A column as 64-bit words: whole numbers as such, floats by their bits.
pub(super) fn to_words(column: &ArrayRef) -> Result<Int64Array> {
    if let Some(floats) = column.as_primitive_opt::<Float64Type>() {
        return Ok(Int64Array::new(floats.values().inner().clone().into(), floats.nulls().cloned()));
    }
    let ints =
        if *column.data_type() == DataType::Boolean { cast(column, &DataType::Int64)? } else { int::convert(column, &DataType::Int64)? };
    Ok(ints.as_primitive::<Int64Type>().clone())
}

fn of_words(words: Int64Array, data_type: &DataType) -> Result<ArrayRef> {
    Ok(match data_type {
        DataType::Float64 => Arc::new(Float64Array::new(words.values().inner().clone().into(), words.nulls().cloned())),
        DataType::Boolean => cast(&words, data_type)?,
        _ => int::convert(&(Arc::new(words) as ArrayRef), data_type)?,
    })
}

#[inline(always)]
fn hash_of<const WORDS: usize>(key: &[u64; WORDS]) -> u64 {
    let first = hash::words(key[0], if WORDS > 1 { key[1] } else { 0 });
    key.iter().skip(2).fold(first, |hash, word| hash::combine(hash, *word))
}

impl<const WORDS: usize> KeyTable for Composite<WORDS> {
    fn assign(&mut self, keys: &[ArrayRef], rows: usize, groups: &mut Vec<u32>) -> Result<()> {
        self.pack(keys, rows)?;
        groups.clear();
        groups.reserve(rows);
        let (table, keys) = (&mut self.table, &mut self.keys);
        groups.extend(self.packed.iter().map(|key| match table.entry(hash_of(key), |slot| slot.key == *key, |slot| hash_of(&slot.key)) {
            Entry::Occupied(slot) => slot.get().group,
            Entry::Vacant(place) => {
                let group = keys.len() as u32;
                place.insert(Slot { key: *key, group });
                keys.push(*key);
                group
            }
        }));
        Ok(())
    }

    fn len(&self) -> usize {
        self.keys.len()
    }

    fn reserve(&mut self, groups: usize) {
        self.table.reserve(groups, |slot| hash_of(&slot.key));
        self.keys.reserve(groups);
    }

    fn hashes(&self) -> Vec<u64> {
        let mut hashes = vec![0; self.keys.len()];
        for part in &self.parts {
            let rows = hashes.iter_mut().zip(&self.keys);
            match part {
                Part::Text { table, word, shift, .. } => {
                    let of_ids = table.hashes();
                    rows.for_each(|(hash, key)| *hash = hash::combine(*hash, of_ids[(key[*word] >> shift) as u32 as usize]));
                }
                Part::Word { word, null, .. } => {
                    rows.for_each(|(hash, key)| *hash = hash::combine(*hash, if key[0] & null == 0 { key[*word] } else { hash::NULL }));
                }
            }
        }
        hashes
    }

    fn take_keys(&mut self) -> Result<Vec<ArrayRef>> {
        self.take_columns(None)
    }

    fn take_keys_as(&mut self, types: &[DataType]) -> Result<Vec<ArrayRef>> {
        self.take_columns(Some(types))
    }

    fn bytes(&self) -> usize {
        let texts = self.parts.iter().map(|part| match part {
            Part::Text { table, ids, .. } => table.bytes() + ids.capacity() * size_of::<u32>(),
            Part::Word { .. } => 0,
        });
        self.table.allocation_size() + (self.keys.capacity() + self.packed.capacity()) * size_of::<[u64; WORDS]>() + texts.sum::<usize>()
    }
}

impl<const WORDS: usize> Composite<WORDS> {
    /// The keys, which are forgotten; texts as dictionaries where `types` wants that.
    fn take_columns(&mut self, types: Option<&[DataType]>) -> Result<Vec<ArrayRef>> {
        self.table.clear();
        let keys = &self.keys;
        let column = |(at, part): (usize, &mut Part)| -> Result<ArrayRef> {
            let dictionary = types.map(|types| &types[at]);
            match part {
                Part::Text { table, word, shift, .. } => {
                    let texts = table.take_keys()?.pop().ok_or_else(|| Error::internal("a table of texts without its key"))?;
                    let ids = keys.iter().map(|key| (key[*word] >> *shift) as u32);
                    match dictionary {
                        // The numbers are ids already; kernels expect nulls among the ids, not among the values.
                        Some(DataType::Dictionary(_, values)) if texts.len() <= i32::MAX as usize => {
                            let ids: Int32Array = match texts.logical_nulls().filter(|nulls| nulls.null_count() > 0) {
                                None => Int32Array::from_iter_values(ids.map(|id| id as i32)),
                                Some(nulls) => ids.map(|id| nulls.is_valid(id as usize).then_some(id as i32)).collect(),
                            };
                            Ok(Arc::new(DictionaryArray::try_new(ids, cast(&texts, values)?)?))
                        }
                        _ => Ok(take(&texts, &UInt32Array::from_iter_values(ids), None)?),
                    }
                }
                Part::Word { data_type, word, null } => {
                    let words: ScalarBuffer<i64> = keys.iter().map(|key| key[*word] as i64).collect();
                    let valid = BooleanBuffer::collect_bool(keys.len(), |group| keys[group][0] & *null == 0);
                    let nulls = Some(NullBuffer::new(valid)).filter(|nulls| nulls.null_count() > 0);
                    of_words(Int64Array::new(words, nulls), data_type)
                }
            }
        };
        let columns = self.parts.iter_mut().enumerate().map(column).collect();
        self.keys.clear();
        columns
    }
}
