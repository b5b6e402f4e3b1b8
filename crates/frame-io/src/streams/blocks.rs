//! Packed files of many blocks (bgzip, zstd of several frames), each of which can be unpacked on its own.
//!
//! The reader takes blocks in order, as it takes any stream. Whoever would wait for the reader unpacks blocks in front of it instead. Nobody
//! needs that to be done: a group that is too large, or damaged, is left to the reader, which unpacks it piece by piece and tells what is wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use frame_core::CancelToken;
use frame_memory::{Grant, MemoryBudget, Reservation};

use super::cursor::Cursor;
use super::packing::Packing;
use crate::ReadAt;

/// Packed bytes of a group of blocks; a single block may have more, up to the second one.
const GROUP_BYTES: usize = 256 << 10;
const GROUP_BYTES_MAX: usize = 8 << 20;
/// Groups that may be unpacked before the reader asks for them.
const AHEAD: usize = 8;
/// A group whose text is longer, for each of its packed bytes, is left to the reader.
const RATIO_MAX: usize = 32;

/// A file of blocks, and what is unpacked of it.
pub(super) struct Blocks {
    file: Arc<dyn ReadAt>,
    packing: Packing,
    budget: MemoryBudget,
    cancel: CancelToken,
    state: Mutex<State>,
    /// A group was unpacked.
    unpacked: Condvar,
}

struct State {
    /// The byte of the file at which the next group begins.
    place: u64,
    /// Its number, and the number of the group that the reader takes next.
    next: usize,
    wanted: usize,
    /// Groups that others work on or have unpacked, and where they end.
    groups: BTreeMap<usize, (Group, u64)>,
    /// No group begins at the place: the file ends there, or what follows has no blocks.
    is_over: bool,
}

enum Group {
    /// Someone unpacks it.
    Busy,
    /// It was left as it is.
    Packed(Vec<u8>),
    /// Its text.
    Text(Vec<u8>, Reservation),
}

impl fmt::Debug for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocks").field("file", &self.file).field("packing", &self.packing).finish_non_exhaustive()
    }
}

