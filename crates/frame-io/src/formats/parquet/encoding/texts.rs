//! Columns of texts: their places in a dictionary, or one behind the other. Texts of up to twelve bytes are told apart by their views alone.

use std::ops::Range;

use arrow::array::{Array, AsArray, StringViewArray};
use arrow::buffer::Buffer;
use frame_core::hash;
use parquet::basic::Encoding;
use parquet::file::statistics::{Statistics, ValueStatistics};

use super::bits::put_places;
use super::bounds::{Bounds, lower, upper};
use super::column::{PAGE_BYTES, Values};
use super::pages::{ChunkFacts, PageFacts};
use super::table::Table;

/// Texts up to this length lie in the view itself.
const INLINE_MAX: usize = 12;

/// A text of an array.
#[derive(Clone, Copy)]
struct Text<'a> {
    view: u128,
    buffers: &'a [Buffer],
}

impl<'a> Text<'a> {
    #[inline(always)]
    fn len(self) -> usize {
        self.view as u32 as usize
    }

    #[inline(always)]
    fn is_short(self) -> bool {
        self.len() <= INLINE_MAX
    }

    /// The bytes of a text that is not short.
    #[inline(always)]
    fn long(self) -> &'a [u8] {
        let (buffer, offset) = ((self.view >> 64) as u32 as usize, (self.view >> 96) as usize);
        &self.buffers[buffer][offset..offset + self.len()]
    }

    /// Appends the bytes.
    #[inline(always)]
    fn put(self, out: &mut Vec<u8>) {
        if self.is_short() {
            out.extend_from_slice(&self.view.to_le_bytes()[4..4 + self.len()])
        } else {
            out.extend_from_slice(self.long())
        }
    }
}

/// The first eight bytes as a number that is ordered as texts are, as far as these bytes tell.
#[inline(always)]
fn start(text: &[u8]) -> u64 {
    let mut start = [0; 8];
    match text.first_chunk() {
        Some(first) => start = *first,
        None => start[..text.len()].copy_from_slice(text),
    }
    u64::from_be_bytes(start)
}

/// The different texts.
#[derive(Debug, Default)]
struct Dictionary {
    table: Table,
    /// The view of each, of a long one with its place in `bytes` in the upper half.
    views: Vec<u128>,
    starts: Vec<u64>,
    /// Where each begins in `bytes`.
    offsets: Vec<u32>,
    /// Each behind its length, as the page of the dictionary has them.
    bytes: Vec<u8>,
}

impl Dictionary {
    /// The place of a text, which is added if it is a new one.
    #[inline(always)]
    fn place(&mut self, text: Text<'_>) -> u32 {
        let Self { table, views, bytes, .. } = self;
        let (place, is_new) = if text.is_short() {
            table.number(hash::words(text.view as u64, (text.view >> 64) as u64), |place| views[place as usize] == text.view)
        } else {
            let long = text.long();
            // Length and first four bytes tell most texts apart.
            let is_same = |place: u32| {
                let view = views[place as usize];
                view as u64 == text.view as u64 && bytes[(view >> 64) as usize..][..long.len()] == *long
            };
            table.number(hash::bytes(long), is_same)
        };
        if is_new {
            self.push(text);
        }
        place
    }

    #[inline(never)]
    fn push(&mut self, text: Text<'_>) {
        self.bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
        let at = self.bytes.len();
        text.put(&mut self.bytes);
        self.views.push(if text.is_short() { text.view } else { u128::from(text.view as u64) | (at as u128) << 64 });
        self.starts.push(start(&self.bytes[at..]));
        self.offsets.push(at as u32);
    }

    fn is_full(&self) -> bool {
        self.bytes.len() >= PAGE_BYTES
    }

    /// The bytes of a text.
    fn text(&self, place: u32) -> &[u8] {
        let place = place as usize;
        &self.bytes[self.offsets[place] as usize..][..self.views[place] as u32 as usize]
    }

    /// The smallest and the largest of these texts: each is looked at once, however often it comes.
    fn bounds(&self, places: &[u32]) -> Option<(Vec<u8>, Vec<u8>)> {
        let mut is_there = vec![false; self.views.len()];
        for place in places {
            is_there[*place as usize] = true;
        }
        let mut there = is_there.iter().zip(0..).filter_map(|(is_there, place)| is_there.then_some(place));
        let first: u32 = there.next()?;
        let (mut min, mut max) = (first, first);
        let (mut low, mut high) = (self.starts[first as usize], self.starts[first as usize]);
        for place in there {
            let start = self.starts[place as usize];
            if start < low || start == low && self.text(place) < self.text(min) {
                (min, low) = (place, start);
            }
            if start > high || start == high && self.text(place) > self.text(max) {
                (max, high) = (place, start);
            }
        }
        Some((self.text(min).to_vec(), self.text(max).to_vec()))
    }
}

/// A page of texts one behind the other.
#[derive(Debug, Default)]
struct Plain {
    /// Each behind its length.
    bytes: Vec<u8>,
    /// Where the smallest and the largest lie, and how they begin.
    min: Option<(Range<usize>, u64)>,
    max: Option<(Range<usize>, u64)>,
}

