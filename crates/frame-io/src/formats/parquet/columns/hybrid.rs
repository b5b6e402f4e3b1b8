//! Parquet's hybrid of run-length and bit-packed integers: dictionary ids, and definition levels of one bit.
//!
//! <https://parquet.apache.org/docs/file-format/data-pages/encodings/>, RLE.

use bytes::Bytes;
use parquet::errors::{ParquetError, Result};

use super::unpack::{WIDTH_MAX, unpack_groups, unpack_one};
use super::validity::Validity;

/// A stream of integers of `width` bits.
#[derive(Debug)]
pub(super) struct Hybrid {
    bytes: Bytes,
    /// Offset of the next run's header.
    at: usize,
    width: u8,
    run: Run,
}

#[derive(Debug, Clone, Copy)]
enum Run {
    /// One value, `left` times.
    Same { value: i32, left: usize },
    /// `left` packed values, the next at bit `bit` of the bytes.
    Packed { bit: usize, left: usize },
}

impl Hybrid {
    /// A stream in the whole of `bytes`.
    ///
    /// # Errors
    /// If `width` is larger than 32.
    pub(super) fn new(bytes: Bytes, width: u8) -> Result<Self> {
        if width > WIDTH_MAX {
            return Err(ParquetError::General(format!("integers of {width} bits are packed")));
        }
        Ok(Self { bytes, at: 0, width, run: Run::Same { value: 0, left: 0 } })
    }

    /// Appends `count` integers to `out`.
    ///
    /// # Errors
    /// If the stream ends before.
    pub(super) fn read(&mut self, mut count: usize, out: &mut Vec<i32>) -> Result<()> {
        while count > 0 {
            let taken = match self.run()? {
                Run::Same { value, left } => {
                    let taken = left.min(count);
                    out.resize(out.len() + taken, value);
                    taken
                }
                Run::Packed { bit, left } => {
                    let taken = left.min(count);
                    self.unpack(bit, taken, out);
                    taken
                }
            };
            self.advance(taken);
            count -= taken;
        }
        Ok(())
    }

    /// Steps over `count` integers.
    ///
    /// # Errors
    /// If the stream ends before.
    pub(super) fn skip(&mut self, mut count: usize) -> Result<()> {
        while count > 0 {
            let (Run::Same { left, .. } | Run::Packed { left, .. }) = self.run()?;
            let taken = left.min(count);
            self.advance(taken);
            count -= taken;
        }
        Ok(())
    }

    /// Appends `count` one-bit integers to `validity`; gives the number of ones.
    ///
    /// # Errors
    /// If the stream ends before.
    pub(super) fn read_bits(&mut self, mut count: usize, validity: &mut Validity) -> Result<usize> {
        let mut ones = 0;
        while count > 0 {
            let taken = match self.run()? {
                Run::Same { value, left } => {
                    let taken = left.min(count);
                    ones += validity.append_run(taken, value != 0);
                    taken
                }
                Run::Packed { bit, left } => {
                    let taken = left.min(count);
                    ones += validity.append_bits(&self.bytes, bit, taken);
                    taken
                }
            };
            self.advance(taken);
            count -= taken;
        }
        Ok(ones)
    }

    fn unpack(&self, mut bit: usize, mut count: usize, out: &mut Vec<i32>) {
        let width = usize::from(self.width);
        // A run begins at a byte, so every eighth value does: the loop by eights needs such a start and eight bytes to spare.
        while count > 0 {
            let rest = &self.bytes[bit.min(self.bytes.len() * 8) / 8..];
            let spare = rest.len().saturating_sub(8) / width;
            let groups = spare.min(count / 8);
            if bit.is_multiple_of(8) && groups > 0 {
                let start = out.len();
                out.resize(start + groups * 8, 0);
                let (eights, _) = out[start..].as_chunks_mut::<8>();
                unpack_groups(self.width, rest, eights);
                bit += groups * 8 * width;
                count -= groups * 8;
            } else {
                out.push(unpack_one(self.width, &self.bytes, bit));
                bit += width;
                count -= 1;
            }
        }
    }

