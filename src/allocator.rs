//! The allocator of the process: mimalloc, on huge pages only where the system has them for everyone.

use libmimalloc_sys::{mi_collect, mi_option_set, mi_option_t};

#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: mapping::Frugal = mapping::Frugal;

#[cfg(not(target_os = "linux"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Below this limit memory that is free for a moment is given back, and pages are small whatever the system has: each huge one takes 2 MiB for
/// its first byte.
const FRUGAL_BELOW_BYTES: usize = 320 << 20;

/// Below this limit large blocks are mappings of their own, which takes time: with more memory there is room for what the allocator keeps.
#[cfg(target_os = "linux")]
const MAPPING_BELOW_BYTES: usize = 96 << 20;

/// The option that says for how many milliseconds free pages are kept (`mi_option_purge_delay`).
const PURGE_DELAY: mi_option_t = 15;

/// How long they are kept below the limit: long enough for the next batch.
const FRUGAL_DELAY_MS: std::ffi::c_long = 10;

/// Gives memory that nobody uses back to the system.
pub(crate) fn trim() {
    // SAFETY: the function takes a flag and locks what it touches.
    unsafe { mi_collect(true) }
    #[cfg(target_os = "linux")]
    crate::code::leave();
}

/// Makes the allocator thrifty if the process may hold only so many bytes.
pub(crate) fn fit(limit_bytes: usize) {
    let is_frugal = limit_bytes < FRUGAL_BELOW_BYTES;
    #[cfg(target_os = "linux")]
    if is_frugal || !has_huge_pages_for_all() {
        // SAFETY: takes numbers only; a kernel without this option changes nothing.
        unsafe { libc::prctl(libc::PR_SET_THP_DISABLE, 1, 0, 0, 0) };
    }
    if !is_frugal {
        return;
    }
    // SAFETY: the function stores a number in a table, under an index that the table has.
    unsafe { mi_option_set(PURGE_DELAY, FRUGAL_DELAY_MS) }
    #[cfg(target_os = "linux")]
    if limit_bytes < MAPPING_BELOW_BYTES {
        mapping::begin();
    }
}

/// Whether the system gives huge pages to those who do not ask for them. mimalloc asks; where a virtual machine has given its free memory back
/// to its host, that makes the first look at each of them ten times as long.
#[cfg(target_os = "linux")]
fn has_huge_pages_for_all() -> bool {
    std::fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled").is_ok_and(|modes| modes.contains("[always]"))
}

/// Large blocks as mappings of their own, where memory is short: mimalloc has those of 64 to 512 KiB in pages of 4 MiB, which stay as long as one
/// block in them does.
#[cfg(target_os = "linux")]
mod mapping {
    use std::alloc::{GlobalAlloc, Layout};
    use std::ptr;
    use std::sync::atomic::{AtomicBool, Ordering};

    use libmimalloc_sys::mi_is_in_heap_region;
    use mimalloc::MiMalloc;

    /// Blocks of so many bytes are mapped.
    const MAPPED_FROM_BYTES: usize = 64 << 10;

    /// No alignment above this is promised by a mapping.
    const PAGE: usize = 4096;

    static IS_ON: AtomicBool = AtomicBool::new(false);

    /// From now on large blocks are mapped.
    pub(super) fn begin() {
        IS_ON.store(true, Ordering::Relaxed);
    }

    /// mimalloc, and mappings for large blocks when [`begin`] was called.
    pub(super) struct Frugal;

    /// Whether a block is to be mapped.
    fn is_large(size: usize, align: usize) -> bool {
        size >= MAPPED_FROM_BYTES && align <= PAGE && IS_ON.load(Ordering::Relaxed)
    }

    /// Whether a block was mapped; those from before [`begin`] were not.
    fn is_mapped(block: *const u8, layout: Layout) -> bool {
        // SAFETY: looks the address up in a table, whatever it is.
        is_large(layout.size(), layout.align()) && !unsafe { mi_is_in_heap_region(block.cast()) }
    }

