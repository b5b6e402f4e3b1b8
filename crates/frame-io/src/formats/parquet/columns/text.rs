//! Text: ids of the chunk's dictionary stay ids; plain text becomes views into its page.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, DictionaryArray, Int32Array, StringArray, StringViewArray, make_view};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type};
use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::errors::{ParquetError, Result};

use super::flat::Values;
use super::hybrid::Hybrid;
use super::numbers::{check_ids, ids_of, unexpected};
use super::validity::{Slots, Stretch};

/// Decodes text.
pub(super) struct Text {
    data_type: DataType,
    dictionary: Arc<StringArray>,
    has_dictionary: bool,
    /// The dictionary's values as views into its bytes, the first buffer; made when they are asked for.
    known: Option<Vec<u128>>,
    page: PageValues,
    /// The batch so far, while all its pages had ids of one dictionary …
    ids: Slots<i32>,
    /// … and once one had plain text.
    views: Option<Views>,
}

enum PageValues {
    /// ASCII as a whole, lengths included, is UTF-8 in all its parts, which one fast look tells.
    Plain {
        bytes: Bytes,
        at: usize,
        is_ascii: bool,
    },
    Ids(Hybrid),
}

/// A batch as views into `buffers`.
struct Views {
    slots: Slots<u128>,
    buffers: Vec<Buffer>,
    /// Whether the last of `buffers` is the current page.
    has_page: bool,
    /// Whether all of it is known to be UTF-8.
    is_checked: bool,
    ids: Vec<i32>,
}

impl Text {
    /// Text that comes out as `data_type`: views, or a dictionary.
    pub(super) fn new(data_type: &DataType) -> Self {
        Self {
            data_type: data_type.clone(),
            dictionary: Arc::new(StringArray::new_null(0)),
            has_dictionary: false,
            known: None,
            page: PageValues::Plain { bytes: Bytes::new(), at: 0, is_ascii: true },
            ids: Slots::new(),
            views: None,
        }
    }
}

impl Values for Text {
    fn set_dictionary(&mut self, bytes: Bytes, count: usize) -> Result<()> {
        let mut offsets = Vec::with_capacity(count + 1);
        let mut values = Vec::with_capacity(bytes.len());
        let mut at = 0;
        offsets.push(0);
        for _ in 0..count {
            values.extend_from_slice(take_plain(&bytes, &mut at)?);
            // A page is at most as long as an i32 can say.
            offsets.push(values.len() as i32);
        }
        if self.has_dictionary {
            return Err(ParquetError::General("a column has two dictionaries".to_owned()));
        }
        self.has_dictionary = true;
        let dictionary = StringArray::try_new(OffsetBuffer::new(offsets.into()), Buffer::from_vec(values), None)?;
        self.dictionary = Arc::new(dictionary);
        self.known = None;
        Ok(())
    }

    fn set_page(&mut self, encoding: Encoding, bytes: Bytes) -> Result<()> {
        if let Some(views) = &mut self.views {
            views.has_page = false;
        }
        self.page = match encoding {
            Encoding::PLAIN => PageValues::Plain { is_ascii: bytes.is_ascii(), bytes, at: 0 },
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => PageValues::Ids(ids_of(&bytes)?),
            other => return Err(unexpected(other)),
        };
        Ok(())
    }

    fn append(&mut self, stretch: Stretch<'_>) -> Result<()> {
        let Self { dictionary, page, ids, views, known, .. } = self;
        match (page, views) {
            (PageValues::Ids(stream), None) => ids.append(stretch, |count, out| {
                let start = out.len();
                let read = stream.read(count, out).and_then(|()| check_ids(&out[start..], dictionary.len()));
                if read.is_err() {
                    // What is in `ids` was checked, always.
                    out.truncate(start);
                }
                read
            }),
            (PageValues::Ids(stream), Some(views)) => views.append_ids(stretch, stream, known.get_or_insert_with(|| views_of(dictionary))),
            (PageValues::Plain { bytes, at, is_ascii }, views) => {
                let views = views.get_or_insert_with(|| {
                    let values = known.get_or_insert_with(|| views_of(dictionary));
                    Views::new(&ids.take(0), dictionary, values)
                });
                views.is_checked &= *is_ascii;
                views.append_plain(stretch, bytes, at)
            }
        }
    }

