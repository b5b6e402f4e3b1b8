//! From keys to the rows that have them: tables by bucket of the hash, made in parallel.
//!
//! A key leads to its first row; further rows with the same key are chained behind it in their order. Where keys are there once, the
//! common case, there is no chain. Buckets are what a later spill can put aside one by one.

use frame_core::Result;
use frame_graph::Scheduler;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::keys::{KeyColumn, Keys, is_same_bytes};
use crate::spans::Spans;

/// No row.
pub(super) const NONE: u32 = u32::MAX;

/// A row takes so many bytes of a table: a slot, its place and its hash, and a quarter for the room that tables keep.
pub(super) const ROW_BYTES: usize = 40;

/// A key that is no word takes so many bytes of it: the view of a text.
pub(super) const KEY_BYTES: usize = size_of::<u128>();

/// The number of buckets of a table that has several.
const BUCKETS: usize = 64;

/// Words are numbered from the least one on if they span at most so many times their number.
const DENSE_MAX: i128 = 4;

/// Rows whose hashes are computed and ordered by bucket at a time.
const CHUNK_ROWS: usize = 1 << 18;

/// The bucket of a hash. Tables look at the lowest and the highest bits, buckets at those between.
#[inline(always)]
fn bucket(hash: u64, buckets: usize) -> usize {
    (hash >> 40) as usize & (buckets - 1)
}

/// The rows of one side by key.
#[derive(Debug)]
pub(super) struct Table {
    layout: Layout,
    /// For each row the next one with the same key; empty if all keys are there once.
    next: Vec<u32>,
    /// The lowest row whose key is there above it already.
    repeated: Option<u32>,
    bytes: usize,
}

#[derive(Debug)]
enum Layout {
    /// Every row has the same key.
    Whole { rows: u32 },
    /// One key that is a word, of few different ones between the least and the greatest: the first row of each, from the least on.
    Dense { least: i64, firsts: Vec<u32> },
    /// One key that is a word.
    Words(Vec<HashTable<Word>>),
    /// Any keys, by their hashes.
    Rows { tables: Vec<HashTable<Row>>, keys: Keys },
}

#[derive(Debug, Clone, Copy)]
struct Word {
    key: i64,
    first: u32,
    last: u32,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    hash: u64,
    first: u32,
    last: u32,
}

/// The rows of a chunk in the order of their buckets.
struct Chunk {
    hashes: Vec<u64>,
    order: Vec<u32>,
    spans: Spans,
}

impl Table {
    /// The table of all rows, for joins without keys.
    pub(super) fn whole(rows: u32) -> Self {
        Self { layout: Layout::Whole { rows }, next: Vec::new(), repeated: None, bytes: 0 }
    }

    /// The table of these keys; more than `rows_max` rows are put into several buckets. Without a scheduler one thread makes it.
    pub(super) fn new(keys: Keys, rows_max: usize, scheduler: Option<&Scheduler>) -> Result<Self> {
        if let [KeyColumn::Words(words)] = keys.columns.as_slice()
            && let Some(table) = Self::dense(words.values(), &keys)
        {
            return Ok(table);
        }
        let buckets = if keys.rows > rows_max { BUCKETS } else { 1 };
        let chunks = map(scheduler, keys.rows.div_ceil(CHUNK_ROWS), |at| {
            let first = at * CHUNK_ROWS;
            Ok(chunk(&keys.slice(first, CHUNK_ROWS.min(keys.rows - first)), buckets))
        })?;
        let mut links = Vec::new();
        let layout = if let [KeyColumn::Words(words)] = keys.columns.as_slice() {
            let values = words.values();
            let made = map(scheduler, buckets, |bucket| Ok(words_of(&chunks, bucket, values)))?;
            let (tables, more): (Vec<_>, Vec<_>) = made.into_iter().unzip();
            links.extend(more);
            Layout::Words(tables)
        } else {
            let made = map(scheduler, buckets, |bucket| Ok(rows_of(&chunks, bucket, &keys)))?;
            let (tables, more): (Vec<_>, Vec<_>) = made.into_iter().unzip();
            links.extend(more);
            Layout::Rows { tables, keys: keys.clone() }
        };
        let mut next = Vec::new();
        let mut repeated: Option<u32> = None;
        if links.iter().any(|links| !links.is_empty()) {
            next.resize(keys.rows, NONE);
            for (row, after) in links.into_iter().flatten() {
                next[row as usize] = after;
                repeated = Some(repeated.map_or(after, |lowest| lowest.min(after)));
            }
        }
        let mut table = Self { layout, next, repeated, bytes: 0 };
        table.bytes = table.count_bytes();
        Ok(table)
    }

