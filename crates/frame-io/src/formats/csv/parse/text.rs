//! Text columns: views over the read buffer, without a copy; only fields with doubled quotes are written anew.

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
}

/// A view of `text`, which lies at `offset` of buffer `buffer`.
fn view(text: &[u8], buffer: u32, offset: usize) -> u128 {
    let mut inline = [0; 16];
    let stored = text.len().min(if text.len() <= INLINE_MAX { INLINE_MAX } else { 4 });
    inline[4..4 + stored].copy_from_slice(&text[..stored]);
    let place = if text.len() <= INLINE_MAX { 0 } else { u128::from(buffer) << 64 | (offset as u128) << 96 };
    u128::from_le_bytes(inline) | text.len() as u128 | place
}

impl Texts {
    /// Reads column `column`; only rows for which `keep` is true get a view.
    pub(in super::super) fn parse(rows: &Rows<'_>, column: usize, keep: Option<&BooleanArray>) -> Self {
        let mut texts = Self { views: Vec::with_capacity(rows.len()), nulls: None, rewritten: Vec::new(), shares_chunk: false };
        match keep {
            None => texts.push_all((0..rows.len()).map(|row| rows.field(row, column)), rows.len()),
            Some(keep) => {
                let kept = keep.true_count();
                texts.push_all(keep.values().set_indices().map(|row| rows.field(row, column)), kept);
            }
        }
        texts
    }

    #[inline(always)]
    fn push_all<'a>(&mut self, fields: impl Iterator<Item = Field<'a>>, len: usize) {
        let mut valid = vec![0_u64; len.div_ceil(64)];
        let mut long = false;
        let mut nulls = 0;
        for (row, field) in fields.enumerate() {
            let size = field.len();
            let first = field.leading();
            if first as u8 == b'"' && size > 0 {
                self.push_quoted(field);
            } else if size <= INLINE_MAX {
                let text = first & !(u128::MAX << (8 * size));
                self.views.push(text << 32 | size as u128);
                nulls += usize::from(size == 0);
            } else {
                self.views.push(size as u128 | (first & 0xffff_ffff) << 32 | (field.start as u128) << 96);
                long = true;
            }
            valid[row / 64] |= u64::from(size > 0) << (row % 64);
        }
        self.shares_chunk |= long;
        self.nulls = (nulls > 0).then(|| NullBuffer::new(BooleanBuffer::new(Buffer::from_vec(valid), 0, len)));
    }

    #[inline(never)]
    fn push_quoted(&mut self, field: Field<'_>) {
        let view = match unquoted(field.bytes()) {
            Some(std::borrow::Cow::Borrowed(inner)) => {
                self.shares_chunk |= inner.len() > INLINE_MAX;
                view(inner, 0, field.start + 1)
            }
            Some(std::borrow::Cow::Owned(inner)) => {
                let offset = self.rewritten.len();
                if inner.len() > INLINE_MAX {
                    self.rewritten.extend(&inner);
                }
                view(&inner, 1, offset)
            }
            None => view(field.bytes(), 0, field.start),
        };
        self.views.push(view);
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

/// Whether no field in `column` has a byte beyond ASCII.
fn is_ascii(rows: &Rows<'_>, column: usize) -> bool {
    const HIGH: u128 = u128::from_le_bytes([0x80; 16]);
    let mut high = 0;
    let mut long = true;
    for row in 0..rows.len() {
        let field = rows.field(row, column);
        let size = field.len();
        if size <= 16 {
            high |= field.leading() & !u128::MAX.checked_shl(8 * size as u32).unwrap_or(0);
        } else {
            long &= field.bytes().is_ascii();
        }
    }
    high & HIGH == 0 && long
}