impl Plain {
    #[inline(always)]
    fn push(&mut self, text: Text<'_>) {
        self.bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
        let at = self.bytes.len();
        text.put(&mut self.bytes);
        let place = at..self.bytes.len();
        let start = start(&self.bytes[at..]);
        let Self { bytes, min, max } = self;
        let is_below = |(other, low): &(Range<usize>, u64)| start < *low || start == *low && bytes[place.clone()] < bytes[other.clone()];
        if min.as_ref().is_none_or(is_below) {
            *min = Some((place.clone(), start));
        }
        let is_above = |(other, high): &(Range<usize>, u64)| start > *high || start == *high && bytes[place.clone()] > bytes[other.clone()];
        if max.as_ref().is_none_or(is_above) {
            *max = Some((place, start));
        }
    }

    fn bounds(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let bytes = |place: &Option<(Range<usize>, u64)>| place.as_ref().map(|(place, _)| self.bytes[place.clone()].to_vec());
        bytes(&self.min).zip(bytes(&self.max))
    }
}

/// A column of texts.
#[derive(Default)]
pub(super) struct Texts {
    dictionary: Option<Dictionary>,
    /// Whether pages refer to the dictionary.
    is_open: bool,
    /// The page in hand: places in the dictionary, or texts.
    places: Vec<u32>,
    plain: Plain,
    text_bytes: usize,
    bounds: Bounds<Vec<u8>>,
}

impl Texts {
    pub(super) fn new(are_repeated: bool) -> Self {
        Self { dictionary: are_repeated.then(Dictionary::default), is_open: are_repeated, ..Self::default() }
    }

    /// Adds texts; gives how many rows that were if no more go into the page.
    #[inline(always)]
    fn add_all<'a>(&mut self, texts: impl Iterator<Item = (usize, Text<'a>)>) -> Option<usize> {
        match &mut self.dictionary {
            Some(dictionary) if self.is_open => {
                for (row, text) in texts {
                    self.text_bytes += text.len();
                    self.places.push(dictionary.place(text));
                    if dictionary.is_full() {
                        self.is_open = false;
                        return Some(row + 1);
                    }
                }
            }
            _ => {
                for (row, text) in texts {
                    self.text_bytes += text.len();
                    self.plain.push(text);
                    if self.plain.bytes.len() >= PAGE_BYTES {
                        return Some(row + 1);
                    }
                }
            }
        }
        None
    }
}

impl Values for Texts {
    fn add(&mut self, array: &dyn Array) -> Option<usize> {
        let texts: &StringViewArray = array.as_string_view();
        let (views, buffers) = (texts.views(), texts.data_buffers());
        match texts.nulls() {
            None => self.add_all(views.iter().map(|view| Text { view: *view, buffers }).enumerate()),
            Some(nulls) => self.add_all(nulls.valid_indices().map(|row| (row, Text { view: views[row], buffers }))),
        }
    }

    fn different(&self) -> usize {
        self.dictionary.as_ref().map_or(0, |dictionary| dictionary.table.len())
    }

    fn bytes(&self) -> usize {
        let dictionary = self.dictionary.as_ref().map_or(0, |known| {
            known.table.bytes() + known.views.len() * (size_of::<u128>() + size_of::<u64>() + size_of::<u32>()) + known.bytes.len()
        });
        dictionary + size_of_val(self.places.as_slice()) + self.plain.bytes.len()
    }

    fn take(&mut self, out: &mut Vec<u8>) -> PageFacts {
        let (encoding, bounds) = match &self.dictionary {
            // A page without any text may come behind a dictionary that is full.
            Some(dictionary) if self.is_open || !self.places.is_empty() => {
                put_places(&self.places, dictionary.views.len(), out);
                let bounds = dictionary.bounds(&self.places);
                self.places.clear();
                (Encoding::RLE_DICTIONARY, bounds)
            }
            _ => {
                let plain = std::mem::take(&mut self.plain);
                out.extend_from_slice(&plain.bytes);
                (Encoding::PLAIN, plain.bounds())
            }
        };
        let text_bytes = std::mem::take(&mut self.text_bytes) as i64;
        let ends = bounds.as_ref().map(|(min, max)| (lower(min).to_vec(), upper(max)));
        if let Some((min, max)) = bounds {
            self.bounds.add(min, max);
        }
        PageFacts { encoding, bounds: ends, text_bytes: Some(text_bytes) }
    }

    fn close(&mut self, nulls: usize) -> (ChunkFacts, Statistics) {
        let statistics = match self.bounds.all() {
            None => ValueStatistics::new(None, None, None, Some(nulls as u64), false),
            Some((min, max)) => {
                let (low, high) = (lower(min), upper(max));
                let (is_min, is_max) = (low.len() == min.len(), high == *max);
                ValueStatistics::new(Some(low.into()), Some(high.into()), None, Some(nulls as u64), false)
                    .with_min_is_exact(is_min)
                    .with_max_is_exact(is_max)
            }
        };
        let dictionary = self.dictionary.take().map(|dictionary| (dictionary.bytes, dictionary.views.len()));
        (ChunkFacts { dictionary, order: self.bounds.order() }, Statistics::ByteArray(statistics))
    }
}