    /// Bytes of memory that it takes at most to make the table of so many keys that are words within these bounds.
    pub(super) fn bytes_of_words((least, greatest): (i64, i64), rows: usize) -> usize {
        // A slot for each word, and the next row for each row.
        dense_slots((least, greatest), rows).map_or(rows * ROW_BYTES, |slots| (slots + rows) * size_of::<u32>())
    }

    /// The table of words that lie close together, as numbers of things do: no hash, and a few bytes for each.
    fn dense(words: &[i64], keys: &Keys) -> Option<Self> {
        let valid = || words.iter().enumerate().filter(|(row, _)| keys.is_valid(*row));
        let (least, greatest) = valid().fold((i64::MAX, i64::MIN), |(least, greatest), (_, word)| (least.min(*word), greatest.max(*word)));
        let mut firsts = vec![NONE; dense_slots((least, greatest), keys.rows)?];
        let mut next = Vec::new();
        let mut repeated: Option<u32> = None;
        // From the last row on, so that each row finds the one behind it.
        for (row, word) in valid().rev() {
            let first = &mut firsts[word.wrapping_sub(least) as usize];
            let after = std::mem::replace(first, row as u32);
            if after != NONE {
                if next.is_empty() {
                    next.resize(keys.rows, NONE);
                }
                next[row] = after;
                repeated = Some(repeated.map_or(after, |lowest| lowest.min(after)));
            }
        }
        let mut table = Self { layout: Layout::Dense { least, firsts }, next, repeated, bytes: 0 };
        table.bytes = table.count_bytes();
        Some(table)
    }

    fn count_bytes(&self) -> usize {
        let tables = match &self.layout {
            Layout::Whole { .. } => 0,
            Layout::Dense { firsts, .. } => firsts.capacity() * size_of::<u32>(),
            Layout::Words(tables) => tables.iter().map(HashTable::allocation_size).sum(),
            Layout::Rows { tables, keys } => tables.iter().map(HashTable::allocation_size).sum::<usize>() + keys.bytes(),
        };
        tables + self.next.capacity() * size_of::<u32>()
    }

    /// Bytes of memory held.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether no key is there twice.
    pub(super) fn is_unique(&self) -> bool {
        match self.layout {
            Layout::Whole { rows } => rows <= 1,
            _ => self.next.is_empty(),
        }
    }

    /// The lowest row whose key is there above it already.
    pub(super) fn repeated(&self) -> Option<u32> {
        self.repeated
    }

    /// The keys in their order, if they are words, and at most so many.
    pub(super) fn few_words(&self, most: usize) -> Option<Vec<i64>> {
        let mut words: Vec<i64> = match &self.layout {
            Layout::Dense { least, firsts } if firsts.len() <= DENSE_MAX as usize * most => {
                let slots = firsts.iter().enumerate().filter(|(_, first)| **first != NONE);
                slots.map(|(slot, _)| least.wrapping_add(slot as i64)).collect()
            }
            Layout::Words(tables) if tables.iter().map(HashTable::len).sum::<usize>() <= most => {
                tables.iter().flat_map(HashTable::iter).map(|word| word.key).collect()
            }
            _ => return None,
        };
        words.sort_unstable();
        (words.len() <= most).then_some(words)
    }

    /// The next row with the same key.
    #[inline(always)]
    pub(super) fn next(&self, row: u32) -> u32 {
        match self.layout {
            Layout::Whole { rows } => {
                if row + 1 < rows {
                    row + 1
                } else {
                    NONE
                }
            }
            _ => self.next.get(row as usize).copied().unwrap_or(NONE),
        }
    }

    /// Replaces `found` by the first row with the key of each row, or [`NONE`].
    pub(super) fn find(&self, keys: &Keys, found: &mut Vec<u32>) {
        found.clear();
        match &self.layout {
            Layout::Whole { rows } => found.resize(keys.rows, if *rows == 0 { NONE } else { 0 }),
            Layout::Dense { least, firsts } => match keys.columns.as_slice() {
                [KeyColumn::Words(words)] => find_dense(*least, firsts, words.values(), keys, found),
                _ => found.resize(keys.rows, NONE),
            },
            Layout::Words(tables) => match keys.columns.as_slice() {
                [KeyColumn::Words(words)] => find_words(tables, words.values(), keys, found),
                _ => found.resize(keys.rows, NONE),
            },
            Layout::Rows { tables, keys: known } => {
                let mut hashes = Vec::new();
                keys.hash(&mut hashes);
                match (known.columns.as_slice(), keys.columns.as_slice()) {
                    ([KeyColumn::Bytes(known)], [KeyColumn::Bytes(bytes)]) => {
                        find_rows(tables, &hashes, keys, found, |first, row| is_same_bytes(known, first, bytes, row));
                    }
                    _ => find_rows(tables, &hashes, keys, found, |first, row| known.is_equal(first, keys, row)),
                }
            }
        }
    }
}

