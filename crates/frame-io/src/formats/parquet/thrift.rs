//! Reading Thrift's compact protocol, as far as page headers and page indexes need it: never allocates, never recurses deep.
//!
//! <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>. `None` always means: malformed.

/// Wire types of the protocol.
pub(super) mod wire {
    pub(in super::super) const TRUE: u8 = 1;
    pub(in super::super) const FALSE: u8 = 2;
    pub(in super::super) const BYTE: u8 = 3;
    pub(in super::super) const I16: u8 = 4;
    pub(in super::super) const I32: u8 = 5;
    pub(in super::super) const I64: u8 = 6;
    pub(in super::super) const DOUBLE: u8 = 7;
    pub(in super::super) const BINARY: u8 = 8;
    pub(in super::super) const LIST: u8 = 9;
    pub(in super::super) const SET: u8 = 10;
    pub(in super::super) const MAP: u8 = 11;
    pub(in super::super) const STRUCT: u8 = 12;
}

/// Structs nested deeper than this are taken for damage.
const DEPTH_MAX: u8 = 16;

/// The number at a place of some bytes, seven bits of it in each (ULEB128); the place is then behind it.
pub(super) fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// A place in bytes of the compact protocol.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn varint(&mut self) -> Option<u64> {
        varint(self.bytes, &mut self.at)
    }

    /// An integer of 16, 32 or 64 bits.
    pub(super) fn int(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// A length: not negative, and not more than there are bytes left.
    fn bounded(&mut self) -> Option<usize> {
        usize::try_from(self.varint()?).ok().filter(|len| *len <= self.bytes.len() - self.at)
    }

    /// A byte string.
    pub(super) fn binary(&mut self) -> Option<&'a [u8]> {
        let len = self.bounded()?;
        self.at += len;
        Some(&self.bytes[self.at - len..self.at])
    }

    /// Wire type of a list's elements and their number, which the bytes left can hold.
    pub(super) fn list(&mut self) -> Option<(u8, usize)> {
        let head = self.byte()?;
        let len = match head >> 4 {
            15 => self.bounded()?,
            short => usize::from(short),
        };
        (len <= self.bytes.len() - self.at).then_some((head & 0x0f, len))
    }

    /// A truth value in a list.
    pub(super) fn list_bool(&mut self) -> Option<bool> {
        Some(self.byte()? == wire::TRUE)
    }

    /// Number and wire type of the next field of a struct, `Some(None)` at its end. `last` is the number of the field before.
    pub(super) fn field(&mut self, last: &mut i16) -> Option<Option<(i16, u8)>> {
        let head = self.byte()?;
        if head & 0x0f == 0 {
            return Some(None);
        }
        *last = match head >> 4 {
            0 => i16::try_from(self.int()?).ok()?,
            delta => last.checked_add(i16::from(delta))?,
        };
        Some(Some((*last, head & 0x0f)))
    }

    /// Steps over a value of wire type `kind`.
    pub(super) fn skip(&mut self, kind: u8) -> Option<()> {
        self.skip_nested(kind, DEPTH_MAX)
    }

    fn skip_nested(&mut self, kind: u8, depth: u8) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            wire::TRUE | wire::FALSE => {}
            wire::BYTE => drop(self.byte()?),
            wire::I16 | wire::I32 | wire::I64 => drop(self.varint()?),
            wire::DOUBLE => self.at = self.at.checked_add(8).filter(|end| *end <= self.bytes.len())?,
            wire::BINARY => drop(self.binary()?),
            wire::LIST | wire::SET => {
                let (element, len) = self.list()?;
                for _ in 0..len {
                    // In a list a truth value takes a byte; in a struct it is part of the field's head.
                    self.skip_nested(if matches!(element, wire::TRUE | wire::FALSE) { wire::BYTE } else { element }, depth)?;
                }
            }
            wire::STRUCT => {
                let mut last = 0;
                while let Some((_, field)) = self.field(&mut last)? {
                    self.skip_nested(field, depth)?;
                }
            }
            wire::MAP => return None,
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lists_and_structs_are_stepped_over() {
        // A struct: 1: i32 = -2, 2: list<i64> [1, 300], 4: struct { 1: binary "ab" }, 5: true.
        let bytes = [0x15, 0x03, 0x19, 0x26, 0x02, 0xd8, 0x04, 0x2c, 0x18, 0x02, b'a', b'b', 0x00, 0x11, 0x00];
        let mut cursor = Cursor::new(&bytes);
        cursor.skip(wire::STRUCT).expect("well formed");
        assert_eq!(cursor.position(), bytes.len());
        let mut cursor = Cursor::new(&bytes);
        let mut last = 0;
        assert_eq!(cursor.field(&mut last), Some(Some((1, wire::I32))));
        assert_eq!(cursor.int(), Some(-2));
        assert_eq!(cursor.field(&mut last), Some(Some((2, wire::LIST))));
        assert_eq!(cursor.list(), Some((wire::I64, 2)));
        for cut in 0..bytes.len() {
            assert_eq!(Cursor::new(&bytes[..cut]).skip(wire::STRUCT), None, "cut at {cut}");
        }
    }

    #[test]
    fn bombs_are_refused() {
        assert_eq!(Cursor::new(&[0x1c; 1000]).skip(wire::STRUCT), None, "a struct in a struct in a struct …");
        assert_eq!(Cursor::new(&[0xf8, 0xff, 0xff, 0xff, 0xff, 0x0f]).list(), None, "a list of four billion");
        assert_eq!(Cursor::new(&[0xff; 20]).int(), None, "a number without end");
    }
}
