//! Which rows of a page have a value: definition levels of one bit, as Parquet's hybrid.

use arrow::array::{Array, BooleanBufferBuilder};

use super::bits::{put_packed_head, put_run};

/// Equal bytes of eight rows each are worth a run from so many on.
const RUN_BYTES: usize = 4;

/// The rows of the page in hand.
#[derive(Debug)]
pub(super) struct Levels {
    valid: BooleanBufferBuilder,
    nulls: usize,
}

impl Levels {
    pub(super) fn new(rows: usize) -> Self {
        Self { valid: BooleanBufferBuilder::new(rows), nulls: 0 }
    }

    /// Adds the rows of an array.
    pub(super) fn add(&mut self, array: &dyn Array) {
        match array.nulls() {
            Some(nulls) => {
                self.nulls += nulls.null_count();
                self.valid.append_buffer(nulls.inner());
            }
            None => self.valid.append_n(array.len(), true),
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.valid.len()
    }

    pub(super) fn nulls(&self) -> usize {
        self.nulls
    }

    /// Appends the levels of the page and begins another one.
    pub(super) fn take(&mut self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend([0; 4]);
        if self.nulls == 0 {
            put_run(self.rows(), 1, 1, out);
        } else {
            put_bits(self.valid.as_slice(), self.rows() / 8, out);
        }
        let len = (out.len() - start - 4) as u32;
        out[start..start + 4].copy_from_slice(&len.to_le_bytes());
        self.forget();
    }

    /// Begins another page.
    pub(super) fn forget(&mut self) {
        self.valid.truncate(0);
        self.nulls = 0;
    }
}

/// Appends bits of which the first `whole` bytes are complete.
fn put_bits(bytes: &[u8], whole: usize, out: &mut Vec<u8>) {
    let (mut start, mut at) = (0, 0);
    while at < whole {
        let first = bytes[at];
        let run = if matches!(first, 0 | 0xff) { bytes[at..whole].iter().take_while(|byte| **byte == first).count() } else { 1 };
        if run >= RUN_BYTES {
            put_packed(&bytes[start..at], out);
            put_run(8 * run, u32::from(first & 1), 1, out);
            start = at + run;
        }
        at += run;
    }
    put_packed(&bytes[start..], out);
}

fn put_packed(bytes: &[u8], out: &mut Vec<u8>) {
    if !bytes.is_empty() {
        put_packed_head(bytes.len(), out);
        out.extend_from_slice(bytes);
    }
}
