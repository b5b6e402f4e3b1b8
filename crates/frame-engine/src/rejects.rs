//! The rows that scans left out: written to their file when the rows of the answer are known.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringViewArray};
use frame_core::{DataError, Error, QueryError, Result};
use frame_io::formats::csv::{Reject, Rejects, header_len};
use frame_io::formats::{self, Destination};
use frame_io::{Content, Identity, Pending, ReadAt, Turned, url};
use frame_plan::CsvOptions;

/// How many rows may be left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Limit {
    Rows(u64),
    Percent(f64),
}

impl Limit {
    /// A limit as text: `100`, `0.5%`.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let wrong = || Error::new(QueryError::Usage(format!("`{text}` is no limit of rejected rows"))).hint("for example 100 or 0.5%");
        match text.strip_suffix('%') {
            Some(percent) => {
                percent.trim().parse().ok().filter(|percent| (0.0..=100.0).contains(percent)).map(Self::Percent).ok_or_else(wrong)
            }
            None => text.parse().map(Self::Rows).map_err(|_| wrong()),
        }
    }
}

/// The rows left out of one input.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    pub(crate) rejects: Arc<Rejects>,
    content: Content,
    /// What is between the fields of a first record that names them.
    header: Option<u8>,
    /// Where they are written to.
    path: Option<String>,
    limit: Option<Limit>,
}

impl Log {
    /// A log for an input, if its options ask for one; `header` is what is between the fields of its header.
    pub(crate) fn of(options: &CsvOptions, content: &Content, header: Option<u8>) -> Result<Option<Self>> {
        if options.rejects.is_none() && options.reject_limit.is_none() {
            return Ok(None);
        }
        if let Some(path) = &options.rejects {
            url::check_output(path)?;
            if Identity::of(path).is_some_and(|rejects| Some(rejects) == Identity::of(content.file.path())) {
                let error = Error::new(QueryError::Usage(format!("{path} is read and written at once")));
                return Err(error.hint("--rejects with the name of another file"));
            }
            if !is_raw(path) && formats::by_path(path).is_none() {
                let error = Error::new(QueryError::Usage(format!("rejected rows cannot be written to {path}")));
                return Err(error.hint("for example --rejects bad.csv, or bad.raw for the rows as they stand in the input"));
            }
        }
        let limit = options.reject_limit.as_deref().map(Limit::parse).transpose()?;
        let rows = if let Some(Limit::Rows(rows)) = limit { Some(rows) } else { None };
        let (rejects, path) = (Arc::new(Rejects::new(rows)), options.rejects.clone());
        Ok(Some(Self { rejects, content: content.clone(), header, path, limit }))
    }

    /// The rows, and where they stand in the input.
    fn rows(&self) -> Result<Vec<Row>> {
        let rejects = self.rejects.rows();
        let file = self.content.file.path();
        if self.content.dialect.is_some() {
            // What was read is not what stands there.
            let places: Vec<u64> = rejects.iter().map(|(byte, _)| *byte).collect();
            let turned = self.content.turned(&places)?;
            let row = |((_, reject), (record, raw)): ((u64, Reject), (Turned, Vec<u8>))| {
                let reject = Reject { raw: without_line_end(&raw).to_vec(), ..reject };
                (file.to_owned(), Some(record.lines + 1), record.start, reject)
            };
            return Ok(rejects.into_iter().zip(turned).map(row).collect());
        }
        let lines = lines(self.content.file.as_ref(), &rejects);
        Ok(rejects.into_iter().zip(lines).map(|((byte, reject), line)| (file.to_owned(), line, byte, reject)).collect())
    }

    /// What stands in front of the first row.
    fn header(&self) -> Result<Vec<u8>> {
        let Some(delimiter) = self.header else { return Ok(Vec::new()) };
        let (mut head, _) = self.content.head(HEAD_BYTES)?;
        head.truncate(header_len(&head, delimiter));
        if self.content.dialect.is_none() {
            return Ok(head);
        }
        let end = self.content.turned(&[0])?.first().map_or(0, |(record, _)| record.end as usize);
        let (mut head, _) = Content { dialect: None, ..self.content.clone() }.head(end)?;
        head.truncate(end);
        Ok(head)
    }
}

/// The largest header that is written again.
const HEAD_BYTES: usize = 1 << 20;

/// Whether rows are written as they stand in the input, and nothing else.
fn is_raw(path: &str) -> bool {
    path.ends_with(".raw")
}

fn without_line_end(row: &[u8]) -> &[u8] {
    let row = row.strip_suffix(b"\n").unwrap_or(row);
    row.strip_suffix(b"\r").unwrap_or(row)
}

