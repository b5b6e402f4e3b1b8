//! The compressions that text may be packed in, and how they are taken off. Several members or frames behind each other are one text.

use std::io::{self, BufReader, Read};

/// Bytes that are handed to an unpacker at a time.
const PACKED_BYTES: usize = 256 << 10;

/// What compresses a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// gzip, also in blocks (bgzip).
    Gzip,
    /// Zstandard.
    Zstd,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
    /// LZ4 frames.
    Lz4,
    /// Snappy frames.
    Snappy,
}

/// Every compression: how a file of it begins, its name, the ending of file names.
const ALL: [(Packing, &[u8], &str, &str); 6] = [
    (Packing::Gzip, b"\x1f\x8b\x08", "gzip", "gz"),
    (Packing::Zstd, b"\x28\xb5\x2f\xfd", "zstd", "zst"),
    (Packing::Bzip2, b"BZh", "bzip2", "bz2"),
    (Packing::Xz, b"\xfd7zXZ\0", "xz", "xz"),
    (Packing::Lz4, b"\x04\x22\x4d\x18", "lz4", "lz4"),
    (Packing::Snappy, b"\xff\x06\0\0sNaPpY", "snappy", "sz"),
];

impl Packing {
    /// The compression of a file that begins with `first`.
    pub fn of(first: &[u8]) -> Option<Self> {
        let found = ALL.iter().find(|(_, signature, ..)| first.starts_with(signature)).map(|(packing, ..)| *packing);
        // `BZh` alone may begin a header; with the level and the mark of a block behind it, it does not.
        found.filter(|packing| *packing != Self::Bzip2 || matches!(first.get(4..7), Some(b"1AY" | b"\x17\x72\x45")))
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        ALL.iter().find(|(packing, ..)| *packing == self).map_or("", |(_, _, name, _)| name)
    }

    /// A path without the ending of a compression: `a.csv` of `a.csv.gz`.
    pub fn stripped(path: &str) -> &str {
        ALL.iter().find_map(|(.., ending)| path.strip_suffix(ending)?.strip_suffix('.')).unwrap_or(path)
    }

    /// Takes the compression off.
    ///
    /// # Errors
    /// An error of the unpacker, which has looked at nothing yet.
    pub(super) fn unpack(self, packed: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
        let packed = BufReader::with_capacity(PACKED_BYTES, packed);
        Ok(match self {
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(packed)),
            Self::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(packed)?),
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(packed)),
            Self::Xz => Box::new(liblzma::bufread::XzDecoder::new_multi_decoder(packed)),
            Self::Lz4 => Box::new(Lz4 { frames: lz4_flex::frame::FrameDecoder::new(Tail { packed, last: [0; 8] }) }),
            Self::Snappy => Box::new(snap::read::FrameDecoder::new(packed)),
        })
    }
}

/// LZ4 frames up to the end of the file. The crate takes a missing end mark for an end; here it is damage.
struct Lz4 {
    frames: lz4_flex::frame::FrameDecoder<Tail>,
}

impl Read for Lz4 {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // A frame that ends gives no byte; the file has ended if the next one does not begin either.
        match self.frames.read(buffer)? {
            0 if buffer.is_empty() => Ok(0),
            0 => match self.frames.read(buffer)? {
                0 if self.frames.get_ref().has_end_mark() => Ok(0),
                0 => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                read => Ok(read),
            },
            read => Ok(read),
        }
    }
}

/// A reader that remembers the last eight bytes.
struct Tail {
    packed: BufReader<Box<dyn Read + Send>>,
    last: [u8; 8],
}

impl Tail {
    /// Four zero bytes end a frame; a checksum may follow.
    fn has_end_mark(&self) -> bool {
        self.last[..4] == [0; 4] || self.last[4..] == [0; 4]
    }
}

impl Read for Tail {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.packed.read(buffer)?;
        let new = &buffer[read.saturating_sub(8)..read];
        self.last.rotate_left(new.len());
        self.last[8 - new.len()..].copy_from_slice(new);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// `text` packed in each way.
    fn packed(text: &[u8]) -> Vec<(Packing, Vec<u8>)> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text).expect("memory");
        let mut bzip = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        bzip.write_all(text).expect("memory");
        let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
        xz.write_all(text).expect("memory");
        let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
        lz4.write_all(text).expect("memory");
        let mut snappy = snap::write::FrameEncoder::new(Vec::new());
        snappy.write_all(text).expect("memory");
        vec![
            (Packing::Gzip, gzip.finish().expect("memory")),
            (Packing::Zstd, zstd::encode_all(text, 1).expect("memory")),
            (Packing::Bzip2, bzip.finish().expect("memory")),
            (Packing::Xz, xz.finish().expect("memory")),
            (Packing::Lz4, lz4.finish().expect("memory")),
            (Packing::Snappy, snappy.into_inner().expect("memory")),
        ]
    }

    fn unpacked(packing: Packing, packed: &[u8]) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        packing.unpack(Box::new(io::Cursor::new(packed.to_vec())))?.read_to_end(&mut text)?;
        Ok(text)
    }

    #[test]
    fn every_packing_is_known_and_taken_off_members_and_all() {
        let text: Vec<u8> = (0..40_000_u32).flat_map(|row| format!("{row},{}\n", row * 7919 % 1000).into_bytes()).collect();
        for (packing, bytes) in packed(&text) {
            assert_eq!(Packing::of(&bytes), Some(packing));
            assert_eq!(unpacked(packing, &bytes).expect("whole"), text, "{}", packing.name());
            let twice = [bytes.clone(), bytes.clone()].concat();
            assert_eq!(unpacked(packing, &twice).expect("whole"), [text.clone(), text.clone()].concat(), "{}", packing.name());
            // Snappy frames have no end of their own: a cut between two of them cannot be seen.
            let cuts =
                if packing == Packing::Snappy { vec![bytes.len() - 3] } else { vec![bytes.len() / 2, bytes.len() - 3, bytes.len() - 8] };
            for cut in cuts {
                assert!(unpacked(packing, &bytes[..cut]).is_err(), "{} cut at {cut} of {}", packing.name(), bytes.len());
            }
        }
        for text in [&b"BZhang,b\n"[..], b"a,b\n", b""] {
            assert_eq!(Packing::of(text), None);
        }
        assert_eq!((Packing::stripped("a.csv.gz"), Packing::stripped("a.tsv"), Packing::stripped("gz")), ("a.csv", "a.tsv", "gz"));
    }
}
