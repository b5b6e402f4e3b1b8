//! Finding the fields: where every delimiter and newline outside quotes stands.
//!
//! 64 bytes at a time: three comparisons give bit masks of quotes, delimiters and newlines; a prefix xor of the quotes (a carry-less
//! multiplication by all ones) gives the bits inside quotes; what is left of delimiters and newlines separates fields.
//! (Langdale and Lemire, "Parsing gigabytes of JSON per second", 2019, section 3.1, applied to CSV.)
//!
//! That holds while quotes stand only where RFC 4180 allows them. A quote in the middle of an unquoted field is a letter to most
//! readers; it is noticed here, and the stretch is read again by the plain state machine in `plain.rs`, which decides every case.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod blocks;
mod plain;
mod portable;

/// The bytes with a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marks {
    /// Between fields.
    pub(super) delimiter: u8,
    /// Around fields.
    pub(super) quote: u8,
}

/// What a scan found besides the bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// Newlines outside quotes.
    pub(super) newlines: usize,
    /// Whether the stretch ends inside quotes.
    pub(super) inside: bool,
}

/// How to scan: chosen once per table by what the processor can do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scanner {
    marks: Marks,
    scan: blocks::Scan,
}

impl Scanner {
    /// The fastest scanner of this processor.
    pub(super) fn new(marks: Marks) -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(scan) = avx512::available() {
                return Self { marks, scan };
            }
            if let Some(scan) = avx2::available() {
                return Self { marks, scan };
            }
        }
        Self { marks, scan: portable::scan }
    }

    /// Scans `bytes[start..end]`, which begins a record, and replaces `bounds`: the first is `start`, each other one lies one past a
    /// separator, so that field k is `bounds[k] .. bounds[k + 1] - 1`. At least [`blocks::PADDING`] bytes must follow `end`.
    pub(super) fn scan(&self, bytes: &[u8], start: usize, end: usize, bounds: &mut Vec<u32>) -> Found {
        let found = (self.scan)(bytes, start, end, self.marks, bounds);
        found.unwrap_or_else(|| plain::scan(bytes, start, end, self.marks, bounds))
    }

    /// The bytes with a meaning.
    pub(super) fn marks(&self) -> Marks {
        self.marks
    }
}

pub(super) use blocks::PADDING;
pub(super) use plain::{Meaning, State};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MARKS: Marks = Marks { delimiter: b',', quote: b'"' };

    fn every_scanner() -> Vec<(&'static str, blocks::Scan)> {
        let mut all: Vec<(&'static str, blocks::Scan)> = vec![("portable", portable::scan)];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(avx512::available().map(|scan| ("avx512", scan)));
            all.extend(avx2::available().map(|scan| ("avx2", scan)));
        }
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn every_scanner_agrees_with_the_state_machine(text in "([ab,\n]|\"([ab,\n]|\"\"){0,9}\"|[ab\"]){0,300}", offset in 0_usize..70) {
            let mut bytes = vec![b'"'; offset];
            bytes.extend(text.as_bytes());
            let end = bytes.len();
            bytes.resize(end + PADDING, b',');
            let mut expected = Vec::new();
            let plain = plain::scan(&bytes, offset, end, MARKS, &mut expected);
            for (name, scan) in every_scanner() {
                let mut bounds = vec![7; 3];
                let Some(found) = scan(&bytes, offset, end, MARKS, &mut bounds) else { continue };
                prop_assert_eq!(&bounds, &expected, "{}", name);
                prop_assert_eq!(found.newlines, plain.newlines, "{}", name);
            }
        }

        #[test]
        fn well_formed_text_needs_no_state_machine(fields in prop::collection::vec("[ab]{0,5}|\"([ab,\n]|\"\"){0,20}\"", 1..60)) {
            let mut bytes = fields.join(",").into_bytes();
            bytes.push(b'\n');
            let end = bytes.len();
            bytes.resize(end + PADDING, b'"');
            for (name, scan) in every_scanner() {
                let mut bounds = Vec::new();
                let found = scan(&bytes, 0, end, MARKS, &mut bounds);
                prop_assert_eq!(found, Some(Found { newlines: 1, inside: false }), "{}", name);
                prop_assert_eq!(bounds.len(), fields.len() + 1, "{}", name);
            }
        }
    }
}