/// Checks the limits of all logs and writes their files; `read` is the number of rows that were read.
pub(crate) fn finish(logs: &[Log], read: u64) -> Result<()> {
    let mut paths: Vec<&String> = Vec::new();
    for path in logs.iter().filter_map(|log| log.path.as_ref()) {
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    for path in paths {
        let logs: Vec<&Log> = logs.iter().filter(|log| log.path.as_ref() == Some(path)).collect();
        if is_raw(path) { write_raw(path, &logs)? } else { write(path, &logs)? }
    }
    let rejected: u64 = logs.iter().map(|log| log.rejects.len()).sum();
    for log in logs {
        if let Some(Limit::Percent(percent)) = log.limit
            && rejected as f64 * 100.0 > percent * read as f64
        {
            return Err(Error::new(DataError::Rejected {
                file: log.content.file.path().to_owned(),
                limit: format!("{percent} % of the rows"),
            }));
        }
    }
    Ok(())
}

/// A row that was left out: its file, line, byte, and what is known of it.
type Row = (String, Option<u64>, u64, Reject);

/// Writes a header and the rows, byte for byte, so that they can be mended and read as the input is.
fn write_raw(path: &str, logs: &[&Log]) -> Result<()> {
    let mut headers = logs.iter().map(|log| log.header()).collect::<Result<Vec<_>>>()?;
    headers.dedup();
    let [header] = headers.as_slice() else {
        let error = Error::new(QueryError::Usage(format!("rows under several headers cannot be put into {path}")));
        return Err(error.hint("--rejects bad.csv takes rows of any files"));
    };
    let line_end: &[u8] = match header.as_slice() {
        [.., b'\r', b'\n'] => b"\r\n",
        [.., b'\r'] => b"\r",
        _ => b"\n",
    };
    let mut text = header.clone();
    for log in logs {
        for (.., reject) in log.rows()? {
            text.extend_from_slice(&reject.raw);
            text.extend_from_slice(line_end);
        }
    }
    let failed = |error| formats::failure(path, &error);
    let (mut out, pending) = Pending::file(path).map_err(failed)?;
    out.write_all(&text).and_then(|()| out.flush()).map_err(failed)?;
    pending.map_or(Ok(()), Pending::complete).map_err(failed)
}

fn write(path: &str, logs: &[&Log]) -> Result<()> {
    let rows = logs.iter().map(|log| log.rows()).collect::<Result<Vec<_>>>()?.concat();
    let texts = |text: &dyn Fn(&Row) -> Option<String>| -> ArrayRef { Arc::new(rows.iter().map(text).collect::<StringViewArray>()) };
    let columns: [(&str, ArrayRef); 6] = [
        ("file", texts(&|(file, ..)| Some(file.clone()))),
        ("line", Arc::new(rows.iter().map(|(_, line, ..)| line.map(|line| line as i64)).collect::<Int64Array>())),
        ("byte", Arc::new(rows.iter().map(|(_, _, byte, _)| Some(*byte as i64)).collect::<Int64Array>())),
        ("column", texts(&|(.., reject)| reject.column.clone())),
        ("reason", texts(&|(.., reject)| Some(reject.reason.clone()))),
        ("row", texts(&|(.., reject)| Some(String::from_utf8_lossy(&reject.raw).into_owned()))),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))?;
    let Some(format) = formats::by_path(path) else {
        return Err(
            Error::new(QueryError::Usage(format!("rejected rows cannot be written to {path}"))).hint("for example --rejects bad.csv")
        );
    };
    let failed = |error| formats::failure(path, &error);
    let (out, pending) = Pending::file(path).map_err(failed)?;
    let mut writer = (format.open)(Box::new(std::io::BufWriter::new(out)), &batch.schema(), Destination::File).map_err(failed)?;
    writer.write(&batch).and_then(|()| writer.finish()).map_err(failed)?;
    pending.map_or(Ok(()), Pending::complete).map_err(failed)
}

/// The lines of rejected rows, in order: those of a file are counted in one go.
fn lines(file: &dyn ReadAt, rejects: &[(u64, Reject)]) -> Vec<Option<u64>> {
    let mut buffer = vec![0; 1 << 20];
    let (mut offset, mut newlines) = (0, 0);
    let mut line = |byte: u64| {
        while offset < byte {
            let size = (byte - offset).min(buffer.len() as u64) as usize;
            file.read_exact_at(&mut buffer[..size], offset).ok()?;
            newlines += buffer[..size].iter().filter(|byte| **byte == b'\n').count() as u64;
            offset += size as u64;
        }
        Some(newlines + 1)
    };
    rejects.iter().map(|(byte, reject)| reject.line.or_else(|| line(*byte))).collect()
}

#[cfg(test)]
mod tests {
    use super::Limit;

    #[test]
    fn limits() {
        assert_eq!(Limit::parse("100").ok(), Some(Limit::Rows(100)));
        assert_eq!(Limit::parse("0.5%").ok(), Some(Limit::Percent(0.5)));
        for text in ["", "x", "-1", "101%", "1.5"] {
            assert!(Limit::parse(text).is_err(), "{text}");
        }
    }
}
