//! Pages whose texts are encoded as differences, checked before they are decoded: the `parquet` crate makes room for as many lengths as such
//! a page declares.

use parquet::basic::Encoding;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};

use crate::formats::parquet::thrift::varint;

/// The pages of a column.
pub(super) struct CheckedPages {
    pub(super) pages: Box<dyn PageReader>,
    /// The highest repetition and definition level.
    pub(super) levels_max: [i16; 2],
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
            Page::DataPage { encoding, num_values, buf, def_level_encoding, rep_level_encoding, .. } => {
                (*encoding, *num_values, self.values(buf, *num_values as usize, [*rep_level_encoding, *def_level_encoding]))
            }
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

    /// What is behind the levels of a page of version 1: each with its length in front, or packed as old files have them.
    fn values<'a>(&self, page: &'a [u8], levels: usize, encodings: [Encoding; 2]) -> Option<&'a [u8]> {
        let mut left = page;
        for (max, encoding) in self.levels_max.into_iter().zip(encodings).filter(|(max, _)| *max > 0) {
            #[expect(deprecated, reason = "old files use it")]
            let len = if encoding == Encoding::BIT_PACKED {
                let bits = (i16::BITS - max.leading_zeros()) as usize;
                levels.checked_mul(bits)?.div_ceil(8)
            } else {
                let (len, rest) = left.split_first_chunk::<4>()?;
                left = rest;
                u32::from_le_bytes(*len) as usize
            };
            left = left.get(len..)?;
        }
        Some(left)
    }
}

/// How many bytes numbers that are packed as differences take (the format's DELTA_BINARY_PACKED), if there are no more than `most`.
fn packed_len(bytes: &[u8], most: usize) -> Option<usize> {
    let mut at = 0;
    let (block, parts, count) = (varint(bytes, &mut at)?, varint(bytes, &mut at)?, varint(bytes, &mut at)?);
    varint(bytes, &mut at)?;
    let (parts, count) = (usize::try_from(parts).ok()?, usize::try_from(count).ok()?);
    let of_part = usize::try_from(block).ok()?.checked_div(parts)?;
    if count > most || count > 1 && of_part == 0 {
        return None;
    }
    let mut left = count.saturating_sub(1);
    while left > 0 {
        varint(bytes, &mut at)?;
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

    /// A column without pages.
    struct Nothing;

    impl Iterator for Nothing {
        type Item = Result<Page>;

        fn next(&mut self) -> Option<Self::Item> {
            None
        }
    }

    impl PageReader for Nothing {
        fn get_next_page(&mut self) -> Result<Option<Page>> {
            Ok(None)
        }

        fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
            Ok(None)
        }

        fn skip_next_page(&mut self) -> Result<()> {
            Ok(())
        }
    }

    #[test]
    fn values_stand_behind_the_levels() {
        let pages = |levels_max| CheckedPages { pages: Box::new(Nothing), levels_max };
        let page = [1, 0, 0, 0, 9, 2, 0, 0, 0, 9, 9, 7, 8];
        let rle = [Encoding::RLE; 2];
        assert_eq!(pages([0, 0]).values(&page, 9, rle), Some(&page[..]));
        assert_eq!(pages([0, 1]).values(&page, 9, rle), Some(&page[5..]));
        assert_eq!(pages([2, 3]).values(&page, 9, rle), Some(&page[11..]));
        assert_eq!(pages([0, 1]).values(&page[7..], 9, rle), None);
        // Nine levels of one bit and of two bits.
        #[expect(deprecated, reason = "old files use it")]
        let packed = [Encoding::RLE, Encoding::BIT_PACKED];
        assert_eq!(pages([0, 1]).values(&page, 9, packed), Some(&page[2..]));
        assert_eq!(pages([1, 2]).values(&page, 9, packed), Some(&page[8..]));
    }

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
