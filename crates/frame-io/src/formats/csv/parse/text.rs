//! Text columns: views over the read buffer, without a copy; only fields with doubled quotes are written anew.

use std::borrow::Cow;
use std::hint::select_unpredictable;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, StringViewArray};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};
use arrow::error::ArrowError;

use super::{Field, Rows, unquoted};

/// Texts up to this length lie in the view itself.
const INLINE_MAX: usize = 12;

/// The views of one column before the read buffer is shared.
#[derive(Debug)]
pub(in super::super) struct Texts {
    views: Vec<u128>,
    nulls: Option<NullBuffer>,
    /// Values that stand nowhere in the read buffer as they are.
    rewritten: Vec<u8>,
    /// Whether some view points into the read buffer.
    shares_chunk: bool,
    /// All texts are short and without a byte beyond ASCII.
    is_ascii: bool,
}

/// A view of `text`, which lies at `offset` of buffer `buffer`.
fn view(text: &[u8], buffer: u32, offset: usize) -> u128 {
    let mut inline = [0; 16];
    let stored = text.len().min(if text.len() <= INLINE_MAX { INLINE_MAX } else { 4 });
    inline[4..4 + stored].copy_from_slice(&text[..stored]);
    let place = if text.len() <= INLINE_MAX { 0 } else { u128::from(buffer) << 64 | (offset as u128) << 96 };
    u128::from_le_bytes(inline) | text.len() as u128 | place
}

/// The view of a field without quotes. Long and short ones mix in most columns, so there is no branch between them: it would be guessed
/// wrong too often.
#[inline(always)]
fn plain_view(field: Field<'_>) -> u128 {
    let size = field.len();
    let (low, high) = field.around_start();
    let is_short = size <= INLINE_MAX;
    let (keep_low, keep_high) = KEEP[select_unpredictable(is_short, size, INLINE_MAX)];
    let high = select_unpredictable(is_short, high & keep_high, (field.start as u64) << 32);
    u128::from(low & keep_low | size as u64) | u128::from(high) << 64
}

/// Whether the text of a view has no bytes.
#[inline(always)]
fn is_empty(view: u128) -> bool {
    view as u32 == 0
}

/// The bits of a view of a short text that only bytes beyond ASCII set.
const HIGH: u128 = u128::from_le_bytes([0, 0, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80]);

/// The view of a quoted field that begins at `start` of the chunk. A text that stands nowhere as it is goes to `rewritten`.
#[inline(never)]
fn quoted_view(field: &[u8], start: usize, rewritten: &mut Vec<u8>) -> u128 {
    match unquoted(field) {
        Some(Cow::Borrowed(inner)) => view(inner, 0, start + 1),
        Some(Cow::Owned(inner)) => {
            let offset = rewritten.len();
            if inner.len() > INLINE_MAX {
                rewritten.extend(&inner);
            }
            view(&inner, 1, offset)
        }
        None => view(field, 0, start),
    }
}

/// The bits of a view that hold the first n bytes of a text: of its first four bytes, then of the eight behind them.
const KEEP: [(u64, u64); INLINE_MAX + 1] = {
    let mut masks = [(0, 0); INLINE_MAX + 1];
    let mut size = 1;
    while size <= INLINE_MAX {
        let (low, high) = masks[size - 1];
        masks[size] = if size <= 4 { (low | 0xff << (24 + 8 * size), high) } else { (low, high | 0xff << (8 * (size - 5))) };
        size += 1;
    }
    masks
};

impl Texts {
    /// Reads column `column`; only rows for which `keep` is true get a view.
    pub(in super::super) fn parse(rows: &Rows<'_>, column: usize, keep: Option<&BooleanArray>) -> Self {
        let kept = keep.map_or(rows.len(), BooleanArray::true_count);
        let mut texts = Self { views: vec![0; kept], nulls: None, rewritten: Vec::new(), shares_chunk: false, is_ascii: true };
        match keep {
            None => texts.read_all(|| rows.column(column)),
            Some(keep) => texts.read_all(|| keep.values().set_indices().map(|row| rows.field(row, column))),
        }
        texts
    }

