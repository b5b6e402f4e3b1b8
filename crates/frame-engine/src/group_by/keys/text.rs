//! One text key. A key of up to twelve bytes is compared as the 128 bits of its Arrow view, one of up to 32 as four words; a longer one
//! is compared where it lies, in an arena.

use std::ops::Deref;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray};
use arrow::buffer::{Buffer, NullBuffer, ScalarBuffer};
use frame_core::{Result, hash};
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::KeyTable;

/// Texts up to this length lie in the view itself.
const INLINE_MAX: u32 = 12;
/// Texts up to this length are compared as four words, without a look into the arena.
const MEDIUM_MAX: usize = 32;
/// The most bytes in one block of the arena: offsets in views have 31 bits.
const BLOCK_BYTES: usize = 1 << 30;

#[derive(Default)]
pub(super) struct Texts {
    /// Short and long texts.
    table: HashTable<Slot>,
    /// Texts of 13 to 32 bytes.
    medium: HashTable<Medium>,
    /// View of each group's key, into `arena` if it is long.
    views: Vec<u128>,
    arena: Vec<Vec<u8>>,
    null: Option<u32>,
}

#[derive(Clone, Copy)]
struct Slot {
    view: u128,
    hash: u64,
    group: u32,
}

#[derive(Clone, Copy)]
struct Medium {
    words: [u64; 4],
    len: u32,
    group: u32,
}

impl Medium {
    #[inline(always)]
    fn hash(&self) -> u64 {
        hash::of_four_words(self.words, self.len.into())
    }
}

#[inline(always)]
fn len(view: u128) -> u32 {
    view as u32
}

/// The bytes of a long text.
#[inline(always)]
fn long<B: Deref<Target = [u8]>>(view: u128, blocks: &[B]) -> &[u8] {
    let (block, offset) = ((view >> 64) as u32 as usize, (view >> 96) as usize);
    &blocks[block][offset..offset + len(view) as usize]
}

/// The hash of the text that `view` points at in `buffers`.
#[inline(always)]
pub(super) fn hash_of<B: Deref<Target = [u8]>>(view: u128, buffers: &[B]) -> u64 {
    match len(view) {
        ..=INLINE_MAX => hash::words(view as u64, (view >> 64) as u64),
        _ => hash::bytes(long(view, buffers)),
    }
}

impl Texts {
    /// The group of the text that `view` points at in `buffers`.
    #[inline(always)]
    pub(super) fn group<B: Deref<Target = [u8]>>(&mut self, view: u128, buffers: &[B]) -> u32 {
        if len(view) <= INLINE_MAX {
            let hash = hash::words(view as u64, (view >> 64) as u64);
            return match self.table.entry(hash, |slot| slot.view == view, |slot| slot.hash) {
                Entry::Occupied(slot) => slot.get().group,
                Entry::Vacant(place) => {
                    let group = self.views.len() as u32;
                    place.insert(Slot { view, hash, group });
                    self.views.push(view);
                    group
                }
            };
        }
        let text = long(view, buffers);
        if text.len() <= MEDIUM_MAX { self.medium_group(view, text) } else { self.long_group(view, text) }
    }

    #[inline(never)]
    fn medium_group(&mut self, view: u128, text: &[u8]) -> u32 {
        let new = Medium { words: hash::four_words(text), len: len(view), group: self.views.len() as u32 };
        let is_same = |slot: &Medium| {
            let differs = |at: usize| slot.words[at] ^ new.words[at];
            differs(0) | differs(1) | differs(2) | differs(3) | u64::from(slot.len ^ new.len) == 0
        };
        match self.medium.entry(new.hash(), is_same, Medium::hash) {
            Entry::Occupied(slot) => slot.get().group,
            Entry::Vacant(place) => {
                place.insert(new);
                let view = self.store(view, text);
                self.views.push(view);
                new.group
            }
        }
    }

    #[inline(never)]
    fn long_group(&mut self, view: u128, text: &[u8]) -> u32 {
        let hash = hash::bytes(text);
        // Length and first four bytes tell most texts apart without a look into the arena.
        let is_same = |slot: &Slot| slot.view as u64 == view as u64 && long(slot.view, &self.arena) == text;
        if let Some(slot) = self.table.find(hash, is_same) {
            return slot.group;
        }
        let view = self.store(view, text);
        let group = self.views.len() as u32;
        self.table.insert_unique(hash, Slot { view, hash, group }, |slot| slot.hash);
        self.views.push(view);
        group
    }

    fn store(&mut self, view: u128, text: &[u8]) -> u128 {
        if self.arena.last().is_none_or(|block| block.len() + text.len() > BLOCK_BYTES) {
            self.arena.push(Vec::new());
        }
        let block = self.arena.len() - 1;
        let offset = self.arena[block].len();
        self.arena[block].extend_from_slice(text);
        u128::from(view as u64) | (block as u128) << 64 | (offset as u128) << 96
    }

    /// The hashes of the groups from this one on.
    pub(super) fn hashes_from(&self, group: usize) -> Vec<u64> {
        let mut hashes: Vec<u64> = self.views[group..].iter().map(|view| hash_of(*view, &self.arena)).collect();
        if let Some(hash) = self.null.and_then(|null| hashes.get_mut((null as usize).checked_sub(group)?)) {
            *hash = hash::NULL;
        }
        hashes
    }

    /// The group of nulls for the rows up to `end` that have none.
    fn fill_with_null(&mut self, groups: &mut Vec<u32>, end: usize) {
        if groups.len() < end {
            groups.resize(end, self.null_group());
        }
    }

    pub(super) fn null_group(&mut self) -> u32 {
        let views = &mut self.views;
        *self.null.get_or_insert_with(|| {
            views.push(0);
            views.len() as u32 - 1
        })
    }
}

impl KeyTable for Texts {
    fn assign(&mut self, keys: &[ArrayRef], rows: usize, groups: &mut Vec<u32>) -> Result<()> {
        let texts = keys[0].as_string_view();
        let buffers = texts.data_buffers();
        groups.clear();
        groups.reserve(rows);
        match texts.nulls().filter(|nulls| nulls.null_count() > 0) {
            None => groups.extend(texts.views().iter().map(|view| self.group(*view, buffers))),
            Some(nulls) => {
                for (start, end) in nulls.valid_slices() {
                    self.fill_with_null(groups, start);
                    groups.extend(texts.views()[start..end].iter().map(|view| self.group(*view, buffers)));
                }
                self.fill_with_null(groups, rows);
            }
        }
        Ok(())
    }

    fn len(&self) -> usize {
        self.views.len()
    }

    fn hashes(&self) -> Vec<u64> {
        self.hashes_from(0)
    }

    fn take_keys(&mut self) -> Result<Vec<ArrayRef>> {
        self.table.clear();
        self.medium.clear();
        let views = std::mem::take(&mut self.views);
        let nulls = self.null.take().map(|null| (0..views.len()).map(|group| group as u32 != null).collect::<NullBuffer>());
        let buffers: Vec<_> = std::mem::take(&mut self.arena).into_iter().map(Buffer::from_vec).collect();
        Ok(vec![Arc::new(StringViewArray::try_new(ScalarBuffer::from(views), buffers, nulls)?)])
    }

    fn bytes(&self) -> usize {
        let arena: usize = self.arena.iter().map(Vec::capacity).sum();
        self.table.allocation_size() + self.medium.allocation_size() + self.views.capacity() * size_of::<u128>() + arena
    }
}
