//! Byte strings one behind the other, each found by a number.

/// Byte strings in one vector; each begins with its length.
#[derive(Debug, Default)]
pub(crate) struct Arena(Vec<u8>);

impl Arena {
    /// Keeps a string of less than 4 GiB and gives its address.
    pub(crate) fn push(&mut self, value: &[u8]) -> u64 {
        let address = self.0.len() as u64;
        self.0.extend_from_slice(&(value.len() as u32).to_le_bytes());
        self.0.extend_from_slice(value);
        address
    }

    /// The string at an address that [`Arena::push`] gave.
    pub(crate) fn get(&self, address: u64) -> &[u8] {
        let rest = &self.0[address as usize..];
        let mut len = [0; 4];
        len.copy_from_slice(&rest[..4]);
        &rest[4..4 + u32::from_le_bytes(len) as usize]
    }

    /// Bytes of memory held.
    pub(crate) fn bytes(&self) -> usize {
        self.0.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_found_again() {
        let mut arena = Arena::default();
        let texts: [&[u8]; 4] = [b"", b"one", b"", b"another that is longer"];
        let addresses = texts.map(|text| arena.push(text));
        assert_eq!(addresses.map(|address| arena.get(address).to_vec()), texts.map(<[u8]>::to_vec));
        assert!(arena.bytes() >= 16 + 26);
    }
}