    /// The current run, which has values left.
    fn run(&mut self) -> Result<Run> {
        while matches!(self.run, Run::Same { left: 0, .. } | Run::Packed { left: 0, .. }) {
            self.run = self.next_run()?;
        }
        Ok(self.run)
    }

    fn next_run(&mut self) -> Result<Run> {
        let ended = || ParquetError::EOF("a page has fewer values than its header says".to_owned());
        let mut head = 0_u64;
        let mut shift = 0;
        loop {
            let byte = *self.bytes.get(self.at).ok_or_else(ended)?;
            self.at += 1;
            head |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
            shift += 7;
            if shift > 35 {
                return Err(ParquetError::General("the length of a run cannot be read".to_owned()));
            }
        }
        let width = usize::from(self.width);
        let rest = self.bytes.len() - self.at;
        let len = (head >> 1) as usize;
        if head & 1 == 0 {
            let value_len = width.div_ceil(8);
            if value_len > rest {
                return Err(ended());
            }
            let value = unpack_one(self.width, &self.bytes, self.at * 8);
            self.at += value_len;
            return Ok(Run::Same { value, left: len });
        }
        if width == 0 {
            return Ok(Run::Same { value: 0, left: len.saturating_mul(8) });
        }
        // Some writers cut the last group short: what is there counts.
        let (bit, bytes) = (self.at * 8, len.saturating_mul(width).min(rest));
        self.at += bytes;
        let left = bytes * 8 / width;
        if len > 0 && left == 0 { Err(ended()) } else { Ok(Run::Packed { bit, left }) }
    }

    fn advance(&mut self, count: usize) {
        match &mut self.run {
            Run::Same { left, .. } => *left -= count,
            Run::Packed { bit, left } => {
                *left -= count;
                *bit += count * usize::from(self.width);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(width: u8, values: &[u32]) -> Vec<u8> {
        let mut bytes = vec![0_u8; (values.len() * usize::from(width)).div_ceil(8)];
        for (index, value) in values.iter().enumerate() {
            for bit in 0..usize::from(width) {
                let at = index * usize::from(width) + bit;
                bytes[at / 8] |= ((value >> bit & 1) as u8) << (at % 8);
            }
        }
        bytes
    }

    #[test]
    fn every_width_and_every_stride_unpacks() {
        for width in 1..=32_u8 {
            let mask = ((1_u64 << width) - 1) as u32;
            let values: Vec<u32> = (0..64_u32).map(|n| n.wrapping_mul(2_654_435_761) & mask).collect();
            let mut bytes = vec![8 << 1 | 1];
            bytes.extend(packed(width, &values));
            // Then five times the value 1.
            bytes.push(5 << 1);
            bytes.extend(&1_u32.to_le_bytes()[..usize::from(width).div_ceil(8)]);
            let want: Vec<i32> = values.iter().map(|value| *value as i32).chain([1; 5]).collect();
            for stride in [1, 3, 8, 13, 69] {
                let mut stream = Hybrid::new(Bytes::from(bytes.clone()), width).expect("a width");
                let mut out = Vec::new();
                while out.len() < want.len() {
                    stream.read(stride.min(want.len() - out.len()), &mut out).expect("values");
                }
                assert_eq!(out, want, "width {width}, stride {stride}");
                assert!(stream.read(1, &mut out).is_err());
                let mut stream = Hybrid::new(Bytes::from(bytes.clone()), width).expect("a width");
                stream.skip(stride).expect("values");
                let mut out = Vec::new();
                stream.read(want.len() - stride, &mut out).expect("values");
                assert_eq!(out, want[stride..], "width {width}, skipped {stride}");
            }
        }
    }

    #[test]
    fn a_width_of_no_bits_is_all_zeros() {
        let mut stream = Hybrid::new(Bytes::from_static(&[3, 100]), 0).expect("a width");
        let mut out = Vec::new();
        stream.read(30, &mut out).expect("values");
        assert_eq!(out, [0; 30]);
    }
}
