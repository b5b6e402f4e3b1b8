//! The allocator of the process: the system's, which keeps freed memory for later unless it is told to give it back.

/// Gives memory that nobody uses back to the system.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn trim() {
    // SAFETY: the function of the C library takes a number and locks what it touches.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Nothing: other allocators give memory back on their own.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn trim() {}
