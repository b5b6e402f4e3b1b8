//! What begins as no CSV does: compressed files, archives, UTF-16. Said at once, before the bytes are taken for text.

use frame_core::{DataError, Error, Result};

/// First bytes, what they mean, and what to try.
const SIGNATURES: [(&[u8], &str, &str); 10] = [
    (b"\x1f\x8b", "gzip compression", "unpack it first: gzip -dk FILE"),
    (b"\x28\xb5\x2f\xfd", "zstd compression", "unpack it first: zstd -d FILE"),
    (b"BZh", "bzip2 compression", "unpack it first: bzip2 -dk FILE"),
    (b"\xfd7zXZ\0", "xz compression", "unpack it first: xz -dk FILE"),
    (b"PK\x03\x04", "a zip archive (as .xlsx files are)", "unpack it first, or save the sheet as CSV"),
    (b"\xff\xfe", "UTF-16 text", UTF_16),
    (b"\xfe\xff", "UTF-16 text", UTF_16),
    (b"{\"", "JSON, one object a line", JSON),
    (b"[{", "JSON", JSON),
    (b"SQLite format 3\0", "an SQLite database", "write the table as CSV first: sqlite3 -header -csv FILE 'select * from t'"),
];

const JSON: &str = "reading JSON is not there yet; convert the file to CSV or Parquet first";

const UTF_16: &str = "convert the file first: iconv -f utf-16 -t utf-8 FILE > new.csv";

/// Checks the first bytes of a file.
///
/// # Errors
/// `DataError::Unsupported` that names what the file is.
pub(super) fn check(first: &[u8], file: &str) -> Result<()> {
    // `BZh` alone may begin a header; with the level and the block's mark behind it, it does not.
    let is_text = |signature: &[u8]| signature == b"BZh" && first.get(4..7) != Some(b"1AY");
    match SIGNATURES.iter().find(|(signature, ..)| first.starts_with(signature) && !is_text(signature)) {
        Some((_, what, hint)) => Err(Error::new(DataError::Unsupported { file: file.to_owned(), what: (*what).to_owned() }).hint(*hint)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn packed_files_are_named_and_text_is_text() {
        for (first, what) in [
            (b"\x1f\x8b\x08".as_slice(), "gzip"),
            (b"PK\x03\x04xx", "zip"),
            (b"\xff\xfea\0", "UTF-16"),
            (b"BZh91AY&SY", "bzip2"),
            (b"{\"a\":1}", "JSON"),
        ] {
            let error = check(first, "x.csv").expect_err("it is no text");
            assert!(error.to_string().contains(what), "{error}");
            assert!(error.advice().is_some());
        }
        for first in [b"".as_slice(), b"a,b\n", b"BZhang,b\n", b"PK,b\n", b"\xef\xbb\xbfa\n"] {
            assert!(check(first, "x.csv").is_ok(), "{first:?}");
        }
    }
}
