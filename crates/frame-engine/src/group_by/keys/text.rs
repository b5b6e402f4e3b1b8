//! One text key. A key of up to twelve bytes is compared as the 128 bits of its Arrow view; a longer one lies in an arena.

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
/// The most bytes in one block of the arena: offsets in views have 31 bits.
const BLOCK_BYTES: usize = 1 << 30;

#[derive(Default)]
pub(super) struct Texts {
    table: HashTable<Slot>,
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

/// Whether two texts of equal length, more than twelve bytes, are the same. Short of a call for most: keys are seldom longer than 32 bytes.
#[inline(always)]
fn are_equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() > 32 {
        return a == b;
    }
    let (a, b) = (hash::four_words(a), hash::four_words(b));
    (a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]) == 0
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
        self.long_group(view, long(view, buffers))
    }

    /// The group of a long text, whose view's low half tells length and first bytes.
    #[inline(never)]
    fn long_group(&mut self, view: u128, text: &[u8]) -> u32 {
        let hash = hash::bytes(text);
        // Length and first four bytes tell most texts apart without a look into the arena.
        let is_same = |slot: &Slot| slot.view as u64 == view as u64 && are_equal(long(slot.view, &self.arena), text);
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
                let rows = texts.views().iter().zip(nulls);
                groups.extend(rows.map(|(view, valid)| if valid { self.group(*view, buffers) } else { self.null_group() }));
            }
        }
        Ok(())
    }

    fn len(&self) -> usize {
        self.views.len()
    }

    fn take_keys(&mut self) -> Result<Vec<ArrayRef>> {
        self.table.clear();
        let views = std::mem::take(&mut self.views);
        let nulls = self.null.take().map(|null| (0..views.len()).map(|group| group as u32 != null).collect::<NullBuffer>());
        let buffers: Vec<_> = std::mem::take(&mut self.arena).into_iter().map(Buffer::from_vec).collect();
        Ok(vec![Arc::new(StringViewArray::try_new(ScalarBuffer::from(views), buffers, nulls)?)])
    }

    fn bytes(&self) -> usize {
        let arena: usize = self.arena.iter().map(Vec::capacity).sum();
        self.table.allocation_size() + self.views.capacity() * size_of::<u128>() + arena
    }
}
