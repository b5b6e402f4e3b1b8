//! Text that is not UTF-8, turned into it while it is read.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult};
use frame_core::{DataError, Error, FilePosition, QueryError, Result};

/// An encoding other than UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    /// The encoding of this name (`latin1`, `windows-1252`, `utf-16le`, `shift_jis` …); `None` for UTF-8, which needs no turning.
    ///
    /// # Errors
    /// A usage error for a name that nobody knows.
    pub fn named(name: &str) -> Result<Option<Self>> {
        let label = match name.to_ascii_lowercase().as_str() {
            "latin-1" => "latin1".to_owned(),
            "utf-16" | "utf16" => "utf-16le".to_owned(),
            other => other.to_owned(),
        };
        match encoding_rs::Encoding::for_label(label.as_bytes()) {
            Some(found) => Ok((found != encoding_rs::UTF_8).then_some(Self(found))),
            None => Err(Error::new(QueryError::Usage(format!("`{name}` is no encoding")))
                .hint("for example utf-8, latin1, windows-1252, utf-16le, utf-16be, shift_jis")),
        }
    }

    /// The encoding that the first bytes of a text announce.
    pub fn announced(first: &[u8]) -> Option<Self> {
        match first {
            [0xff, 0xfe, ..] => Some(Self(encoding_rs::UTF_16LE)),
            [0xfe, 0xff, ..] => Some(Self(encoding_rs::UTF_16BE)),
            // Western text as spreadsheets write it without a mark: every other byte of the first letters is zero.
            [a, 0, b, 0, ..] if a.is_ascii() && b.is_ascii() && *a != 0 && *b != 0 => Some(Self(encoding_rs::UTF_16LE)),
            [0, a, 0, b, ..] if a.is_ascii() && b.is_ascii() && *a != 0 && *b != 0 => Some(Self(encoding_rs::UTF_16BE)),
            _ => None,
        }
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The text as UTF-8, without a byte order mark.
    pub(super) fn turn(self, input: Box<dyn Read + Send>, file: &str) -> Turned {
        Turned {
            decoder: self.0.new_decoder_with_bom_removal(),
            input,
            raw: vec![0; 64 << 10],
            given: 0..0,
            is_over: false,
            file: file.to_owned(),
            position: 0,
        }
    }
}

/// A reader that turns one encoding into UTF-8.
pub(super) struct Turned {
    decoder: Decoder,
    input: Box<dyn Read + Send>,
    raw: Vec<u8>,
    /// What of `raw` was not turned yet.
    given: std::ops::Range<usize>,
    is_over: bool,
    file: String,
    /// Bytes of the input that were turned.
    position: u64,
}

impl Read for Turned {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // A letter needs up to four bytes of room.
        if buffer.len() < 4 {
            return Err(io::Error::other(Error::internal("a buffer too small for a letter")));
        }
        loop {
            if self.given.is_empty() && !self.is_over {
                let read = self.input.read(&mut self.raw)?;
                self.given = 0..read;
                self.is_over = read == 0;
            }
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(&self.raw[self.given.clone()], buffer, self.is_over);
            self.given.start += read;
            self.position += read as u64;
            match result {
                DecoderResult::Malformed(..) if written == 0 => {
                    let position = FilePosition { file: self.file.clone(), byte: Some(self.position), line: None, column: None };
                    let error = Error::new(DataError::Encoding { position });
                    return Err(io::Error::other(error.hint("name its encoding, for example --encoding windows-1252")));
                }
                _ if written > 0 || self.is_over => return Ok(written),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turned(encoding: Encoding, bytes: &[u8]) -> io::Result<String> {
        let mut text = Vec::new();
        let mut reader = encoding.turn(Box::new(io::Cursor::new(bytes.to_vec())), "x.csv");
        let mut buffer = [0; 7];
        loop {
            match reader.read(&mut buffer)? {
                0 => return Ok(String::from_utf8(text).expect("UTF-8")),
                read => text.extend_from_slice(&buffer[..read]),
            }
        }
    }

    #[test]
    fn texts_are_turned_and_broken_ones_refused() {
        let latin = Encoding::named("latin1").expect("known").expect("not UTF-8");
        assert_eq!(turned(latin, b"na\xefve \x80").expect("text"), "naïve €");
        let utf16: Vec<u8> = "\u{feff}a,東京\n\u{1f600}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let announced = Encoding::announced(&utf16).expect("a mark");
        assert_eq!(turned(announced, &utf16).expect("text"), "a,東京\n\u{1f600}");
        assert!(turned(announced, &utf16[..utf16.len() - 1]).is_err());
        let unmarked: Vec<u8> = "a,b\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(Encoding::announced(&unmarked).map(Encoding::name), Some("UTF-16BE"));
        assert_eq!(Encoding::announced(b"a,b\n"), None);
        assert_eq!(Encoding::named("UTF-8").expect("known"), None);
        assert!(Encoding::named("klingon").is_err());
    }
}
