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
mod bounds;
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

/// Records that were counted without a look at where their fields are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counted {
    /// Complete records.
    pub(super) records: usize,
    /// Where the record begins that the stretch does not finish, or the end.
    pub(super) rest: u32,
}

/// How to scan: chosen once per table by what the processor can do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scanner {
    marks: Marks,
    loops: blocks::Loops,
}

impl Scanner {
    /// The fastest scanner of this processor.
    pub(super) fn new(marks: Marks) -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(loops) = avx512::available().or_else(avx2::available) {
                return Self { marks, loops };
            }
        }
        Self { marks, loops: portable::LOOPS }
    }

    /// Scans `bytes[start..end]`, which begins a record, and replaces `bounds`: the first is `start`, each other one lies one past a
    /// separator, so that field k is `bounds[k] .. bounds[k + 1] - 1`. At least [`blocks::PADDING`] bytes must follow `end`.
    pub(super) fn scan(&self, bytes: &[u8], start: usize, end: usize, bounds: &mut Vec<u32>) -> Found {
        let found = (self.loops.scan)(bytes, start, end, self.marks, bounds);
        found.unwrap_or_else(|| plain::scan(bytes, start, end, self.marks, bounds))
    }

    /// Counts the records of `bytes[start..end]`, which begins one, if each of them has `fields` fields and no quote is a letter; `None` if
    /// that is not so: then only their bounds tell. It is faster than these, as nothing is written. At least [`blocks::PADDING`] bytes must
    /// follow `end`.
    pub(super) fn count(&self, bytes: &[u8], start: usize, end: usize, fields: usize) -> Option<Counted> {
        (self.loops.count)(bytes, start, end, self.marks, fields)
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

    fn every_scanner() -> Vec<(&'static str, blocks::Loops)> {
        let mut all = vec![("portable", portable::LOOPS)];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(avx512::available().map(|loops| ("avx512", loops)));
            all.extend(avx2::available().map(|loops| ("avx2", loops)));
        }
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn every_scanner_agrees_with_the_state_machine(
            (text, dense) in ("([ab,\n]|\"([ab,\n]|\"\"){0,9}\"|[ab\"]){0,300}", "[ab,\n]{0,30}"),
            // Several groups of blocks, in which more or fewer separators are usual than in those before.
            (sparse, repeats) in ("[ab]{0,60},", 1_usize..200),
            offset in 0_usize..70,
        ) {
            let mut bytes = vec![b'"'; offset];
            bytes.extend(sparse.repeat(repeats).as_bytes());
            bytes.extend(dense.repeat(repeats).as_bytes());
            bytes.extend(text.as_bytes());
            let end = bytes.len();
            bytes.resize(end + PADDING, b',');
            let mut expected = Vec::new();
            let plain = plain::scan(&bytes, offset, end, MARKS, &mut expected);
            for (name, loops) in every_scanner() {
                let mut bounds = vec![7; 3];
                let Some(found) = (loops.scan)(&bytes, offset, end, MARKS, &mut bounds) else { continue };
                prop_assert_eq!(&bounds, &expected, "{}", name);
                prop_assert_eq!(found.newlines, plain.newlines, "{}", name);
            }
        }

        #[test]
        fn records_are_counted_where_each_has_as_many_fields(
            texts in prop::collection::vec("[ab]{0,3}|\"([ab,\n]|\"\"){0,9}\"", 1..9),
            lens in prop::collection::vec(1_usize..70, 0..20),
            (fields, are_equal) in (1_usize..70, prop::bool::weighted(0.8)),
            (rest, offset) in ("[ab]{0,9}(,[ab\"]{0,3}){0,3}", 0_usize..70),
        ) {
            let mut bytes = vec![b'"'; offset];
            for len in lens {
                let record: Vec<&str> = texts.iter().map(String::as_str).cycle().take(if are_equal { fields } else { len }).collect();
                bytes.extend(record.join(",").as_bytes());
                bytes.push(b'\n');
            }
            bytes.extend(rest.as_bytes());
            let end = bytes.len();
            bytes.resize(end + PADDING, b'\n');
            let mut bounds = Vec::new();
            let newlines = plain::scan(&bytes, offset, end, MARKS, &mut bounds).newlines;
            let is_regular = (1..bounds.len()).all(|at| (bytes[bounds[at] as usize - 1] == b'\n') == (at % fields == 0));
            for (name, loops) in every_scanner() {
                let is_sure = (loops.scan)(&bytes, offset, end, MARKS, &mut Vec::new()).is_some();
                let expected = (is_regular && is_sure).then(|| Counted { records: newlines, rest: bounds[newlines * fields] });
                prop_assert_eq!((loops.count)(&bytes, offset, end, MARKS, fields), expected, "{}", name);
            }
        }

        #[test]
        fn well_formed_text_needs_no_state_machine(fields in prop::collection::vec("[ab]{0,5}|\"([ab,\n]|\"\"){0,20}\"", 1..60)) {
            let mut bytes = fields.join(",").into_bytes();
            bytes.push(b'\n');
            let end = bytes.len();
            bytes.resize(end + PADDING, b'"');
            for (name, loops) in every_scanner() {
                let mut bounds = Vec::new();
                let found = (loops.scan)(&bytes, 0, end, MARKS, &mut bounds);
                prop_assert_eq!(found, Some(Found { newlines: 1, inside: false }), "{}", name);
                prop_assert_eq!(bounds.len(), fields.len() + 1, "{}", name);
            }
        }
    }
}
