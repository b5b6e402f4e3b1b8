//! Several keys, each a text or what fits 64 bits: a row's key is a few words, compared and hashed as such.
//!
//! A text goes in as the number that a table of its own gives it. The first half word says which of the others are null.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, UInt32Array};
use arrow::buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, UInt32Type};
use frame_core::{Error, Result, hash};
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::index::Index;
use super::{KeyTable, dictionary, int, text};

/// The most words of a key.
pub(super) const WORDS_MAX: usize = 8;

pub(super) struct Composite<const WORDS: usize> {
    parts: Vec<Part>,
    table: Table<WORDS>,
    /// Key of each group.
    keys: Vec<[u64; WORDS]>,
    /// Keys of the batch in hand.
    packed: Vec<[u64; WORDS]>,
}

/// Where groups are found.
enum Table<const WORDS: usize> {
    /// With their keys: keys that come again need one look.
    Keys(HashTable<Slot<WORDS>>),
    /// Without: so many groups fit the cache better, and keys that are new need no look at others.
    Numbers(Index),
}

#[derive(Clone, Copy)]
struct Slot<const WORDS: usize> {
    key: [u64; WORDS],
    group: u32,
}

/// A table of more bytes does not fit the cache of a core.
const CACHED_BYTES: usize = 1 << 20;

/// How one of the keys becomes part of the words.
enum Part {
    /// A word of its own, and the bit that says that it is null.
    Word { data_type: DataType, word: usize, null: u64 },
    /// Half a word.
    Text { table: Box<dyn KeyTable>, word: usize, shift: u32, ids: Vec<u32> },
    /// Half a word, and the bit that says that it is null.
    Half { word: usize, shift: u32, null: u64 },
}

pub(in crate::group_by) fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(keys, values) => dictionary::takes(keys, values),
        other => *other == DataType::Utf8View,
    }
}

pub(in crate::group_by) fn is_word(data_type: &DataType) -> bool {
    int::takes(data_type) || matches!(data_type, DataType::Boolean | DataType::Float64)
}

fn is_half(data_type: &DataType) -> bool {
    *data_type == DataType::UInt32
}

/// The number of words for keys of these types, if all of them can be parts of words.
pub(super) fn words(types: &[DataType]) -> Option<usize> {
    let halves = halves(types);
    let whole = types.iter().filter(|data_type| is_word(data_type) && !is_half(data_type)).count();
    let words = (halves + 1).div_ceil(2) + whole;
    (halves + whole == types.len() && words <= WORDS_MAX).then_some(words)
}

/// The number of keys that take half a word.
fn halves(types: &[DataType]) -> usize {
    types.iter().filter(|data_type| is_text(data_type) || is_half(data_type)).count()
}

