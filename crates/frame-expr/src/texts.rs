//! Building columns of text without an allocation per row.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray, StringViewBuilder};
use arrow::datatypes::Int64Type;
use frame_core::{Error, QueryError, Result};

/// The longest text that a function makes, in bytes.
pub(crate) const LENGTH_MAX: usize = 64 << 20;

/// A column of `rows` texts. `write` gets a row and an empty text to fill, and says whether the value is not null.
pub(crate) fn build(rows: usize, mut write: impl FnMut(usize, &mut String) -> Result<bool>) -> Result<ArrayRef> {
    let mut builder = StringViewBuilder::with_capacity(rows);
    let mut text = String::new();
    for row in 0..rows {
        text.clear();
        if write(row, &mut text)? {
            builder.append_value(&text);
        } else {
            builder.append_null();
        }
    }
    Ok(Arc::new(builder.finish()))
}

/// Fails if `function` would make a text of so many bytes.
pub(crate) fn check_length(function: &str, bytes: Option<usize>) -> Result<()> {
    if bytes.is_some_and(|bytes| bytes <= LENGTH_MAX) {
        return Ok(());
    }
    Err(Error::new(QueryError::Arithmetic(format!("`{function}` would make a text longer than {} MiB", LENGTH_MAX >> 20))))
}

/// The first `count` characters of a text and the rest.
pub(crate) fn split_at(text: &str, count: usize) -> (&str, &str) {
    if text.is_ascii() {
        return text.split_at(count.min(text.len()));
    }
    text.split_at(text.char_indices().nth(count).map_or(text.len(), |(at, _)| at))
}

/// The number of characters.
pub(crate) fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

/// The ends of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// Before the first character.
    Left,
    /// Behind the last character.
    Right,
    /// Both.
    Both,
}

/// The texts of the first column, without white space at their ends or, with a second column, without any of its characters there.
pub(crate) fn trim(columns: &[ArrayRef], ends: Ends) -> ArrayRef {
    let texts = columns[0].as_string_view();
    let Some(sets) = columns.get(1) else {
        let trim = match ends {
            Ends::Left => str::trim_start,
            Ends::Right => str::trim_end,
            Ends::Both => str::trim,
        };
        return Arc::new(texts.iter().map(|text| text.map(trim)).collect::<StringViewArray>());
    };
    let trim = |text: Option<&'_ str>, set: Option<&str>| -> Option<std::ops::Range<usize>> {
        let (text, set) = (text?, set?);
        let is_in = |letter: char| set.contains(letter);
        let start = if ends == Ends::Right { 0 } else { text.len() - text.trim_start_matches(is_in).len() };
        let end = if ends == Ends::Left { text.len() } else { text.trim_end_matches(is_in).len() };
        Some(start..end.max(start))
    };
    let rows = texts.iter().zip(sets.as_string_view());
    Arc::new(rows.map(|(text, set)| trim(text, set).and_then(|range| text?.get(range))).collect::<StringViewArray>())
}

/// Of each text in the first column as many characters, counted from one end, as the second column says; if that is negative, all but so
/// many at the other end.
pub(crate) fn cut(columns: &[ArrayRef], end: Ends) -> ArrayRef {
    let is_left = end == Ends::Left;
    let rows = columns[0].as_string_view().iter().zip(columns[1].as_primitive::<Int64Type>());
    let parts = rows.map(|(text, count)| {
        let (text, count) = (text?, count?);
        let size = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        let from_left = if (count < 0) == is_left { length(text).saturating_sub(size) } else { size };
        let (left, right) = split_at(text, from_left);
        Some(if is_left { left } else { right })
    });
    Arc::new(parts.collect::<StringViewArray>())
}

/// The texts of the first column, filled up to the length in the second with the text in the third.
pub(crate) fn pad(function: &str, columns: &[ArrayRef], end: Ends) -> Result<ArrayRef> {
    let (texts, fills) = (columns[0].as_string_view(), columns[2].as_string_view());
    let lengths = columns[1].as_primitive::<Int64Type>();
    build(texts.len(), |row, padded| {
        if texts.is_null(row) || lengths.is_null(row) || fills.is_null(row) {
            return Ok(false);
        }
        let (text, fill) = (texts.value(row), fills.value(row));
        let missing = usize::try_from(lengths.value(row)).unwrap_or(0).saturating_sub(length(text));
        if end == Ends::Right {
            padded.push_str(text);
        }
        if !fill.is_empty() && missing > 0 {
            check_length(function, missing.checked_mul(4).and_then(|bytes| bytes.checked_add(text.len())))?;
            padded.extend(fill.chars().cycle().take(missing));
        }
        if end == Ends::Left {
            padded.push_str(text);
        }
        Ok(true)
    })
}
