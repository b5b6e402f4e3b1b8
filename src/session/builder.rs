//! Sessions and their settings.

use std::path::PathBuf;

use arrow::datatypes::SchemaRef;
use frame_core::{CancelToken, Error, QueryError, Result};
use frame_engine::{Engine, Settings, Tables};
use frame_io::StoreOptions;
use frame_memory::{Process, resident_bytes};
use frame_plan::{Catalog, Input};

use super::{Frame, Query};

/// Threads, a memory budget and settings, shared by the queries that run in it. Cheap to clone; two sessions share nothing.
///
/// ```
/// # fn main() -> frame::Result<()> {
/// let session = frame::Session::builder().threads(2).memory("256M")?.build()?;
/// let mut run = session.query("groupby category mean value").input("data/sales.csv").start()?;
/// let rows: usize = run.by_ref().map(|batch| batch.map(|batch| batch.num_rows())).sum::<frame::Result<usize>>()?;
/// let report = run.finish()?;
/// assert_eq!(report.rows_out as usize, rows);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Session {
    pub(super) engine: Engine,
}

/// How to make a [`Session`]; every setting has a default.
///
/// ```
/// # fn main() -> frame::Result<()> {
/// let session = frame::Session::builder().threads(2).memory("1.5G")?.batch_rows(4096).build()?;
/// let schema = session.schema(&frame::Input { path: "data/sales.csv".to_owned(), ..frame::Input::default() })?;
/// assert_eq!(schema.field(0).name(), "id");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct SessionBuilder {
    settings: Settings,
    store_options: StoreOptions,
}

impl Default for SessionBuilder {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let memory_bytes = machine_memory().map_or(4 << 30, |bytes| bytes / 5 * 4);
        let settings = Settings { threads, memory_bytes, spill_dir: default_spill_dir(), ..Settings::default() };
        Self { settings, store_options: StoreOptions::default() }
    }
}

impl SessionBuilder {
    /// Number of threads; the default is one per processor.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.settings.threads = threads.max(1);
        self
    }

    /// Bytes that may be reserved; the default is 80 % of the machine's memory.
    #[must_use]
    pub fn memory_bytes(mut self, bytes: usize) -> Self {
        self.settings.memory_bytes = bytes;
        self
    }

    /// Bytes that may be reserved, as text: `512M`, `1.5G`, `50%` of the machine.
    ///
    /// # Errors
    /// A usage error for text that is no size.
    pub fn memory(self, size: &str) -> Result<Self> {
        let bytes = parse_size(size)?;
        Ok(self.memory_bytes(bytes))
    }

    /// Makes the memory limit one for all that the process holds: code, stacks and what the allocator keeps are taken off it. `trim` gives
    /// memory that nobody uses back to the system; it is called when the limit is near. For a process that does nothing else: otherwise
    /// the limit is one of reservations.
    #[must_use]
    pub fn process_limit(mut self, trim: fn()) -> Self {
        self.settings.process = Some(Process { resident_bytes, trim });
        self
    }

    /// The folder for what does not fit into memory; the default is `/var/tmp`, or the system's folder for temporary files where there is
    /// none. Files there have no name where the system allows that, so nothing is left behind.
    #[must_use]
    pub fn spill_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.settings.spill_dir = folder.into();
        self
    }

    /// The most bytes that may lie in the spill folder at once; no limit is the default.
    #[must_use]
    pub fn max_spill_bytes(mut self, bytes: u64) -> Self {
        self.settings.spill_bytes_max = bytes;
        self
    }

    /// Bytes that an operator of one thread gathers before it puts them on disk even if memory is left (no limit). No answer depends on it.
    #[must_use]
    pub fn gathered_bytes(mut self, bytes: usize) -> Self {
        self.settings.gathered_bytes = bytes;
        self
    }

    /// The most bytes of a piece in which rows go to disk (1 MiB). No answer depends on it.
    #[must_use]
    pub fn piece_bytes(mut self, bytes: usize) -> Self {
        self.settings.piece_bytes = bytes.max(1);
        self
    }

    /// The most rows of a batch (8192); fewer are made where memory is small. No answer depends on it.
    #[must_use]
    pub fn batch_rows(mut self, rows: usize) -> Self {
        self.settings.batch_rows = rows.max(1);
        self
    }

    /// The groups that a thread's table holds before it is emptied into buckets (32,768). No answer depends on it.
    #[must_use]
    pub fn table_groups(mut self, groups: usize) -> Self {
        self.settings.table_groups = groups.max(1);
        self
    }

    /// The rows, about, of a slice of a table that lies in the order of a key: it is grouped and joined slice by slice (131,072). No answer
    /// depends on it.
    #[must_use]
    pub fn slice_rows(mut self, rows: u64) -> Self {
        self.settings.slice_rows = rows.max(1);
        self
    }

    /// Bytes of a CSV file in a partition (16 MiB). No answer depends on it.
    #[must_use]
    pub fn partition_bytes(mut self, bytes: u64) -> Self {
        self.settings.partition_bytes = bytes.max(1);
        self
    }

    /// Bytes of a CSV file that are read and parsed at a time (256 KiB). No answer depends on it.
    #[must_use]
    pub fn chunk_bytes(mut self, bytes: usize) -> Self {
        self.settings.chunk_bytes = bytes.max(1);
        self
    }

    /// Whether plans are rewritten before they run (yes). No answer depends on it.
    #[must_use]
    pub fn optimize(mut self, optimize: bool) -> Self {
        self.settings.optimize = optimize;
        self
    }

    /// What object stores are reached with, by the names of its variables: `AWS_REGION`, `AZURE_STORAGE_ACCOUNT_NAME`,
    /// `GOOGLE_SERVICE_ACCOUNT` …; the library itself reads no variable, `std::env::vars()` hands over all of them. Without the feature
    /// `remote` there is no use for them.
    #[must_use]
    pub fn store_options(mut self, options: impl IntoIterator<Item = (String, String)>) -> Self {
        self.store_options = options.into_iter().collect();
        self
    }

    /// Starts the threads.
    ///
    /// # Errors
    /// An error if the system gives no thread.
    pub fn build(self) -> Result<Session> {
        let files = frame_io::files(&self.settings.spill_dir, &self.store_options);
        Ok(Session { engine: Engine::with_files(self.settings, files)? })
    }
}

