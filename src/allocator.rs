//! The allocator of the process: mimalloc, on huge pages where the system has them, unless there is little memory to go round.

use libmimalloc_sys::{mi_collect, mi_option_set, mi_option_t};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Below this limit memory that is free for a moment is given back, and pages are small: huge ones are faster, but each takes 2 MiB for its
/// first byte.
const FRUGAL_BELOW_BYTES: usize = 320 << 20;

/// The option that says for how many milliseconds free pages are kept (`mi_option_purge_delay`).
const PURGE_DELAY: mi_option_t = 15;

/// How long they are kept below the limit: long enough for the next batch.
const FRUGAL_DELAY_MS: std::ffi::c_long = 10;

/// Gives memory that nobody uses back to the system.
pub(crate) fn trim() {
    // SAFETY: the function takes a flag and locks what it touches.
    unsafe { mi_collect(true) }
}

/// Makes the allocator thrifty if the process may hold only so many bytes.
pub(crate) fn fit(limit_bytes: usize) {
    if limit_bytes >= FRUGAL_BELOW_BYTES {
        return;
    }
    // SAFETY: the function stores a number in a table, under an index that the table has.
    unsafe { mi_option_set(PURGE_DELAY, FRUGAL_DELAY_MS) }
    #[cfg(target_os = "linux")]
    // SAFETY: takes numbers only; a kernel without this option changes nothing.
    unsafe {
        libc::prctl(libc::PR_SET_THP_DISABLE, 1, 0, 0, 0);
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
