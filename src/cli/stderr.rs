//! Telling people something. There is nobody to tell when that fails, so it never does.

use std::io::{Write, stderr};

/// Writes a text to stderr; that it is closed, or full, is no reason to stop.
pub(super) fn say(text: &str) {
    let _ = stderr().write_all(text.as_bytes());
}
