//! The smallest and the largest value of each page and of all of them.

use parquet::basic::BoundaryOrder;

/// Bytes of a text that stand in statistics and indexes; longer ones are cut.
const TEXT_BYTES: usize = 64;

/// What is known of the pages so far.
#[derive(Debug)]
pub(super) struct Bounds<T> {
    all: Option<(T, T)>,
    last: Option<(T, T)>,
    ascends: bool,
    descends: bool,
}

impl<T> Default for Bounds<T> {
    fn default() -> Self {
        Self { all: None, last: None, ascends: true, descends: true }
    }
}

impl<T: PartialOrd + Clone> Bounds<T> {
    /// Adds a page.
    pub(super) fn add(&mut self, min: T, max: T) {
        if let Some((last_min, last_max)) = &self.last {
            self.ascends &= *last_min <= min && *last_max <= max;
            self.descends &= *last_min >= min && *last_max >= max;
        }
        match &mut self.all {
            None => self.all = Some((min.clone(), max.clone())),
            Some((least, greatest)) => {
                if min < *least {
                    *least = min.clone();
                }
                if max > *greatest {
                    *greatest = max.clone();
                }
            }
        }
        self.last = Some((min, max));
    }

    /// The smallest and the largest value of all pages, if there is any.
    pub(super) fn all(&self) -> Option<&(T, T)> {
        self.all.as_ref()
    }

    /// Whether the bounds of the pages go up or down.
    pub(super) fn order(&self) -> BoundaryOrder {
        match (self.ascends, self.descends) {
            (true, _) => BoundaryOrder::ASCENDING,
            (false, true) => BoundaryOrder::DESCENDING,
            (false, false) => BoundaryOrder::UNORDERED,
        }
    }
}

/// A text of few bytes that is not above `text`, which is UTF-8.
pub(super) fn lower(text: &[u8]) -> &[u8] {
    if text.len() <= TEXT_BYTES { text } else { &text[..boundary(text, TEXT_BYTES)] }
}

/// A text of few bytes that is not below `text`, which is UTF-8; the text itself if there is none.
pub(super) fn upper(text: &[u8]) -> Vec<u8> {
    let mut end = if text.len() <= TEXT_BYTES { 0 } else { boundary(text, TEXT_BYTES) };
    while end > 0 {
        let start = boundary(text, end - 1);
        if let Some(next) = next_of_same_length(&text[start..end]) {
            return [&text[..start], next.as_bytes()].concat();
        }
        end = start;
    }
    text.to_vec()
}

/// The last place up to `at` where a character begins.
fn boundary(text: &[u8], at: usize) -> usize {
    (0..=at).rev().find(|at| text[*at] & 0xc0 != 0x80).unwrap_or(0)
}

/// The character behind this one, as far as it takes as many bytes.
fn next_of_same_length(character: &[u8]) -> Option<String> {
    let character = str::from_utf8(character).ok()?.chars().next()?;
    let next = char::from_u32(u32::from(character) + 1)?;
    (next.len_utf8() == character.len_utf8()).then(|| next.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters_and_stay_bounds() {
        let long = |unit: &str| unit.repeat(100);
        for unit in ["ab", "é", "東", "🦀", "aé東🦀", "\u{7f}", "\u{10ffff}", "a\u{d7ff}"] {
            for text in [long(unit), format!("x{}", long(unit)), format!("{}x", long(unit))] {
                let (low, high) = (lower(text.as_bytes()), upper(text.as_bytes()));
                let (low, high) = (str::from_utf8(low).expect("characters"), String::from_utf8(high).expect("characters"));
                assert!(low <= text.as_str() && text <= high, "{text}");
                assert!(low.len() <= TEXT_BYTES && low.len() > TEXT_BYTES - 4, "{text}");
                assert!(high.len() <= TEXT_BYTES || high == text, "{text}");
            }
        }
        assert_eq!(upper("b".repeat(65).as_bytes()), ["b".repeat(63).as_bytes(), b"c"].concat());
        assert_eq!((lower(b"short"), upper(b"short")), (&b"short"[..], b"short".to_vec()));
        assert_eq!(upper("\u{10ffff}".repeat(40).as_bytes()), "\u{10ffff}".repeat(40).as_bytes());
    }

    #[test]
    fn pages_go_up_or_down_or_neither() {
        let order = |pages: &[(i64, i64)]| {
            let mut bounds = Bounds::default();
            pages.iter().for_each(|(min, max)| bounds.add(*min, *max));
            (bounds.order(), bounds.all().copied())
        };
        assert_eq!(order(&[]), (BoundaryOrder::ASCENDING, None));
        assert_eq!(order(&[(1, 5), (1, 5)]), (BoundaryOrder::ASCENDING, Some((1, 5))));
        assert_eq!(order(&[(4, 5), (1, 5)]), (BoundaryOrder::DESCENDING, Some((1, 5))));
        assert_eq!(order(&[(4, 5), (1, 7)]), (BoundaryOrder::UNORDERED, Some((1, 7))));
    }
}
