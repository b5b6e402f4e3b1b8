//! What a run has left in its engine.

use std::thread::sleep;
use std::time::Duration;

use frame_engine::Engine;

/// Bytes in spill files and reserved bytes when the last task has ended: one may still do so when the answer, or the error, is there.
pub(crate) fn left_behind(engine: &Engine) -> (u64, usize) {
    let bytes = || (engine.spilled_bytes(), engine.reserved_bytes());
    for _ in 0..500 {
        if bytes() == (0, 0) {
            break;
        }
        sleep(Duration::from_millis(10));
    }
    bytes()
}
