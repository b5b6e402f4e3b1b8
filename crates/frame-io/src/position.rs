//! The line number of a byte, for errors: found only when it is needed, by counting the newlines before it.

use frame_core::FilePosition;

use crate::ReadAt;

/// The place of a byte. If the file cannot be read any more, the place has no line.
pub(crate) fn locate(file: &dyn ReadAt, byte: u64, column: Option<(usize, String)>) -> FilePosition {
    if file.is_turned() {
        let place = file.place(byte);
        let (byte, line) = (place.map(|(byte, _)| byte), place.map(|(_, lines)| lines + 1));
        return FilePosition { file: file.path().to_owned(), byte, line, column };
    }
    let (byte_before, lines_before) = file.origin();
    let line = newlines_before(file, byte).map(|newlines| lines_before + newlines + 1);
    FilePosition { file: file.path().to_owned(), byte: Some(byte_before + byte), line, column }
}

fn newlines_before(file: &dyn ReadAt, byte: u64) -> Option<u64> {
    let mut buffer = vec![0; 1 << 20];
    let mut newlines = 0;
    let mut offset = 0;
    while offset < byte {
        let size = (byte - offset).min(buffer.len() as u64) as usize;
        file.read_exact_at(&mut buffer[..size], offset).ok()?;
        newlines += memchr::memchr_iter(b'\n', &buffer[..size]).count() as u64;
        offset += size as u64;
    }
    Some(newlines)
}
