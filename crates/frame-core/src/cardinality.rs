//! How many different values there are, from their hashes alone: HyperLogLog.
//!
//! Flajolet, Fusy, Gandouet and Meunier, "HyperLogLog" (2007), with the estimator of Ertl, "New cardinality estimation algorithms for
//! HyperLogLog sketches" (2017, algorithm 6), which needs no tables. A register is the largest rank that it saw, so merges commute.
//! One standard error is 0.8 %.

/// Bits of a hash that choose the register.
const PRECISION: u32 = 14;

/// The number of registers.
pub const REGISTERS: usize = 1 << PRECISION;

/// The bits of a hash that give the rank.
const RANKED: u32 = 64 - PRECISION;

/// The register that a hash belongs to, and its rank. All bits of the hash must be fair.
#[inline(always)]
pub fn register(hash: u64) -> (u16, u8) {
    let rank = (hash << PRECISION).leading_zeros().min(RANKED) + 1;
    ((hash >> RANKED) as u16, rank as u8)
}

/// The estimate, from the ranks of the registers that are not 0.
pub fn estimate(ranks: impl Iterator<Item = u8>) -> u64 {
    let mut counts = [0_u32; RANKED as usize + 2];
    counts[0] = REGISTERS as u32;
    for rank in ranks {
        counts[usize::from(rank)] += 1;
        counts[0] -= 1;
    }
    let all = REGISTERS as f64;
    let mut sum = all * tau(1.0 - f64::from(counts[RANKED as usize + 1]) / all);
    for count in counts[1..=RANKED as usize].iter().rev() {
        sum = 0.5 * (sum + f64::from(*count));
    }
    sum += all * sigma(f64::from(counts[0]) / all);
    (all * all / (2.0 * std::f64::consts::LN_2 * sum)).round() as u64
}

/// Σ x^(2^k) · 2^(k−1), plus x: what registers that are still 0 tell.
fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut weight, mut sum) = (1.0, x);
    loop {
        x *= x;
        let before = sum;
        sum += x * weight;
        weight += weight;
        if sum == before {
            return sum;
        }
    }
}

/// (1 − x − Σ (1 − x^(2^−k))² · 2^−k) / 3: what registers at their largest rank tell.
fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut weight, mut sum) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = sum;
        weight *= 0.5;
        sum -= (1.0 - x) * (1.0 - x) * weight;
        if sum == before {
            return sum / 3.0;
        }
    }
}

/// All registers of one set of values.
#[derive(Debug, Clone)]
pub struct Cardinality(Box<[u8]>);

impl Default for Cardinality {
    fn default() -> Self {
        Self(vec![0; REGISTERS].into_boxed_slice())
    }
}

impl Cardinality {
    /// Adds the hash of a value.
    #[inline]
    pub fn add(&mut self, hash: u64) {
        let (register, rank) = register(hash);
        let held = &mut self.0[usize::from(register)];
        *held = rank.max(*held);
    }

    /// About how many different hashes were added.
    pub fn estimate(&self) -> u64 {
        estimate(self.0.iter().copied().filter(|rank| *rank > 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash;

    #[test]
    fn estimates_are_within_four_standard_errors() {
        for count in [0_u64, 1, 2, 10, 1000, 1025, 20_000, 100_000, 1_000_000] {
            let mut cardinality = Cardinality::default();
            (0..count).for_each(|value| cardinality.add(hash::word(hash::word(value))));
            let found = cardinality.estimate();
            let error = found.abs_diff(count) as f64;
            assert!(error <= 4.0 * 0.0082 * count as f64 && (count > 100 || error == 0.0), "{found} for {count}");
        }
    }
}
