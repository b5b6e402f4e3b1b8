//! Rows that look like sales, the same for the same seed on every machine.
//!
//! Integers only: floats of another processor or library could differ in the last bit.

pub(crate) mod csv;
pub(crate) mod parquet;
mod random;

use std::fmt::Write as _;

use random::Random;

/// 2024-01-01T00:00:00 in seconds since 1970-01-01T00:00:00.
const FIRST_SECOND: i64 = 1_704_067_200;
const SECONDS_OF_THE_YEAR: u64 = 366 * 86_400;

/// One sale. What is missing is `None`.
#[derive(Debug, Default)]
pub(crate) struct Sale {
    pub(crate) id: u64,
    /// Seconds since 1970-01-01T00:00:00.
    pub(crate) second: Option<i64>,
    /// 0 to 99, the small ones more often.
    pub(crate) category: Option<u32>,
    /// Ten-thousandths, around 1000.
    pub(crate) value: Option<i64>,
    /// Text, or nothing if there is no note.
    pub(crate) note: String,
    pub(crate) has_note: bool,
}

/// The sales of a file, one after the other.
#[derive(Debug)]
pub(crate) struct Sales {
    random: Random,
    next: u64,
    rows: u64,
}

const WORDS: [&str; 24] = [
    "alpha", "blue", "coast", "delta", "early", "fragile", "green", "heavy", "invoice", "June", "karton", "late", "morning", "normal",
    "order", "partial", "quick", "return", "shipped", "total", "urgent", "café", "naïve", "東京",
];

impl Sales {
    /// `rows` sales of this seed.
    pub(crate) fn new(seed: u64, rows: u64) -> Self {
        Self { random: Random::new(seed), next: 0, rows }
    }

    /// Makes the next sale in place; false behind the last one.
    pub(crate) fn next_into(&mut self, sale: &mut Sale) -> bool {
        if self.next == self.rows {
            return false;
        }
        sale.id = self.next;
        self.next += 1;
        let random = &mut self.random;
        sale.second = random.unless(5, |random| FIRST_SECOND + random.below(SECONDS_OF_THE_YEAR) as i64);
        // The smaller of two draws: category 0 comes about 200 times as often as category 99.
        sale.category = random.unless(10, |random| random.below(100).min(random.below(100)) as u32);
        sale.value = random.unless(20, normal);
        sale.has_note = random.below(1000) >= 100;
        sale.note.clear();
        if sale.has_note {
            note(random, &mut sale.note);
        }
        true
    }
}

/// Nearly normal around 1000 with a deviation of 250, in ten-thousandths: twelve uniform draws (Irwin–Hall) have a variance of one.
fn normal(random: &mut Random) -> i64 {
    let sum: i64 = (0..3).map(|_| random.next()).map(|bits| (0..4).map(|part| (bits >> (16 * part) & 0xffff) as i64).sum::<i64>()).sum();
    let (mean, deviation) = (12 * 0xffff / 2, 0xffff);
    10_000_000 + (sum - mean) * 2_500_000 / deviation
}

/// Words; of the notes a seventh has commas, one in 33 doubled quotes, one in 33 a newline.
fn note(random: &mut Random, text: &mut String) {
    let kind = random.below(100);
    let between = if kind < 14 { ", " } else { " " };
    for at in 0..2 + random.below(5) {
        let word = WORDS[random.below(WORDS.len() as u64) as usize];
        // Writing to a string cannot fail.
        let _ = match (at, kind) {
            (0, _) => write!(text, "{word}"),
            (1, 14..17) => write!(text, " \"{word}\""),
            (1, 17..20) => write!(text, "\n{word}"),
            _ => write!(text, "{between}{word}"),
        };
    }
}
