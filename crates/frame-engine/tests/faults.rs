//! Files that fail, shrink or change while they are read; runs that are cancelled. Each is a clear error, and the engine stays usable.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use frame_core::{DataError, Error, ErrorKind, IoError, Result};
use frame_engine::{Engine, Progress, Settings};
use frame_expr::{AggregateCall, Expr};
use frame_io::{FileAccess, MemoryFile, ReadAt};
use frame_plan::{Aggregate, Input, Plan, Scan};

/// What happens to the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// The n-th read fails.
    Read(usize),
    /// From the n-th read on the file has only half its bytes.
    Shrinks(usize),
    /// It was written to when the run looks again.
    Changed,
}

#[derive(Debug)]
struct Faulty {
    file: MemoryFile,
    fault: Fault,
    reads: Arc<AtomicUsize>,
}

impl ReadAt for Faulty {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let read = self.reads.fetch_add(1, Ordering::Relaxed) + 1;
        match self.fault {
            Fault::Read(n) if read == n => {
                let error = std::io::Error::from_raw_os_error(5);
                Err(Error::new(IoError::new("read", self.path(), &error)))
            }
            Fault::Shrinks(n) if read >= n => {
                let rest = (self.len() / 2).saturating_sub(offset).min(buffer.len() as u64) as usize;
                self.file.read_at(&mut buffer[..rest], offset)
            }
            _ => self.file.read_at(buffer, offset),
        }
    }

    fn len(&self) -> u64 {
        self.file.len()
    }

    fn path(&self) -> &str {
        self.file.path()
    }

    fn check_unchanged(&self) -> Result<()> {
        if self.fault == Fault::Changed {
            return Err(Error::new(DataError::Changed { file: self.path().to_owned(), reason: "it was written to".to_owned() }));
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Files {
    bytes: Vec<u8>,
    fault: Fault,
    reads: Arc<AtomicUsize>,
}

impl FileAccess for Files {
    fn open(&self, path: &str) -> Result<Arc<dyn ReadAt>> {
        Ok(Arc::new(Faulty { file: MemoryFile::new(path, self.bytes.clone()), fault: self.fault, reads: self.reads.clone() }))
    }
}

fn text() -> Vec<u8> {
    let rows = (0..3000).map(|row| format!("{row},\"note {}\n{row}\"\n", row % 10));
    format!("id,note\n{}", rows.collect::<String>()).into_bytes()
}

fn engine(fault: Fault, reads: &Arc<AtomicUsize>) -> Engine {
    let settings = Settings {
        threads: 2,
        memory_bytes: 64 << 20,
        batch_rows: 100,
        table_groups: 3,
        partition_bytes: 5000,
        chunk_bytes: 1000,
        ..Settings::default()
    };
    Engine::with_files(settings, Arc::new(Files { bytes: text(), fault, reads: reads.clone() })).expect("threads")
}

fn plan() -> Plan {
    let scan = Plan::Scan(Scan::new(Input { path: "faulty.csv".to_owned(), ..Input::default() }));
    let sum = AggregateCall::new("sum", vec![Expr::column("id")], "s");
    Plan::Aggregate(Aggregate { input: Box::new(scan), keys: Vec::new(), aggregates: vec![sum], with_total: false })
}

fn run(engine: &Engine) -> Result<u64> {
    engine.start(|_| Ok(plan()), &Progress::default())?.finish().map(|report| report.rows_read)
}

#[test]
fn every_read_may_fail() {
    let reads = Arc::new(AtomicUsize::new(0));
    assert_eq!(run(&engine(Fault::None, &reads)).expect("no fault"), 3000);
    let all = reads.load(Ordering::Relaxed);
    assert!(all > 30, "the file is read in pieces");
    for n in 1..=all / 2 {
        let error = run(&engine(Fault::Read(n), &Arc::default())).expect_err("a failed read");
        assert!(matches!(error.kind(), ErrorKind::Io(_)), "{n}: {error}");
    }
}

#[test]
fn a_file_that_shrinks_or_changes_is_an_error() {
    for n in [1, 2, 5, 20, 40] {
        let error = run(&engine(Fault::Shrinks(n), &Arc::default())).expect_err("a file that shrinks");
        assert_eq!(error.exit_code(), 3, "{n}: {error}");
        assert!(error.to_string().contains("changed while it was read"), "{n}: {error}");
    }
    let error = run(&engine(Fault::Changed, &Arc::default())).expect_err("a file that changes");
    assert!(matches!(error.kind(), ErrorKind::Data(DataError::Changed { .. })), "{error}");
}

#[test]
fn a_cancelled_engine_stops() {
    let engine = engine(Fault::None, &Arc::default());
    engine.cancel_token().cancel();
    let error = run(&engine).expect_err("cancelled");
    assert_eq!((error.kind(), error.exit_code()), (&ErrorKind::Cancelled, 130));
}