/// How many slots words within these bounds have, one for each; `None` if so many rows do not need as many.
fn dense_slots((least, greatest): (i64, i64), rows: usize) -> Option<usize> {
    let span = i128::from(greatest) - i128::from(least) + 1;
    (1..=DENSE_MAX * rows as i128 + 1024).contains(&span).then_some(span as usize)
}

/// Runs a task several times, on all threads or on this one.
fn map<T: Send>(scheduler: Option<&Scheduler>, count: usize, task: impl Fn(usize) -> Result<T> + Sync) -> Result<Vec<T>> {
    match scheduler {
        Some(scheduler) => scheduler.map(count, task),
        None => (0..count).map(task).collect(),
    }
}

fn find_dense(least: i64, firsts: &[u32], words: &[i64], keys: &Keys, found: &mut Vec<u32>) {
    // A word below the least one wraps to a place behind all.
    let first = |word: i64| firsts.get(word.wrapping_sub(least) as u64 as usize).copied().unwrap_or(NONE);
    match &keys.nulls {
        None => found.extend(words.iter().map(|word| first(*word))),
        Some(nulls) => found.extend(words.iter().zip(nulls).map(|(word, valid)| if valid { first(*word) } else { NONE })),
    }
}

fn find_words(tables: &[HashTable<Word>], words: &[i64], keys: &Keys, found: &mut Vec<u32>) {
    let first = |word: i64| {
        let hash = frame_core::hash::word(word as u64);
        tables[bucket(hash, tables.len())].find(hash, |slot| slot.key == word).map_or(NONE, |slot| slot.first)
    };
    match &keys.nulls {
        None => found.extend(words.iter().map(|word| first(*word))),
        Some(nulls) => found.extend(words.iter().zip(nulls).map(|(word, valid)| if valid { first(*word) } else { NONE })),
    }
}

#[inline(always)]
fn find_rows(tables: &[HashTable<Row>], hashes: &[u64], keys: &Keys, found: &mut Vec<u32>, is_equal: impl Fn(usize, usize) -> bool) {
    let first = |(row, hash): (usize, &u64)| {
        if !keys.is_valid(row) {
            return NONE;
        }
        let is_it = |slot: &Row| slot.hash == *hash && is_equal(slot.first as usize, row);
        tables[bucket(*hash, tables.len())].find(*hash, is_it).map_or(NONE, |slot| slot.first)
    };
    found.extend(hashes.iter().enumerate().map(first));
}

/// The hashes of a chunk, and its rows by bucket; rows with a null key are left out.
fn chunk(keys: &Keys, buckets: usize) -> Chunk {
    let mut hashes = Vec::new();
    keys.hash(&mut hashes);
    let mut counts = vec![0; buckets];
    let valid = |row: &usize| keys.is_valid(*row);
    (0..keys.rows).filter(valid).for_each(|row| counts[bucket(hashes[row], buckets)] += 1);
    let (spans, mut next) = Spans::of(counts);
    let mut order = vec![0; spans.total()];
    for row in (0..keys.rows).filter(valid) {
        let place = &mut next[bucket(hashes[row], buckets)];
        order[*place] = row as u32;
        *place += 1;
    }
    Chunk { hashes, order, spans }
}

impl Chunk {
    /// The rows of a bucket, in their order.
    fn rows(&self, bucket: usize) -> &[u32] {
        &self.order[self.spans.get(bucket)]
    }
}

fn capacity(chunks: &[Chunk], bucket: usize) -> usize {
    chunks.iter().map(|chunk| chunk.rows(bucket).len()).sum()
}

