//! Bit-packed integers to whole ones: eight at a time, one monomorphic loop per width.

/// The largest width of an id.
pub(super) const WIDTH_MAX: u8 = 32;

type Unpack = fn(&[u8], &mut [[i32; 8]]);

/// Unpacks groups of eight `width`-bit integers. `bytes` must go eight bytes beyond the last group.
pub(super) fn unpack_groups(width: u8, bytes: &[u8], groups: &mut [[i32; 8]]) {
    UNPACK[usize::from(width)](bytes, groups);
}

const UNPACK: [Unpack; WIDTH_MAX as usize + 1] = [
    unpack::<0>,
    unpack::<1>,
    unpack::<2>,
    unpack::<3>,
    unpack::<4>,
    unpack::<5>,
    unpack::<6>,
    unpack::<7>,
    unpack::<8>,
    unpack::<9>,
    unpack::<10>,
    unpack::<11>,
    unpack::<12>,
    unpack::<13>,
    unpack::<14>,
    unpack::<15>,
    unpack::<16>,
    unpack::<17>,
    unpack::<18>,
    unpack::<19>,
    unpack::<20>,
    unpack::<21>,
    unpack::<22>,
    unpack::<23>,
    unpack::<24>,
    unpack::<25>,
    unpack::<26>,
    unpack::<27>,
    unpack::<28>,
    unpack::<29>,
    unpack::<30>,
    unpack::<31>,
    unpack::<32>,
];

fn unpack<const WIDTH: usize>(bytes: &[u8], groups: &mut [[i32; 8]]) {
    let mask = ((1_u64 << WIDTH) - 1) as u32;
    for (index, group) in groups.iter_mut().enumerate() {
        // Eight bytes from any value's first byte hold that value: seven bits before it and at most 32 of its own.
        let window = &bytes[index * WIDTH..index * WIDTH + WIDTH + 8];
        for (place, value) in group.iter_mut().enumerate() {
            let bit = place * WIDTH;
            let mut word = [0; 8];
            word.copy_from_slice(&window[bit / 8..bit / 8 + 8]);
            *value = ((u64::from_le_bytes(word) >> (bit % 8)) as u32 & mask) as i32;
        }
    }
}

/// The `width`-bit integer at bit `bit` of `bytes`; bits beyond the end are 0.
pub(super) fn unpack_one(width: u8, bytes: &[u8], bit: usize) -> i32 {
    let mut word = [0; 8];
    let rest = bytes.get(bit / 8..).unwrap_or_default();
    let len = rest.len().min(8);
    word[..len].copy_from_slice(&rest[..len]);
    let mask = ((1_u64 << width) - 1) as u32;
    ((u64::from_le_bytes(word) >> (bit % 8)) as u32 & mask) as i32
}
