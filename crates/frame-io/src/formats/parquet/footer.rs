//! The footer: found at the end of the file, checked against the file's length, parsed once per table.

use frame_core::{Error, Result};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use super::refusal::{damaged, guard, unsupported};
use super::thrift::{Cursor, wire};
use crate::ReadAt;

const MAGIC: &[u8; 4] = b"PAR1";
const MAGIC_ENCRYPTED: &[u8; 4] = b"PARE";
/// Length of the footer (4 bytes) and the magic behind it.
const TAIL_LEN: u64 = 8;
/// How much of the file's end is read at once: it holds the whole footer of most files, and the whole of small files.
const FIRST_READ: u64 = 64 << 10;

/// Metadata of a file, and where its data must end.
#[derive(Debug)]
pub(super) struct Footer {
    pub metadata: ParquetMetaData,
    /// Offset of the first byte of the footer: no column chunk reaches beyond it.
    pub data_end: u64,
}

/// Reads and checks the footer of `file`.
///
/// # Errors
/// `DataError::Damaged` if the file is not a whole Parquet file, `DataError::Unsupported` if it is encrypted; `IoError`.
pub(super) fn read_footer(file: &dyn ReadAt) -> Result<Footer> {
    let (len, path) = (file.len(), file.path());
    if len < TAIL_LEN + MAGIC.len() as u64 {
        return Err(damaged(path, format!("{len} bytes are too few")));
    }
    let tail = read_end(file, FIRST_READ.min(len))?;
    let (rest, magic) = tail.split_at(tail.len() - MAGIC.len());
    if magic == MAGIC_ENCRYPTED {
        return Err(encrypted(path));
    }
    if magic != MAGIC {
        return Err(damaged(path, "it does not end in PAR1 (cut short?)"));
    }
    let (rest, footer_len) = rest.split_at(rest.len() - 4);
    let footer_len = u64::from(u32::from_le_bytes([footer_len[0], footer_len[1], footer_len[2], footer_len[3]]));
    if footer_len > len - TAIL_LEN - MAGIC.len() as u64 {
        return Err(damaged(path, format!("its footer claims {footer_len} bytes, the file has {len}")));
    }
    check_head(file, &tail)?;
    let longer;
    let footer = if footer_len <= rest.len() as u64 {
        &rest[rest.len() - footer_len as usize..]
    } else {
        longer = read_end(file, footer_len + TAIL_LEN)?;
        &longer[..footer_len as usize]
    };
    // Where columns are encrypted, the crate may miss their metadata.
    let metadata = parse(path, footer).map_err(|error| if names_a_cipher(footer) { encrypted(path) } else { error })?;
    check_rows(path, &metadata)?;
    Ok(Footer { metadata, data_end: len - TAIL_LEN - footer_len })
}

fn encrypted(path: &str) -> Error {
    unsupported(path, "an encrypted Parquet file").hint("decrypt it first: frame has no keys")
}

/// Whether the footer, whose `data_end` is known, says that columns are encrypted. Asked only when a column cannot be read: most footers
/// are walked once.
pub(super) fn has_encrypted_columns(file: &dyn ReadAt, data_end: u64) -> bool {
    let bytes = file.len().checked_sub(TAIL_LEN + data_end).map(|len| read_end(file, len + TAIL_LEN));
    matches!(bytes, Some(Ok(footer)) if names_a_cipher(&footer))
}

/// Whether the struct of the footer has field 8, the cipher of a file whose footer is not encrypted itself.
fn names_a_cipher(footer: &[u8]) -> bool {
    let mut cursor = Cursor::new(footer);
    let mut last = 0;
    while let Some(Some((field, kind))) = cursor.field(&mut last) {
        if field == 8 {
            return kind == wire::STRUCT;
        }
        if cursor.skip(kind).is_none() {
            return false;
        }
    }
    false
}

fn read_end(file: &dyn ReadAt, bytes: u64) -> Result<Vec<u8>> {
    let mut end = vec![0; bytes as usize];
    file.read_exact_at(&mut end, file.len() - bytes)?;
    Ok(end)
}

fn check_head(file: &dyn ReadAt, tail: &[u8]) -> Result<()> {
    let mut head = [0; 4];
    if tail.len() as u64 == file.len() {
        head.copy_from_slice(&tail[..4]);
    } else {
        file.read_exact_at(&mut head, 0)?;
    }
    if &head == MAGIC { Ok(()) } else { Err(damaged(file.path(), "it does not begin with PAR1")) }
}

fn parse(path: &str, footer: &[u8]) -> Result<ParquetMetaData> {
    guard(path, || ParquetMetaDataReader::decode_metadata(footer))
}

/// The row counts of the groups must add up, and every group must have every column.
fn check_rows(path: &str, metadata: &ParquetMetaData) -> Result<()> {
    let columns = metadata.file_metadata().schema_descr().num_columns();
    let mut rows = 0_i64;
    for (index, group) in metadata.row_groups().iter().enumerate() {
        if group.num_columns() != columns {
            return Err(damaged(path, format!("row group {index} has {} columns, the schema {columns}", group.num_columns())));
        }
        rows = match rows.checked_add(group.num_rows()) {
            Some(sum) if group.num_rows() >= 0 => sum,
            _ => return Err(damaged(path, format!("row group {index} claims {} rows", group.num_rows()))),
        };
    }
    let total = metadata.file_metadata().num_rows();
    if rows != total {
        return Err(damaged(path, format!("its row groups have {rows} rows, the footer says {total}")));
    }
    Ok(())
}