impl Blocks {
    /// The blocks of a file, if it has more than one.
    pub(super) fn of(file: &Arc<dyn ReadAt>, packing: Packing, budget: &MemoryBudget, cancel: &CancelToken) -> Option<Arc<Self>> {
        if file.is_stream() || !matches!(packing, Packing::Gzip | Packing::Zstd) {
            return None;
        }
        let state = State { place: 0, next: 0, wanted: 0, groups: BTreeMap::new(), is_over: false };
        let (state, unpacked) = (Mutex::new(state), Condvar::new());
        let blocks = Self { file: file.clone(), packing, budget: budget.clone(), cancel: cancel.clone(), state, unpacked };
        let first = blocks.group_at(0).ok()??;
        ((first.len() as u64) < file.len()).then(|| Arc::new(blocks))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The packed bytes of the whole blocks that begin at `place`; `None` if there is none that can be told.
    fn group_at(&self, place: u64) -> io::Result<Option<Vec<u8>>> {
        self.cancel.check().map_err(io::Error::other)?;
        let mut size = GROUP_BYTES;
        loop {
            let mut bytes = vec![0; size.min(self.file.len().saturating_sub(place) as usize)];
            let read = self.file.read_at(&mut bytes, place).map_err(io::Error::other)?;
            bytes.truncate(read);
            let mut whole = 0;
            let last = loop {
                match extent(self.packing, &bytes[whole..]) {
                    Extent::Bytes(len) if len <= bytes.len() - whole => whole += len,
                    other => break other,
                }
            };
            if whole > 0 {
                bytes.truncate(whole);
                return Ok(Some(bytes));
            }
            if matches!(last, Extent::Unknown) || read < size || size >= GROUP_BYTES_MAX {
                return Ok(None);
            }
            size *= 4;
        }
    }

    /// Takes the next group that nobody works on.
    fn claim(&self, state: &mut State) -> io::Result<Option<(usize, Vec<u8>, u64)>> {
        if state.is_over {
            return Ok(None);
        }
        let Some(packed) = self.group_at(state.place)? else {
            state.is_over = true;
            return Ok(None);
        };
        let number = state.next;
        state.next += 1;
        state.place += packed.len() as u64;
        Ok(Some((number, packed, state.place)))
    }

    /// Unpacks a group that the reader will ask for; answers whether there was one to do.
    pub(super) fn help(&self) -> bool {
        let mut state = self.lock();
        if state.next >= state.wanted + AHEAD {
            return false;
        }
        // An error is met again by the reader, in its place.
        let Ok(Some((number, packed, end))) = self.claim(&mut state) else { return false };
        state.groups.insert(number, (Group::Busy, end));
        drop(state);
        // Whatever happens here, the reader must not wait for it.
        let mut left = Left { blocks: self, number, end, group: Some(Group::Packed(Vec::new())) };
        let text = self.text(&packed);
        left.group = Some(match text {
            Some((text, memory)) => Group::Text(text, memory),
            None => Group::Packed(packed),
        });
        true
    }

    /// The text of a group, unless it is too large or damaged.
    fn text(&self, packed: &[u8]) -> Option<(Vec<u8>, Reservation)> {
        let len_max = packed.len() * RATIO_MAX;
        let mut memory = self.budget.reserve("unpacking");
        let mut text = Vec::new();
        let mut bytes = self.packing.unpack(Box::new(io::Cursor::new(packed.to_vec()))).ok()?;
        loop {
            let len = text.len();
            let more = (packed.len() * 4).max(64 << 10);
            if len > len_max || memory.resize(packed.len() * 2 + len + more) == Grant::Full {
                return None;
            }
            let read = (&mut bytes).take(more as u64).read_to_end(&mut text).ok()?;
            if read == 0 {
                return Some((text, memory));
            }
        }
    }

    /// What the reader reads next, and the byte of the file behind it; `None` at the end.
    fn take(&self) -> io::Result<Option<(Box<dyn Read + Send>, u64)>> {
        let mut state = self.lock();
        let number = state.wanted;
        loop {
            match state.groups.remove(&number) {
                Some((Group::Busy, end)) => {
                    state.groups.insert(number, (Group::Busy, end));
                    state = self.unpacked.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
                }
                Some((Group::Text(text, memory), end)) => {
                    state.wanted += 1;
                    return Ok(Some((Box::new(Held { text: io::Cursor::new(text), _memory: memory }), end)));
                }
                Some((Group::Packed(packed), end)) => {
                    state.wanted += 1;
                    return Ok(Some((self.packing.unpack(Box::new(io::Cursor::new(packed)))?, end)));
                }
                None => {
                    let Some((_, packed, end)) = self.claim(&mut state)? else { return Ok(None) };
                    state.wanted += 1;
                    return Ok(Some((self.packing.unpack(Box::new(io::Cursor::new(packed)))?, end)));
                }
            }
        }
    }
}

/// Puts a group down, also if unpacking it panicked.
struct Left<'a> {
    blocks: &'a Blocks,
    number: usize,
    end: u64,
    group: Option<Group>,
}

impl Drop for Left<'_> {
    fn drop(&mut self) {
        if let Some(group) = self.group.take() {
            self.blocks.lock().groups.insert(self.number, (group, self.end));
            self.blocks.unpacked.notify_all();
        }
    }
}

/// Text, and the memory that is reserved for it.
struct Held {
    text: io::Cursor<Vec<u8>>,
    _memory: Reservation,
}

impl Read for Held {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.text.read(buffer)
    }
}

/// The text of all blocks, one after the other, and of what follows them.
pub(super) struct InOrder {
    blocks: Arc<Blocks>,
    current: Box<dyn Read + Send>,
    /// Bytes of the file that were taken.
    position: Arc<AtomicU64>,
    /// What follows the last block is being read.
    is_rest: bool,
}

impl InOrder {
    /// The start of the text; `position` tells how far the file was read.
    pub(super) fn new(blocks: Arc<Blocks>, position: Arc<AtomicU64>) -> Self {
        Self { blocks, current: Box::new(io::empty()), position, is_rest: false }
    }
}