impl<const WORDS: usize> Composite<WORDS> {
    /// A table for keys of types with as many [`words`].
    pub(super) fn new(types: &[DataType]) -> Self {
        // Half words first; the very first one is for nulls.
        let (mut halves, mut nulls) = (1, 0);
        let mut word = (self::halves(types) + 1).div_ceil(2);
        let parts = types.iter().map(|data_type| {
            if is_word(data_type) {
                nulls += 1;
            }
            let null = 1 << (nulls.max(1) - 1);
            if is_word(data_type) && !is_half(data_type) {
                word += 1;
                return Part::Word { data_type: data_type.clone(), word: word - 1, null };
            }
            halves += 1;
            let (word, shift) = ((halves - 1) / 2, if halves % 2 == 0 { 32 } else { 0 });
            match data_type {
                DataType::UInt32 => Part::Half { word, shift, null },
                DataType::Utf8View => Part::Text { table: Box::<text::Texts>::default(), word, shift, ids: Vec::new() },
                _ => Part::Text { table: Box::<dictionary::Dictionaries>::default(), word, shift, ids: Vec::new() },
            }
        });
        Self { parts: parts.collect(), table: Table::Keys(HashTable::new()), keys: Vec::new(), packed: Vec::new() }
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
                Part::Half { word, shift, null } => {
                    let values = column.as_primitive::<UInt32Type>();
                    for (row, key) in self.packed.iter_mut().enumerate() {
                        match values.is_valid(row) {
                            true => key[*word] |= u64::from(values.value(row)) << *shift,
                            false => key[0] |= *null,
                        }
                    }
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

/// Which keys lack the bit that says that a part is null, if some have it.
fn valid<const WORDS: usize>(keys: &[[u64; WORDS]], null: u64) -> Option<NullBuffer> {
    let valid = BooleanBuffer::collect_bool(keys.len(), |group| keys[group][0] & null == 0);
    Some(NullBuffer::new(valid)).filter(|nulls| nulls.null_count() > 0)
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
        let keys = &mut self.keys;
        match &mut self.table {
            Table::Keys(table) => groups.extend(self.packed.iter().map(|key| {
                match table.entry(hash_of(key), |slot| slot.key == *key, |slot| hash_of(&slot.key)) {
                    Entry::Occupied(slot) => slot.get().group,
                    Entry::Vacant(place) => {
                        let group = keys.len() as u32;
                        place.insert(Slot { key: *key, group });
                        keys.push(*key);
                        group
                    }
                }
            })),
            Table::Numbers(index) => groups.extend(self.packed.iter().map(|key| {
                let group = index.group((hash_of(key) >> 32) as u32, keys.len() as u32, |group| keys[group as usize] == *key);
                if group as usize == keys.len() {
                    keys.push(*key);
                }
                group
            })),
        }
        Ok(())
    }

    fn len(&self) -> usize {
        self.keys.len()
    }

    fn reserve(&mut self, groups: usize) {
        if self.keys.is_empty() && groups * size_of::<Slot<WORDS>>() > CACHED_BYTES {
            self.table = Table::Numbers(Index::default());
        }
        match &mut self.table {
            Table::Keys(table) => table.reserve(groups, |slot| hash_of(&slot.key)),
            Table::Numbers(index) => index.reserve(groups),
        }
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
                Part::Half { word, shift, null } => rows.for_each(|(hash, key)| {
                    let value = u64::from((key[*word] >> shift) as u32);
                    *hash = hash::combine(*hash, if key[0] & null == 0 { value } else { hash::NULL });
                }),
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
            Part::Word { .. } | Part::Half { .. } => 0,
        });
        let table = match &self.table {
            Table::Keys(table) => table.allocation_size(),
            Table::Numbers(index) => index.bytes(),
        };
        table + (self.keys.capacity() + self.packed.capacity()) * size_of::<[u64; WORDS]>() + texts.sum::<usize>()
    }
}

impl<const WORDS: usize> Composite<WORDS> {
    /// The keys, which are forgotten; texts as dictionaries where `types` wants that.
    fn take_columns(&mut self, types: Option<&[DataType]>) -> Result<Vec<ArrayRef>> {
        match &mut self.table {
            Table::Keys(table) => table.clear(),
            Table::Numbers(index) => index.clear(),
        }
        let keys = &self.keys;
        let column = |(at, part): (usize, &mut Part)| -> Result<ArrayRef> {
            match part {
                Part::Text { table, word, shift, .. } => {
                    let texts = table.take_keys()?.pop().ok_or_else(|| Error::internal("a table of texts without its key"))?;
                    let ids = keys.iter().map(|key| (key[*word] >> *shift) as u32);
                    dictionary::of_numbers(&texts, ids, types.map(|types| &types[at]))
                }
                Part::Half { word, shift, null } => {
                    let values: ScalarBuffer<u32> = keys.iter().map(|key| (key[*word] >> *shift) as u32).collect();
                    Ok(Arc::new(UInt32Array::new(values, valid(keys, *null))))
                }
                Part::Word { data_type, word, null } => {
                    let words: ScalarBuffer<i64> = keys.iter().map(|key| key[*word] as i64).collect();
                    of_words(Int64Array::new(words, valid(keys, *null)), data_type)
                }
            }
        };
        let columns = self.parts.iter_mut().enumerate().map(column).collect();
        self.keys.clear();
        columns
    }
}