    fn map(size: usize) -> *mut u8 {
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: asks for new memory, which nothing else refers to.
        let block = unsafe { libc::mmap(ptr::null_mut(), size, access, kind, -1, 0) };
        if block == libc::MAP_FAILED { ptr::null_mut() } else { block.cast() }
    }

    // SAFETY: each block goes back to whom it came from, as `is_mapped` asks mimalloc for those that it has; mappings are as large as asked for,
    // begin at a page, and are zeroed.
    unsafe impl GlobalAlloc for Frugal {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            if is_large(layout.size(), layout.align()) {
                return map(layout.size());
            }
            // SAFETY: the caller keeps to what `alloc` asks for.
            unsafe { MiMalloc.alloc(layout) }
        }

        unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
            if is_large(layout.size(), layout.align()) {
                return map(layout.size());
            }
            // SAFETY: as above.
            unsafe { MiMalloc.alloc_zeroed(layout) }
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            if is_mapped(block, layout) {
                // SAFETY: the block is a mapping of this size, and nobody uses it any more.
                unsafe { libc::munmap(block.cast(), layout.size()) };
                return;
            }
            // SAFETY: the block is one of mimalloc's, with this layout.
            unsafe { MiMalloc.dealloc(block, layout) }
        }

        unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            let is_large = is_large(size, layout.align());
            match is_mapped(block, layout) {
                true if is_large => {
                    // SAFETY: the block is a mapping of this size, and the caller forgets where it was.
                    let moved = unsafe { libc::mremap(block.cast(), layout.size(), size, libc::MREMAP_MAYMOVE) };
                    if moved == libc::MAP_FAILED { ptr::null_mut() } else { moved.cast() }
                }
                // SAFETY: the block is one of mimalloc's, with this layout.
                false if !is_large => unsafe { MiMalloc.realloc(block, layout, size) },
                // SAFETY: the new block is another one, both have as many bytes as are copied, and the old one is given up after that.
                _ => unsafe {
                    let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
                    if !new.is_null() {
                        ptr::copy_nonoverlapping(block, new, layout.size().min(size));
                        self.dealloc(block, layout);
                    }
                    new
                },
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn blocks_keep_their_bytes_whoever_has_them() {
            let layout = Layout::array::<u8>(3 * MAPPED_FROM_BYTES).expect("a size");
            // SAFETY: the layout has a size; all bytes are written before they are read; the vector has what this allocator gives back.
            let mut grown = unsafe {
                let before = MiMalloc.alloc(layout);
                begin();
                assert!(!is_mapped(before, layout), "a block of mimalloc's stays one");
                before.write_bytes(7, layout.size());
                Vec::from_raw_parts(before, layout.size(), layout.size())
            };
            for size in [5, 1, 2] {
                grown.resize(size * MAPPED_FROM_BYTES + 5, 7);
                grown.shrink_to_fit();
                assert!(is_mapped(grown.as_ptr(), Layout::for_value(grown.as_slice())));
                assert!(grown.iter().all(|byte| *byte == 7));
            }
            grown.truncate(100);
            grown.shrink_to_fit();
            assert!(!is_mapped(grown.as_ptr(), Layout::for_value(grown.as_slice())));
            assert_eq!(grown, [7; 100]);
            grown.resize(MAPPED_FROM_BYTES, 7);
            assert!(grown.iter().all(|byte| *byte == 7));
            assert!(vec![0_u64; MAPPED_FROM_BYTES].iter().all(|word| *word == 0));
        }
    }
}

#[cfg(test)]
mod tests {
    use libmimalloc_sys::mi_option_get;

    use super::*;

    #[test]
    fn the_option_is_the_one_for_free_pages() {
        // The one option whose default is a second.
        // SAFETY: reads a number from a table, under an index that the table has.
        assert_eq!(unsafe { mi_option_get(PURGE_DELAY) }, 1000);
        fit(FRUGAL_BELOW_BYTES - 1);
        // SAFETY: as above.
        assert_eq!(unsafe { mi_option_get(PURGE_DELAY) }, FRUGAL_DELAY_MS);
    }
}