impl Read for InOrder {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.current.read(buffer)?;
            if read > 0 || buffer.is_empty() || self.is_rest {
                return Ok(read);
            }
            if let Some((text, end)) = self.blocks.take()? {
                self.current = text;
                self.position.store(end, Ordering::Relaxed);
                continue;
            }
            self.is_rest = true;
            let place = self.blocks.lock().place;
            if place < self.blocks.file.len() {
                // No block that can be told: read on as any other file is.
                self.position.store(place, Ordering::Relaxed);
                let rest = Cursor::new(self.blocks.file.clone(), self.position.clone(), self.blocks.cancel.clone());
                self.current = self.blocks.packing.unpack(Box::new(rest))?;
            }
        }
    }
}

/// How long the block is that some bytes begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// So many bytes, which need not all be there.
    Bytes(usize),
    /// More bytes are needed to tell.
    Cut,
    /// It is no block, or one that does not say.
    Unknown,
}

fn extent(packing: Packing, bytes: &[u8]) -> Extent {
    if packing == Packing::Gzip { member(bytes) } else { frame(bytes) }
}

fn number(bytes: &[u8], at: usize, len: usize) -> Option<usize> {
    let bytes = bytes.get(at..at + len)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}

/// A gzip member whose extra field says how long it is (SAM format specification, section 4.1).
fn member(bytes: &[u8]) -> Extent {
    if bytes.len() < 18 {
        return Extent::Cut;
    }
    if !bytes.starts_with(b"\x1f\x8b\x08") || bytes[3] & 4 == 0 {
        return Extent::Unknown;
    }
    let extra = number(bytes, 10, 2).unwrap_or(0);
    let mut at = 12;
    while at + 4 <= 12 + extra {
        match (bytes.get(at..at + 2), number(bytes, at + 2, 2)) {
            (Some(b"BC"), Some(2)) => return number(bytes, at + 4, 2).map_or(Extent::Cut, |size| Extent::Bytes(size + 1)),
            (Some(_), Some(len)) => at += 4 + len,
            _ => return Extent::Cut,
        }
    }
    Extent::Unknown
}

