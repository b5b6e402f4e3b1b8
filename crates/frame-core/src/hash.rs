//! The one hash of frame: fixed seed, portable, over logical values (a dictionary hashes as its values).
//!
//! Multiply-and-fold (a 64 × 64 → 128 bit product, halves xored), as in wyhash by Wang Yi and Rust's foldhash.
//! It is not meant to withstand chosen keys; a group table that degenerates is only slow, never wrong.

const SEED: u64 = 0x243f_6a88_85a3_08d3;
const KEY_A: u64 = 0x1319_8a2e_0370_7344;
const KEY_B: u64 = 0xa409_3822_299f_31d1;

#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

/// Hash of one 64-bit word.
#[inline(always)]
pub fn word(value: u64) -> u64 {
    fold(value ^ SEED, KEY_A)
}

/// Hash of two 64-bit words, cheaper than two calls of [`word`].
#[inline(always)]
pub fn words(a: u64, b: u64) -> u64 {
    fold(a ^ SEED, b ^ KEY_A)
}

/// Adds the hash of one more key to the hash of those before it.
#[inline(always)]
pub fn combine(hash: u64, next: u64) -> u64 {
    fold(hash ^ KEY_B, next ^ SEED)
}

/// The hash that stands for null.
pub const NULL: u64 = 0x082e_fa98_ec4e_6c89;

/// Hash of a byte string of any length.
#[inline]
pub fn bytes(value: &[u8]) -> u64 {
    let len = value.len();
    if (8..=32).contains(&len) {
        return of_four_words(four_words(value), len as u64);
    }
    if len < 8 {
        let (a, b) = short_words(value);
        return fold(a ^ SEED ^ len as u64, b ^ KEY_A);
    }
    let mut hash = SEED ^ len as u64;
    let (blocks, _) = value.as_chunks::<16>();
    for block in blocks {
        let (a, b) = (read_u64(block, 0), read_u64(block, 8));
        hash = fold(a ^ hash, b ^ KEY_A);
    }
    // The last sixteen bytes once more: they overlap the blocks above and cover the rest.
    let (a, b) = (read_u64(value, len - 16), read_u64(value, len - 8));
    fold(a ^ hash, b ^ KEY_B)
}

/// Eight to thirty-two bytes as four words that overlap and differ whenever strings of the same length differ.
///
/// # Panics
/// If there are fewer than eight bytes.
#[inline(always)]
pub fn four_words(value: &[u8]) -> [u64; 4] {
    let last = value.len() - 8;
    [read_u64(value, 0), read_u64(value, last.min(8)), read_u64(value, last.saturating_sub(8)), read_u64(value, last)]
}

/// What [`bytes`] gives for the text of that length that [`four_words`] made these words of.
#[inline(always)]
pub fn of_four_words([a, b, c, d]: [u64; 4], len: u64) -> u64 {
    fold(a ^ SEED ^ len, b ^ KEY_A) ^ fold(c ^ KEY_B, d ^ SEED)
}

/// Fewer than eight bytes as two words that differ whenever strings of the same length differ.
#[inline(always)]
fn short_words(value: &[u8]) -> (u64, u64) {
    let len = value.len();
    if len >= 4 {
        (read_u32(value, 0), read_u32(value, len - 4))
    } else if len > 0 {
        (u64::from(value[0]) | u64::from(value[len / 2]) << 8 | u64::from(value[len - 1]) << 16, 0)
    } else {
        (0, 0)
    }
}

#[inline(always)]
fn read_u64(value: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&value[at..at + 8]);
    u64::from_le_bytes(word)
}

#[inline(always)]
fn read_u32(value: &[u8], at: usize) -> u64 {
    let mut word = [0; 4];
    word.copy_from_slice(&value[at..at + 4]);
    u64::from(u32::from_le_bytes(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_single_bytes_matter() {
        let text: Vec<u8> = (0..200).collect();
        let mut seen = std::collections::HashSet::new();
        for len in 0..text.len() {
            assert!(seen.insert(bytes(&text[..len])), "length {len} collides");
            for flip in 0..len {
                let mut other = text[..len].to_vec();
                other[flip] ^= 1;
                assert_ne!(bytes(&other), bytes(&text[..len]), "byte {flip} of {len} is ignored");
            }
        }
    }

    #[test]
    fn the_hash_is_part_of_the_contract() {
        assert_eq!(bytes(b"category_001"), bytes(b"category_001"));
        assert_ne!(word(0), word(1));
        assert_ne!(combine(word(1), word(2)), combine(word(2), word(1)));
    }
}
