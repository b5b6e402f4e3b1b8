//! Random numbers that are the same everywhere: xoshiro256** seeded by splitmix64 (Blackman and Vigna, 2018).

/// A generator of 64-bit numbers.
#[derive(Debug)]
pub(super) struct Random([u64; 4]);

impl Random {
    /// The generator of a seed.
    pub(super) fn new(seed: u64) -> Self {
        let mut state = seed;
        Self([(); 4].map(|()| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ mixed >> 31
        }))
    }

    /// The next number.
    pub(super) fn next(&mut self) -> u64 {
        let Self([a, b, c, d]) = self;
        let result = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// A number below `end`, by the high half of a product: the bias is below 2⁻³² for the small ends used here.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    /// Something, or nothing `thousandths` of the time.
    pub(super) fn unless<T>(&mut self, thousandths: u64, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(1000) >= thousandths).then(|| make(self))
    }
}
