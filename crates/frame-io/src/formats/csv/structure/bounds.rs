//! Writing bounds: one for each bit of a mask.

use super::blocks::Instructions;

/// Blocks whose masks are found before their bounds are written: each of the two loops has few enough values in hand for the registers.
pub(super) const GROUP: usize = 64;

/// Bounds of a group, two and a half, four, six and a half to a block: then rarely one has more than 4, 6, 9.
const FEW: usize = 5 * GROUP / 2;
const SOME: usize = 4 * GROUP;
const MANY: usize = 13 * GROUP / 2;

/// Writes the bounds that the separators of a stretch make.
pub(super) struct Bounds<'a, I> {
    isa: I,
    bounds: &'a mut Vec<u32>,
    count: usize,
    /// Bounds of the group before; in front of the first one, as many as it takes not to be few.
    last: usize,
}

impl<'a, I: Instructions> Bounds<'a, I> {
    /// Replaces `bounds` by those of a stretch: first the one it begins with.
    #[inline(always)]
    pub(super) fn new(isa: I, start: usize, end: usize, bounds: &'a mut Vec<u32>) -> Self {
        bounds.clear();
        // Every byte may be a separator; one more for the start, and a block of slack for writes past the last one.
        bounds.reserve(end - start + 1 + 64);
        bounds.push(start as u32);
        Self { isa, bounds, count: 1, last: usize::MAX }
    }

    /// Writes the bounds behind the separators of blocks, the first of which begins at `at`.
    ///
    /// # Safety
    /// Each byte of the stretch may be a separator once.
    #[inline(always)]
    pub(super) unsafe fn write(&mut self, blocks: &[u64], at: usize) {
        let before = self.count;
        // How many are usual in a block changes little from one group to the next.
        // SAFETY: as the caller says.
        unsafe {
            if self.last <= FEW {
                self.write_usual::<4>(blocks, at);
            } else if self.last <= SOME {
                self.write_usual::<6>(blocks, at);
            } else if self.last <= MANY {
                self.write_usual::<9>(blocks, at);
            } else {
                self.write_usual::<12>(blocks, at);
            }
        }
        self.last = (self.count - before) * GROUP / blocks.len().max(1);
    }

    /// See [`Bounds::write`].
    ///
    /// # Safety
    /// The same.
    #[inline(always)]
    unsafe fn write_usual<const USUAL: usize>(&mut self, blocks: &[u64], at: usize) {
        let (isa, out) = (self.isa, self.bounds.as_mut_ptr());
        let (mut count, mut base) = (self.count, at as u32 + 1);
        for separators in blocks {
            // SAFETY: `count` is at most 1 + the number of bytes before this block, so 64 more places lie within what was reserved.
            unsafe { isa.write_bounds::<USUAL>(*separators, base, out.add(count)) };
            count += separators.count_ones() as usize;
            base = base.wrapping_add(64);
        }
        self.count = count;
    }

    /// Leaves what was written in `bounds`.
    #[inline(always)]
    pub(super) fn finish(self) {
        // SAFETY: the first `count` values were written and lie within the capacity.
        unsafe { self.bounds.set_len(self.count) };
    }
}

/// See [`Instructions::write_bounds`]: the usual ones without asking how many there are, as a branch on the number would be guessed wrong for most
/// blocks.
///
/// # Safety
/// `out` must be valid for writing 64 values.
#[inline(always)]
pub(super) unsafe fn write_bits<const USUAL: usize>(bits: u64, base: u32, out: *mut u32) {
    let mut rest = bits;
    for place in 0..USUAL {
        // Volatile, as a compiler that may do so collects the values in a vector before it stores them, which takes longer than the stores.
        // SAFETY: the caller lends 64 places.
        unsafe { out.add(place).write_volatile(base.wrapping_add(rest.trailing_zeros())) };
        rest &= rest.wrapping_sub(1);
    }
    let mut place = USUAL;
    while rest != 0 {
        // SAFETY: the caller lends 64 places; one is written per bit.
        unsafe { out.add(place).write(base + rest.trailing_zeros()) };
        rest &= rest - 1;
        place += 1;
    }
}