    fn skip(&mut self, values: usize) -> Result<()> {
        match &mut self.page {
            PageValues::Plain { bytes, at, .. } => {
                for _ in 0..values {
                    take_plain(bytes, at)?;
                }
                Ok(())
            }
            PageValues::Ids(stream) => stream.skip(values),
        }
    }

    fn finish(&mut self, nulls: Option<NullBuffer>, batch_rows: usize) -> Result<ArrayRef> {
        let array: ArrayRef = match self.views.take() {
            None if self.data_type == DataType::Utf8View => {
                let values = self.known.get_or_insert_with(|| views_of(&self.dictionary));
                let ids = self.ids.take(batch_rows);
                // Null rows may have any id, also one of an empty dictionary.
                let views: Vec<u128> = ids.iter().map(|id| values.get(*id as usize).copied().unwrap_or_default()).collect();
                // SAFETY: `views_of` makes views of the values of a `StringArray`, which are UTF-8, into its bytes, the one buffer here;
                // the default is the view of the empty text.
                Arc::new(unsafe { StringViewArray::new_unchecked(views.into(), vec![self.dictionary.values().clone()], nulls) })
            }
            None => {
                let keys = Int32Array::new(self.ids.take(batch_rows).into(), nulls);
                let values = Arc::clone(&self.dictionary) as ArrayRef;
                // SAFETY: `append` checked every id against the dictionary, which `set_dictionary` cannot replace within a batch:
                // a chunk has one. Null rows repeat such an id, or are 0 and never looked at.
                Arc::new(unsafe { DictionaryArray::<Int32Type>::new_unchecked(keys, values) })
            }
            Some(mut views) if views.is_checked => {
                // SAFETY: `make_view` made the views, of values of a `StringArray`, or of slices of ASCII pages, which are UTF-8; each
                // points into the buffer that holds these bytes.
                Arc::new(unsafe { StringViewArray::new_unchecked(views.slots.take(0).into(), views.buffers, nulls) })
            }
            // This is also where the text is found to be UTF-8, or not.
            Some(mut views) => Arc::new(StringViewArray::try_new(views.slots.take(0).into(), views.buffers, nulls)?),
        };
        Ok(if array.data_type() == &self.data_type { array } else { cast(&array, &self.data_type)? })
    }
}

impl Views {
    /// A batch whose rows so far were `ids`.
    fn new(ids: &[i32], dictionary: &StringArray, values: &[u128]) -> Self {
        let mut views =
            Self { slots: Slots::new(), buffers: vec![dictionary.values().clone()], has_page: false, is_checked: true, ids: Vec::new() };
        views.slots.extend(ids.iter().map(|id| values.get(*id as usize).copied().unwrap_or_default()));
        views
    }

    fn append_plain(&mut self, stretch: Stretch<'_>, page: &Bytes, at: &mut usize) -> Result<()> {
        if !self.has_page {
            self.buffers.push(Buffer::from(page.clone()));
            self.has_page = true;
        }
        let buffer = self.buffers.len() as u32 - 1;
        self.slots.append(stretch, |count, out| {
            out.reserve(count);
            for _ in 0..count {
                let value = take_plain(page, at)?;
                out.push(make_view(value, buffer, (*at - value.len()) as u32));
            }
            Ok(())
        })
    }

    fn append_ids(&mut self, stretch: Stretch<'_>, stream: &mut Hybrid, values: &[u128]) -> Result<()> {
        let ids = &mut self.ids;
        self.slots.append(stretch, |count, out| {
            ids.clear();
            stream.read(count, ids)?;
            check_ids(ids, values.len())?;
            out.extend(ids.iter().map(|id| values[*id as usize]));
            Ok(())
        })
    }
}

/// Views of all values of a dictionary whose bytes are the first buffer.
fn views_of(dictionary: &StringArray) -> Vec<u128> {
    let starts = dictionary.offsets().iter();
    starts.zip(dictionary.iter().flatten()).map(|(start, value)| make_view(value.as_bytes(), 0, *start as u32)).collect()
}

/// The next value in plain encoding: four bytes of length, then the text.
fn take_plain<'a>(bytes: &'a Bytes, at: &mut usize) -> Result<&'a [u8]> {
    let rest = bytes.get(*at..).unwrap_or_default();
    let value = rest.split_first_chunk::<4>().and_then(|(len, rest)| rest.get(..u32::from_le_bytes(*len) as usize));
    let value = value.ok_or_else(|| ParquetError::EOF("a page has fewer values than its header says".to_owned()))?;
    *at += 4 + value.len();
    Ok(value)
}
