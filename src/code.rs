//! The pages of the program's own code, which are in its file: those that nobody needs for a while need not be in memory.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Pages that are needed after all are mapped anew, some at a time: not worth it more often.
const LEAST_PAUSE: Duration = Duration::from_millis(500);

/// Takes the code out of memory, unless that was done a moment ago. The kernel maps what runs again from its cache of the file.
pub(crate) fn leave() {
    static LAST: Mutex<Option<Instant>> = Mutex::new(None);
    // Whoever comes while another one does it has nothing to do.
    let Ok(mut last) = LAST.try_lock() else { return };
    if last.is_none_or(|last| last.elapsed() >= LEAST_PAUSE) {
        *last = Some(Instant::now());
        leave_now();
    }
}

fn leave_now() {
    // SAFETY: the callback has the type that is asked for, and takes nothing but what it is given.
    unsafe { libc::dl_iterate_phdr(Some(leave_object), std::ptr::null_mut()) };
}

/// Takes the segments of the program that are never written to out of memory, and ends the iteration: the program comes first, libraries behind
/// it.
unsafe extern "C" fn leave_object(info: *mut libc::dl_phdr_info, _: usize, _: *mut libc::c_void) -> libc::c_int {
    // SAFETY: the loader hands over an object that is valid during the call, with as many headers as it says.
    let (start, headers) = unsafe { ((*info).dlpi_addr, std::slice::from_raw_parts((*info).dlpi_phdr, usize::from((*info).dlpi_phnum))) };
    // SAFETY: the call takes no address.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as u64;
    for header in headers.iter().filter(|header| header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_W == 0) {
        let from = (start + header.p_vaddr).div_ceil(page) * page;
        let to = (start + header.p_vaddr + header.p_memsz) / page * page;
        // SAFETY: the pages are mapped from the file and have not been changed, so they read the same when they are mapped again.
        unsafe { libc::madvise(from as *mut libc::c_void, to.saturating_sub(from) as usize, libc::MADV_DONTNEED) };
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resident_file_bytes() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("RssFile:")).expect("a size");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
    }

    #[test]
    fn code_leaves_memory_and_runs_on() {
        let before = resident_file_bytes();
        // Other tests run meanwhile, and bring back what they run.
        let left = (0..50).map(|_| {
            leave_now();
            resident_file_bytes()
        });
        let after = left.min().unwrap_or(before);
        assert!(after < before / 2, "{after} of {before} bytes of files are in memory");
        leave();
        assert!("12 34".split(' ').filter_map(|text| text.parse::<u32>().ok()).sum::<u32>() == 46, "the rest of the code is still there");
    }
}
