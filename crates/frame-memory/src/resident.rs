//! What the kernel says that this process holds.

/// Bytes of physical memory that this process holds now; `None` where the system does not tell.
pub fn resident_bytes() -> Option<usize> {
    // The fields are sizes in pages: all, resident, shared, …
    let sizes = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = sizes.split_ascii_whitespace().nth(1)?.parse().ok()?;
    pages.checked_mul(PAGE)
}

/// Bytes of a page on the systems that have `/proc/self/statm` and that frame promises a limit for.
const PAGE: usize = 4096;

#[cfg(all(test, target_os = "linux", target_arch = "x86_64"))]
mod tests {
    use super::resident_bytes;

    #[test]
    fn memory_that_is_touched_is_counted() {
        let before = resident_bytes().expect("Linux tells");
        let touched = vec![1_u8; 64 << 20];
        let after = resident_bytes().expect("Linux tells");
        assert!(after >= before + (48 << 20), "{before} then {after}");
        drop(touched);
    }
}