/// The table of a bucket, and rows with the next one that has the same key.
fn words_of(chunks: &[Chunk], bucket: usize, values: &[i64]) -> (HashTable<Word>, Vec<(u32, u32)>) {
    let mut table: HashTable<Word> = HashTable::with_capacity(capacity(chunks, bucket));
    let mut links = Vec::new();
    for (at, chunk) in chunks.iter().enumerate() {
        let offset = at * CHUNK_ROWS;
        for in_chunk in chunk.rows(bucket) {
            let row = offset + *in_chunk as usize;
            let key = values[row];
            match table.entry(chunk.hashes[*in_chunk as usize], |slot| slot.key == key, |slot| frame_core::hash::word(slot.key as u64)) {
                Entry::Occupied(mut slot) => {
                    let slot = slot.get_mut();
                    links.push((slot.last, row as u32));
                    slot.last = row as u32;
                }
                Entry::Vacant(place) => drop(place.insert(Word { key, first: row as u32, last: row as u32 })),
            }
        }
    }
    (table, links)
}

/// The same for any keys.
fn rows_of(chunks: &[Chunk], bucket: usize, keys: &Keys) -> (HashTable<Row>, Vec<(u32, u32)>) {
    let mut table: HashTable<Row> = HashTable::with_capacity(capacity(chunks, bucket));
    let mut links = Vec::new();
    for (at, chunk) in chunks.iter().enumerate() {
        let offset = at * CHUNK_ROWS;
        for in_chunk in chunk.rows(bucket) {
            let (row, hash) = (offset + *in_chunk as usize, chunk.hashes[*in_chunk as usize]);
            let is_it = |slot: &Row| slot.hash == hash && keys.is_equal(slot.first as usize, keys, row);
            match table.entry(hash, is_it, |slot| slot.hash) {
                Entry::Occupied(mut slot) => {
                    let slot = slot.get_mut();
                    links.push((slot.last, row as u32));
                    slot.last = row as u32;
                }
                Entry::Vacant(place) => drop(place.insert(Row { hash, first: row as u32, last: row as u32 })),
            }
        }
    }
    (table, links)
}

#[cfg(test)]
mod tests {
    use arrow::array::{BinaryViewArray, Int64Array};

    use super::*;

    /// The rows with the key of each row, by the table.
    fn chains(table: &Table, keys: &Keys) -> Vec<Vec<u32>> {
        let mut found = Vec::new();
        table.find(keys, &mut found);
        found
            .iter()
            .map(|first| {
                std::iter::successors(Some(*first), |row| (*row != NONE).then(|| table.next(*row))).take_while(|row| *row != NONE).collect()
            })
            .collect()
    }

    #[test]
    fn tables_of_all_layouts_find_the_rows_in_order() {
        let scheduler = Scheduler::new(2).expect("threads");
        let near: Vec<Option<i64>> = (0..1000).map(|row| (row % 11 != 0).then_some(row * 7 % 90 - 50)).collect();
        let numbers: Vec<Option<i64>> = near.iter().map(|number| number.map(|number| number.wrapping_mul(i64::MAX / 51))).collect();
        let texts: Vec<Option<Vec<u8>>> =
            numbers.iter().map(|number| number.map(|number| format!("a longer text with {number}").into_bytes())).collect();
        let words = KeyColumn::Words(Int64Array::from(numbers.clone()));
        let bytes = KeyColumn::Bytes(BinaryViewArray::from_iter(texts));
        let expected: Vec<Vec<u32>> =
            numbers.iter().map(|key| (0..1000).filter(|row| key.is_some() && numbers[*row as usize] == *key).collect()).collect();
        let dense = KeyColumn::Words(Int64Array::from(near));
        for columns in [vec![dense], vec![words.clone()], vec![bytes.clone()], vec![words, bytes]] {
            for rows_max in [10, 10_000] {
                let keys = Keys::of(columns.clone(), 1000);
                let table = Table::new(keys.clone(), rows_max, Some(&scheduler).filter(|_| rows_max > 10)).expect("a table");
                assert_eq!(chains(&table, &keys), expected);
                assert!(!table.is_unique() && table.bytes() > 0);
                assert_eq!(table.repeated(), Some(91));
            }
        }
    }

    #[test]
    fn keys_that_are_there_once_need_no_chain() {
        let keys = Keys::of(vec![KeyColumn::Words(Int64Array::from(vec![Some(3), None, Some(i64::MIN), None]))], 4);
        let table = Table::new(keys.clone(), 2, None).expect("a table");
        assert!(table.is_unique() && table.repeated().is_none());
        assert_eq!(chains(&table, &keys), [vec![0], vec![], vec![2], vec![]]);
        let whole = Table::whole(3);
        assert_eq!(chains(&whole, &Keys::of(Vec::new(), 2)), [vec![0, 1, 2], vec![0, 1, 2]]);
        assert!(!whole.is_unique() && Table::whole(1).is_unique());
    }
}