    #[inline(always)]
    fn read_all<'a, I: Iterator<Item = Field<'a>>>(&mut self, fields: impl Fn() -> I) {
        let mut longest = 0;
        let mut shortest = usize::MAX;
        let mut high = 0;
        // A text of two quotes is empty, and not null.
        let mut has_empty = false;
        let Self { views, rewritten, .. } = self;
        for (view, field) in views.iter_mut().zip(fields()) {
            let size = field.len();
            longest = longest.max(size);
            shortest = shortest.min(size);
            *view = if field.is_quoted() {
                let quoted = quoted_view(field.bytes(), field.start, rewritten);
                has_empty |= is_empty(quoted);
                quoted
            } else {
                plain_view(field)
            };
            // Of a longer text the view holds a place, which may look like anything.
            high |= *view;
        }
        self.is_ascii = longest <= INLINE_MAX && high & HIGH == 0;
        self.shares_chunk |= longest > INLINE_MAX;
        let valid = || match has_empty {
            false => BooleanBuffer::collect_bool(views.len(), |row| !is_empty(views[row])),
            true => {
                let mut fields = fields();
                BooleanBuffer::collect_bool(views.len(), |_| fields.next().is_some_and(|field| !field.is_empty()))
            }
        };
        self.nulls = (shortest == 0).then(|| NullBuffer::new(valid()));
    }

    /// Whether the texts are known to be UTF-8, as they are short and ASCII; if not, [`invalid_utf8`] tells.
    pub(in super::super) fn are_ascii(&self) -> bool {
        self.is_ascii
    }

    /// Whether [`Texts::finish`] will keep the read buffer alive.
    pub(in super::super) fn shares_chunk(&self) -> bool {
        self.shares_chunk
    }

    /// The array; `chunk` is the read buffer, needed if [`Texts::shares_chunk`].
    ///
    /// # Errors
    /// An Arrow error if the text is not UTF-8 and `trusted` is false.
    pub(in super::super) fn finish(self, chunk: Option<&Buffer>, trusted: bool) -> Result<ArrayRef, ArrowError> {
        let empty = Buffer::from_vec(Vec::<u8>::new());
        let buffers = if self.shares_chunk || !self.rewritten.is_empty() {
            vec![chunk.cloned().unwrap_or(empty), Buffer::from_vec(self.rewritten)]
        } else {
            Vec::new()
        };
        let views = ScalarBuffer::from(self.views);
        if trusted {
            // SAFETY: every view was made here from a field within the chunk or from `rewritten`, and the caller has checked that the
            // fields are UTF-8; unquoting takes away ASCII bytes only.
            return Ok(Arc::new(unsafe { StringViewArray::new_unchecked(views, buffers, self.nulls) }));
        }
        Ok(Arc::new(StringViewArray::try_new(views, buffers, self.nulls)?))
    }
}

/// The first row whose field in `column` is not UTF-8.
pub(in super::super) fn invalid_utf8(rows: &Rows<'_>, column: usize) -> Option<usize> {
    // Where records are short, all of their bytes are checked faster than one field of each is looked at.
    const SHORT_RECORD: usize = 32;
    let are_short = rows.all_bytes().len() < SHORT_RECORD * rows.len();
    if (are_short || !is_ascii(rows, column)) && simdutf8::basic::from_utf8(rows.all_bytes()).is_err() {
        return (0..rows.len()).find(|row| simdutf8::basic::from_utf8(rows.field(*row, column).bytes()).is_err());
    }
    None
}

/// The first n of sixteen bytes.
const FIRST: [u128; 17] = {
    let mut masks = [0; 17];
    let mut size = 1;
    while size <= 16 {
        masks[size] = masks[size - 1] << 8 | 0xff;
        size += 1;
    }
    masks
};

/// Whether no field in `column` has a byte beyond ASCII.
fn is_ascii(rows: &Rows<'_>, column: usize) -> bool {
    const HIGH: u128 = u128::from_le_bytes([0x80; 16]);
    let mut high = 0;
    let mut long = true;
    for field in rows.column(column) {
        let size = field.len();
        match FIRST.get(size) {
            Some(first) => high |= field.leading() & first,
            None => long &= field.bytes().is_ascii(),
        }
    }
    high & HIGH == 0 && long
}