/// A zstd frame (RFC 8878, section 3.1), or one that is skipped.
fn frame(bytes: &[u8]) -> Extent {
    if bytes.len() < 8 {
        return Extent::Cut;
    }
    if bytes[0] & 0xf0 == 0x50 && bytes[1..4] == [0x2a, 0x4d, 0x18] {
        return number(bytes, 4, 4).map_or(Extent::Cut, |len| Extent::Bytes(8 + len));
    }
    if bytes[..4] != [0x28, 0xb5, 0x2f, 0xfd] {
        return Extent::Unknown;
    }
    let flags = bytes[4];
    let (size, is_single, has_checksum, dictionary) = (flags >> 6, flags >> 5 & 1 == 1, flags >> 2 & 1 == 1, flags & 3);
    let size = if size == 0 { usize::from(is_single) } else { 1 << size };
    let mut at = 5 + usize::from(!is_single) + [0, 1, 2, 4][usize::from(dictionary)] + size;
    loop {
        let Some(header) = number(bytes, at, 3) else { return Extent::Cut };
        at += 3 + match header >> 1 & 3 {
            1 => 1,
            3 => return Extent::Unknown,
            _ => header >> 3,
        };
        if header & 1 == 1 {
            return Extent::Bytes(at + if has_checksum { 4 } else { 0 });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::MemoryFile;

    fn rows(count: usize) -> Vec<u8> {
        let value = |row: usize| (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (0..count).flat_map(|row| format!("{row},{}\n", value(row)).into_bytes()).collect()
    }

    /// Text as bgzip packs it.
    fn bgzip(text: &[u8]) -> Vec<u8> {
        let mut packed = Vec::new();
        for part in text.chunks(60_000).chain([&b""[..]]) {
            let mut gzip = flate2::GzBuilder::new().extra(b"BC\x02\0\0\0".to_vec()).write(Vec::new(), flate2::Compression::fast());
            gzip.write_all(part).expect("memory");
            let mut block = gzip.finish().expect("memory");
            let size = (block.len() - 1) as u16;
            block[16..18].copy_from_slice(&size.to_le_bytes());
            packed.extend(block);
        }
        packed
    }

    /// Text in frames, with one to skip in front of each, as pzstd writes them.
    fn frames(text: &[u8], len: usize) -> Vec<u8> {
        text.chunks(len)
            .flat_map(|part| {
                let mut frame = b"\x50\x2a\x4d\x18\x04\0\0\0size".to_vec();
                let mut packer = zstd::Encoder::new(Vec::new(), 1).expect("an encoder");
                packer.include_checksum(len.is_multiple_of(2)).expect("a flag");
                packer.write_all(part).expect("memory");
                frame.extend(packer.finish().expect("memory"));
                frame
            })
            .collect()
    }

    /// What is read while two others help.
    fn read(packing: Packing, packed: &[u8], memory: usize) -> io::Result<Vec<u8>> {
        let file: Arc<dyn ReadAt> = Arc::new(MemoryFile::new("t", packed));
        let budget = MemoryBudget::new(memory);
        let blocks = Blocks::of(&file, packing, &budget, &CancelToken::new()).expect("several blocks");
        let text = std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    (0..2000).for_each(|_| {
                        if !blocks.help() {
                            std::thread::yield_now()
                        }
                    })
                });
            }
            let mut text = Vec::new();
            InOrder::new(blocks.clone(), Arc::default()).read_to_end(&mut text).map(|_| text)
        });
        drop(blocks);
        assert_eq!(budget.used_bytes(), 0);
        text
    }

    #[test]
    fn blocks_are_one_text() {
        let text = rows(300_000);
        for memory in [64 << 20, 1 << 20, 0] {
            assert!(read(Packing::Gzip, &bgzip(&text), memory).expect("whole") == text, "{memory}");
            for len in [70_001, 300_000] {
                assert!(read(Packing::Zstd, &frames(&text, len), memory).expect("whole") == text, "{memory} {len}");
            }
        }
        // A group that is much larger than it looks, and what no longer says where it ends.
        let zeros = vec![b'\n'; 20 << 20];
        let packed = [frames(&text, 70_000), frames(&zeros, 1 << 20), frames(&text, 70_000)].concat();
        assert!(read(Packing::Zstd, &packed, 64 << 20).expect("whole") == [text.clone(), zeros, text.clone()].concat());
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"the end\n").expect("memory");
        let mixed = [bgzip(&text), gzip.finish().expect("memory")].concat();
        assert!(read(Packing::Gzip, &mixed, 64 << 20).expect("whole") == [text.clone(), b"the end\n".to_vec()].concat());
        // Damage is damage, wherever it is.
        for (packing, packed) in [(Packing::Gzip, bgzip(&text)), (Packing::Zstd, frames(&text, 70_000))] {
            assert!(read(packing, &packed[..packed.len() - 40], 64 << 20).is_err());
            let mut flipped = packed.clone();
            flipped[packed.len() / 2] ^= 0x55;
            assert!(read(packing, &flipped, 64 << 20).map_or(true, |found| found != text), "{}", packing.name());
        }
    }

    #[test]
    fn one_block_or_none_is_no_work_for_others() {
        let open = |packing, packed: Vec<u8>| {
            let file: Arc<dyn ReadAt> = Arc::new(MemoryFile::new("t", packed));
            Blocks::of(&file, packing, &MemoryBudget::new(1 << 20), &CancelToken::new())
        };
        let text = rows(100);
        assert!(open(Packing::Zstd, zstd::encode_all(text.as_slice(), 1).expect("memory")).is_none());
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&text).expect("memory");
        assert!(open(Packing::Gzip, gzip.finish().expect("memory").repeat(3)).is_none());
        assert!(open(Packing::Bzip2, b"BZh91AY".to_vec()).is_none());
    }
}
