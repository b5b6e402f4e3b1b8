//! What begins as no CSV does: archives, databases. Said at once, before the bytes are taken for text.

use frame_core::{DataError, Error, Result};

/// First bytes, what they mean, and what to try.
const SIGNATURES: [(&[u8], &str, &str); 3] = [
    (b"PK\x03\x04", "a zip archive (as .xlsx files are)", "unpack it first, or save the sheet as CSV"),
    (b"[{", "a JSON array", "a file with an object on each line is read: jq -c '.[]' FILE"),
    (b"SQLite format 3\0", "an SQLite database", "write the table as CSV first: sqlite3 -header -csv FILE 'select * from t'"),
];

/// Checks the first bytes of a file.
///
/// # Errors
/// `DataError::Unsupported` that names what the file is.
pub(super) fn check(first: &[u8], file: &str) -> Result<()> {
    match SIGNATURES.iter().find(|(signature, ..)| first.starts_with(signature)) {
        Some((_, what, hint)) => Err(Error::new(DataError::Unsupported { file: file.to_owned(), what: (*what).to_owned() }).hint(*hint)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn packed_files_are_named_and_text_is_text() {
        for (first, what) in [(b"PK\x03\x04xx".as_slice(), "zip"), (b"[{\"a\":1}]", "JSON array"), (b"SQLite format 3\0", "SQLite")] {
            let error = check(first, "x.csv").expect_err("it is no text");
            assert!(error.to_string().contains(what), "{error}");
            assert!(error.advice().is_some());
        }
        for first in [b"".as_slice(), b"a,b\n", b"BZhang,b\n", b"PK,b\n", b"\xef\xbb\xbfa\n"] {
            assert!(check(first, "x.csv").is_ok(), "{first:?}");
        }
    }
}