impl Session {
    /// A session to be set up.
    pub fn builder() -> SessionBuilder {
        SessionBuilder::default()
    }

    /// A query in the verb language; name its input next.
    pub fn query(&self, text: impl Into<String>) -> Query {
        Query::new(self.clone(), text.into())
    }

    /// The same as a query, but built in Rust: starts with all columns of a file.
    pub fn scan(&self, path: impl Into<String>) -> Frame {
        Frame::scan(self.clone(), Input { path: path.into(), ..Input::default() })
    }

    /// The memory limit.
    pub fn memory_bytes(&self) -> usize {
        self.engine.settings().memory_bytes
    }

    /// The token that stops every run of this session.
    pub fn cancel_token(&self) -> CancelToken {
        self.engine.cancel_token()
    }

    /// Names and types of a file's columns.
    ///
    /// # Errors
    /// What opening the file and looking at it can fail with.
    pub fn schema(&self, input: &Input) -> Result<SchemaRef> {
        self.catalog().schema(input)
    }

    /// The inputs as this session opens them: what a plan learns schemas from.
    pub fn catalog(&self) -> Tables {
        self.engine.tables()
    }
}

/// The folder that spilled data goes to if nobody names one: on a disk, as far as that can be known.
fn default_spill_dir() -> PathBuf {
    let on_disk = PathBuf::from("/var/tmp");
    if on_disk.is_dir() { on_disk } else { std::env::temp_dir() }
}

/// Bytes of a size such as `512M`, `1.5G`, `64MiB`, `50%`; a plain number is bytes. Letters stand for powers of 1024.
///
/// ```
/// assert_eq!(frame::parse_size("64M").ok(), Some(64 << 20));
/// ```
///
/// # Errors
/// A usage error for anything else.
pub fn parse_size(text: &str) -> Result<usize> {
    let wrong = || Error::new(QueryError::Usage(format!("`{text}` is no size"))).hint("for example 512M, 1.5G or 50%");
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit() && c != '.');
    let number: f64 = digits.parse().ok().filter(|number| *number >= 0.0).ok_or_else(wrong)?;
    let unit = match text[digits.len()..].trim().to_ascii_lowercase().trim_end_matches('b').trim_end_matches('i') {
        "" => 1.0,
        "k" => 1024.0,
        "m" => 1_048_576.0,
        "g" => 1_073_741_824.0,
        "t" => 1_099_511_627_776.0,
        "%" if number > 100.0 => {
            let error = QueryError::Usage(format!("`{text}` is more than the machine has"));
            return Err(Error::new(error).hint("at most 100%; for example 512M, 1.5G or 50%"));
        }
        "%" => machine_memory().ok_or_else(wrong)? as f64 / 100.0,
        _ => return Err(wrong()),
    };
    Ok((number * unit) as usize)
}

/// Bytes of memory that the machine, or the control group of this process, has.
fn machine_memory() -> Option<usize> {
    let meminfo = std::fs::read_to_string("/proc/meminfo").ok()?;
    let kilobytes: usize = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?.trim().trim_end_matches(" kB").parse().ok()?;
    let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let group = limits.iter().filter_map(|path| std::fs::read_to_string(path).ok()?.trim().parse().ok()).min();
    Some(group.unwrap_or(usize::MAX).min(kilobytes * 1024))
}

#[cfg(test)]
mod tests {
    use super::parse_size;

    #[test]
    fn sizes() {
        assert_eq!(parse_size("512M").ok(), Some(512 << 20));
        assert_eq!(parse_size("1.5GiB").ok(), Some(3 << 29));
        assert_eq!(parse_size("100").ok(), Some(100));
        assert_eq!(parse_size("64kb").ok(), Some(65_536));
        assert!(parse_size("100%").is_ok());
        assert!(parse_size("200%").is_err_and(|error| error.to_string().contains("more than the machine has")));
        for text in ["", "M", "12X", "-5M", "1..5G", "100.1%"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
