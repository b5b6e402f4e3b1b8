//! Pages whose texts are encoded as differences, checked before they are decoded: the `parquet` crate makes room for as many lengths as such
//! a page declares.

use parquet::basic::Encoding;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};

/// The pages of a column with these levels.
pub(super) struct CheckedPages {
    pub(super) pages: Box<dyn PageReader>,
    pub(super) has_repetition_levels: bool,
    pub(super) has_definition_levels: bool,
}

impl PageReader for CheckedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        page.iter().try_for_each(|page| self.check(page))?;
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}

impl Iterator for CheckedPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl CheckedPages {
    fn check(&self, page: &Page) -> Result<()> {
        let (encoding, values, bytes) = match page {
            Page::DataPage { encoding, num_values, buf, .. } => (*encoding, *num_values, self.values(buf)),
            Page::DataPageV2 { encoding, num_values, buf, rep_levels_byte_len, def_levels_byte_len, .. } => {
                let levels = *rep_levels_byte_len as usize + *def_levels_byte_len as usize;
                (*encoding, *num_values, buf.get(levels..))
            }
            Page::DictionaryPage { .. } => return Ok(()),
        };
        let is_sound = || {
            let bytes = bytes?;
            match encoding {
                Encoding::DELTA_LENGTH_BYTE_ARRAY => packed_len(bytes, values as usize).map(drop),
                Encoding::DELTA_BYTE_ARRAY => {
                    let prefixes = packed_len(bytes, values as usize)?;
                    packed_len(bytes.get(prefixes..)?, values as usize).map(drop)
                }
                _ => Some(()),
            }
        };
        is_sound().ok_or_else(|| ParquetError::General(format!("a page of {values} values declares more lengths than it can have")))
    }

    /// What is behind the levels of a page of the first version, each with its length in front.
    fn values<'a>(&self, page: &'a [u8]) -> Option<&'a [u8]> {
        let mut left = page;
        for _ in 0..usize::from(self.has_repetition_levels) + usize::from(self.has_definition_levels) {
            let (len, rest) = left.split_first_chunk::<4>()?;
            left = rest.get(u32::from_le_bytes(*len) as usize..)?;
        }
        Some(left)
    }
}

/// How many bytes numbers that are packed as differences take (the format's DELTA_BINARY_PACKED), if there are no more than `most`.
fn packed_len(bytes: &[u8], most: usize) -> Option<usize> {
    let mut at = 0;
    let number = |at: &mut usize| -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = *bytes.get(*at)?;
            *at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    };
    let (block, parts, count) = (number(&mut at)?, number(&mut at)?, number(&mut at)?);
    number(&mut at)?;
    let (parts, count) = (usize::try_from(parts).ok()?, usize::try_from(count).ok()?);
    let of_part = usize::try_from(block).ok()?.checked_div(parts)?;
    if count > most || count > 1 && of_part == 0 {
        return None;
    }
    let mut left = count.saturating_sub(1);
    while left > 0 {
        number(&mut at)?;
        let widths = bytes.get(at..at.checked_add(parts)?)?;
        at += parts;
        for width in widths {
            if left == 0 {
                break;
            }
            at = at.checked_add(of_part.checked_mul(usize::from(*width))? / 8)?;
            left = left.saturating_sub(of_part);
        }
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_lengths_than_values_are_believed() {
        // 128 in a block of four parts, 5 numbers from 1 on, differences of 2: no bits.
        let packed = [128, 1, 4, 5, 2, 4, 0, 0, 0, 0];
        assert_eq!(packed_len(&packed, 5), Some(10));
        assert_eq!(packed_len(&packed, 4), None);
        // The first part has one bit for each of 32 numbers.
        assert_eq!(packed_len(&[128, 1, 4, 5, 2, 4, 1, 0, 0, 0, 9, 0, 0, 0], 5), Some(14));
        assert_eq!(packed_len(&[128, 1, 4, 0xff, 0xff, 0xff, 0xff, 0x7f, 0], 5), None);
        assert_eq!(packed_len(&[128, 1, 0, 5, 2], 5), None);
        assert_eq!(packed_len(&[128, 1, 4, 0, 0], 5), Some(5));
    }
}
