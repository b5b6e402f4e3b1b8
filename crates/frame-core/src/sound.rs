//! Where the first row stands for which an evaluation fails, so that the rows in front of it still count.

use std::ops::Range;

/// The number of rows in front of the first one that fails, if some of `rows` rows does. `is_sound` says whether a range of rows fails
/// nowhere; it is asked about `rows` rows in all, and the logarithm of them in number.
pub fn sound_rows(rows: usize, mut is_sound: impl FnMut(Range<usize>) -> bool) -> usize {
    let (mut sound, mut suspect) = (0, rows);
    while suspect - sound > 1 {
        let middle = sound + (suspect - sound) / 2;
        if is_sound(sound..middle) {
            sound = middle;
        } else {
            suspect = middle;
        }
    }
    sound
}

#[cfg(test)]
mod tests {
    use super::sound_rows;

    #[test]
    fn the_first_row_that_fails_is_found() {
        for rows in 1..40 {
            for bad in 0..rows {
                for worse in bad..rows {
                    assert_eq!(sound_rows(rows, |range| !range.contains(&bad) && !range.contains(&worse)), bad);
                }
            }
        }
    }
}
