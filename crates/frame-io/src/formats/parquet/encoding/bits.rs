//! Numbers of a few bits each, end to end, and Parquet's hybrid of these and runs of equal numbers.
//!
//! <https://parquet.apache.org/docs/file-format/data-pages/encodings/>, RLE.

/// Equal numbers are worth a run from so many bytes on that they would take packed.
const RUN_BYTES: usize = 4;
/// Packed numbers come in groups of so many.
const GROUP: usize = 8;

/// The bits that numbers up to `largest` need.
pub(super) fn width(largest: u64) -> usize {
    (u64::BITS - largest.leading_zeros()) as usize
}

/// Appends a number, seven bits of it in each byte (ULEB128).
pub(super) fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends the head of a run of equal numbers, and the number.
pub(super) fn put_run(count: usize, value: u32, width: usize, out: &mut Vec<u8>) {
    put_varint((count as u64) << 1, out);
    out.extend_from_slice(&value.to_le_bytes()[..width.div_ceil(8)]);
}

/// Appends the head of packed numbers.
pub(super) fn put_packed_head(groups: usize, out: &mut Vec<u8>) {
    put_varint((groups as u64) << 1 | 1, out);
}

/// Appends places in a dictionary of so many values as a page has them: the bits of a place, and the hybrid.
pub(super) fn put_places(places: &[u32], values: usize, out: &mut Vec<u8>) {
    let width = width(values.saturating_sub(1) as u64);
    out.push(width as u8);
    put_hybrid(places, width, out);
}

/// Appends numbers of `width` bits as the hybrid.
pub(super) fn put_hybrid(values: &[u32], width: usize, out: &mut Vec<u8>) {
    let run_min = if width == 0 { GROUP } else { (8 * RUN_BYTES).div_ceil(width).next_multiple_of(GROUP) };
    let (mut start, mut at) = (0, 0);
    while let Some(group) = values.get(at..at + GROUP) {
        let first = group[0];
        if group[1] == first && group.iter().all(|value| *value == first) {
            let run = GROUP + values[at + GROUP..].iter().take_while(|value| **value == first).count();
            if run >= run_min {
                put_groups(&values[start..at], width, out);
                put_run(run, first, width, out);
                at += run;
                start = at;
                continue;
            }
        }
        at += GROUP;
    }
    put_groups(&values[start..], width, out);
}

/// Appends packed numbers with their head, the last group filled up with zeros.
fn put_groups(values: &[u32], width: usize, out: &mut Vec<u8>) {
    if values.is_empty() {
        return;
    }
    put_packed_head(values.len().div_ceil(GROUP), out);
    let (groups, rest) = values.as_chunks::<GROUP>();
    let mut last = [0; GROUP];
    last[..rest.len()].copy_from_slice(rest);
    let last = if rest.is_empty() { &[][..] } else { &[last][..] };
    let start = out.len();
    let bytes = (groups.len() + last.len()) * width;
    // Each group is written with more bytes than it has.
    out.resize(start + bytes + 32, 0);
    for (place, group) in groups.iter().chain(last).enumerate() {
        let place = &mut out[start + place * width..][..32];
        if width <= 16 { narrow_group(group, width, place) } else { wide_group(group, width, place) }
    }
    out.truncate(start + bytes);
}

/// Eight numbers of up to sixteen bits into the first 16 bytes of `place`.
#[inline(always)]
fn narrow_group(group: &[u32; GROUP], width: usize, place: &mut [u8]) {
    let pair = |at: usize| u64::from(group[at]) | u64::from(group[at + 1]) << width;
    let four = |at: usize| pair(at) | pair(at + 2) << (2 * width);
    let all =
        if width < 16 { u128::from(four(0)) | u128::from(four(4)) << (4 * width) } else { u128::from(four(0)) | u128::from(four(4)) << 64 };
    place[..16].copy_from_slice(&all.to_le_bytes());
}

/// Eight numbers of up to 32 bits into `place`.
fn wide_group(group: &[u32; GROUP], width: usize, place: &mut [u8]) {
    place.fill(0);
    for (at, value) in group.iter().enumerate() {
        let bit = at * width;
        let bytes = (u64::from(*value) << (bit % 8)).to_le_bytes();
        for (byte, more) in place[bit / 8..].iter_mut().zip(bytes) {
            *byte |= more;
        }
    }
}

/// Appends numbers of `width` bits; together they must fill whole bytes.
pub(super) fn put_words(values: &[u64], width: usize, out: &mut Vec<u8>) {
    let (mut word, mut filled) = (0, 0);
    for &value in values {
        word |= value << filled;
        filled += width;
        if filled >= 64 {
            out.extend_from_slice(&u64::to_le_bytes(word));
            filled -= 64;
            word = if filled == 0 { 0 } else { value >> (width - filled) };
        }
    }
    out.extend_from_slice(&word.to_le_bytes()[..filled / 8]);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of `width` bits that a hybrid stands for.
    fn read_hybrid(bytes: &[u8], width: usize, count: usize) -> Vec<u32> {
        let mut at = 0;
        let mut values = Vec::new();
        while values.len() < count {
            let (mut head, mut shift) = (0, 0);
            loop {
                head |= usize::from(bytes[at] & 0x7f) << shift;
                (at, shift) = (at + 1, shift + 7);
                if bytes[at - 1] < 0x80 {
                    break;
                }
            }
            if head & 1 == 0 {
                let value = bytes[at..at + width.div_ceil(8)].iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
                values.extend(std::iter::repeat_n(value, head >> 1));
                at += width.div_ceil(8);
            } else {
                values.extend(read_packed(&bytes[at..], width, (head >> 1) * 8).iter().map(|value| *value as u32));
                at += (head >> 1) * width;
            }
        }
        assert_eq!(at, bytes.len(), "nothing is behind the last run");
        assert!(values.len() < count + GROUP && values.drain(count..).all(|value| value == 0));
        values
    }

    fn read_packed(bytes: &[u8], width: usize, count: usize) -> Vec<u64> {
        let bit = |at: usize| u64::from(bytes[at / 8] >> (at % 8) & 1);
        (0..count).map(|value| (0..width).map(|at| bit(value * width + at) << at).sum()).collect()
    }

    #[test]
    fn every_width_is_packed_and_runs_are_found() {
        for width in 0..=32 {
            let mask = ((1_u64 << width) - 1) as u32;
            for count in [0, 1, 7, 8, 9, 100, 1000, 1003] {
                for stretch in [1, 5, 8, 40, 700] {
                    let values: Vec<u32> = (0..count).map(|row| ((row / stretch + 1) as u32).wrapping_mul(2_654_435_761) & mask).collect();
                    let mut out = vec![7];
                    put_hybrid(&values, width, &mut out);
                    assert_eq!(read_hybrid(&out[1..], width, count), values, "{count} of {width} bits, {stretch} at a time");
                }
            }
        }
        let mut out = Vec::new();
        put_hybrid(&[3; 20_000], 7, &mut out);
        assert_eq!(out.len(), 4, "one run");
    }

    #[test]
    fn words_hold_numbers_of_every_width() {
        for width in 0..=64 {
            let mask = if width == 64 { u64::MAX } else { (1 << width) - 1 };
            for count in [8, 32, 64] {
                let values: Vec<u64> = (0..count).map(|row| (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) & mask).collect();
                let mut out = Vec::new();
                put_words(&values, width, &mut out);
                assert_eq!(out.len(), width * count / 8);
                assert_eq!(read_packed(&out, width, count), values, "{width} bits");
            }
        }
    }
}
