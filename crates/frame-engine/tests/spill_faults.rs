//! Disks that fail while operators spill: each fault is an error that names the disk, nothing stays behind, and the engine stays usable.

#[path = "../../../tests/shared/left_behind.rs"]
mod left_behind;

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use frame_core::{ErrorKind, Result, Span};
use frame_engine::{Engine, Progress, Settings};
use frame_expr::{AggregateCall, Expr, SortKey, Window};
use frame_io::{FileAccess, MemoryFile, ReadAt};
use frame_memory::{ScratchAccess, ScratchFile};
use frame_plan::{Aggregate, Complete, Dedup, Input, Join, JoinKind, KeyItem, KeyPair, Limit, Plan, Scan, Sort, Tail, Top, WindowItem};

use left_behind::left_behind;

/// What happens at the n-th operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// No room is left.
    Full,
    /// The device does not answer.
    Broken,
    /// No file can be opened.
    NoHandles,
    /// A signal came in between: nothing has happened yet.
    Interrupted,
    /// Fewer bytes than asked for; the rest comes with the next call.
    Short,
}

/// The three things that are asked of a disk, each at one place of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Operation {
    Create,
    Write,
    Read,
}

/// What failed, and how.
type Failed = Arc<Mutex<BTreeSet<(Operation, Fault)>>>;

/// Counts operations and lets one of them fail.
#[derive(Debug, Clone)]
struct Disk {
    operations: Arc<AtomicUsize>,
    fails_at: usize,
    fault: Fault,
    failed: Failed,
}

#[derive(Debug)]
struct DiskFile {
    disk: Disk,
    bytes: Mutex<Vec<u8>>,
}

impl Disk {
    /// Fails if it is time to; else the bytes that the operation may move.
    fn operate(&self, operation: Operation, bytes: usize) -> io::Result<usize> {
        if self.operations.fetch_add(1, Ordering::Relaxed) + 1 != self.fails_at {
            return Ok(bytes);
        }
        self.failed.lock().expect("no panic").insert((operation, self.fault));
        match self.fault {
            Fault::Full => Err(io::Error::from_raw_os_error(28)),
            Fault::Broken => Err(io::Error::from_raw_os_error(5)),
            Fault::NoHandles => Err(io::Error::from_raw_os_error(24)),
            Fault::Interrupted => Err(io::Error::from_raw_os_error(4)),
            Fault::Short => Ok(bytes.div_ceil(2)),
        }
    }
}

impl ScratchAccess for Disk {
    fn create(&self) -> io::Result<Arc<dyn ScratchFile>> {
        // A file is there or not, and the system begins again by itself.
        if !matches!(self.fault, Fault::Interrupted | Fault::Short) {
            self.operate(Operation::Create, 1)?;
        }
        Ok(Arc::new(DiskFile { disk: self.clone(), bytes: Mutex::default() }))
    }

    fn folder(&self) -> &Path {
        Path::new("a disk")
    }
}

impl ScratchFile for DiskFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let len = self.disk.operate(Operation::Write, bytes.len())?;
        let mut file = self.bytes.lock().expect("no panic");
        let end = file.len().max(offset as usize + len);
        file.resize(end, 0);
        file[offset as usize..offset as usize + len].copy_from_slice(&bytes[..len]);
        Ok(len)
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let file = self.bytes.lock().expect("no panic");
        let rest = &file[(offset as usize).min(file.len())..];
        let len = self.disk.operate(Operation::Read, rest.len().min(bytes.len()))?;
        bytes[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }
}

#[derive(Debug)]
struct Files(Vec<u8>);

impl FileAccess for Files {
    fn open(&self, path: &str) -> Result<Arc<dyn ReadAt>> {
        Ok(Arc::new(MemoryFile::new(path, self.0.clone())))
    }
}

fn engine(disk: &Disk, gathered_bytes: usize) -> Engine {
    engine_within(disk, gathered_bytes, u64::MAX)
}

fn engine_within(disk: &Disk, gathered_bytes: usize, spill_bytes_max: u64) -> Engine {
    let rows: String = (0..2000).map(|row| format!("{},{}\n", row * 7919 % 1999, row % 13)).collect();
    let sizes =
        Settings { batch_rows: 200, partition_bytes: 3000, chunk_bytes: 1000, table_groups: 50, piece_bytes: 400, ..Settings::default() };
    let settings = Settings { threads: 2, gathered_bytes, spill_bytes_max, ..sizes };
    Engine::with_access(settings, Arc::new(Files(format!("id,value\n{rows}").into_bytes())), Arc::new(disk.clone())).expect("threads")
}

fn scan() -> Box<Plan> {
    Box::new(Plan::Scan(Scan::new(Input { path: "rows.csv".to_owned(), ..Input::default() })))
}

/// The operators that spill.
fn plans() -> Vec<Plan> {
    let key = |name: &str| SortKey { expr: Expr::column(name), descending: false, nulls_first: false };
    let sum = AggregateCall::new("sum", vec![Expr::column("value")], "s");
    let median = AggregateCall::new("median", vec![Expr::column("id")], "m");
    let group_by = |name: &str, aggregates| Aggregate {
        input: scan(),
        keys: vec![KeyItem { expr: Expr::column(name), name: name.to_owned() }],
        aggregates,
        with_total: false,
    };
    let join = |kind| {
        let (keys, as_of, expect, alias, prefixed) = (vec![KeyPair::same("id")], None, None, Some("o".to_owned()), None);
        Plan::Join(Join { left: scan(), right: scan(), kind, keys, as_of, expect, alias, prefixed })
    };
    let window = |function: &str, by: Vec<Expr>, order: Vec<SortKey>| WindowItem {
        window: Window { function: function.to_owned(), constants: Vec::new(), arguments: Vec::new(), by, order, frame: None },
        name: format!("{function} of it"),
        span: Span::default(),
    };
    // A group in stretches, of which one window knows the rows before; many groups; places in the order of the rows.
    let items = vec![
        window("percent_rank", Vec::new(), vec![key("value"), key("id")]),
        window("count", vec![Expr::column("id")], Vec::new()),
        window("row_number", Vec::new(), Vec::new()),
    ];
    let taken = Plan::Limit(Limit { input: scan(), offset: 10, count: 1900 });
    vec![
        Plan::Window(frame_plan::Window { input: scan(), items }),
        Plan::Top(Top { input: scan(), count: 1500, order: vec![key("value")], per: Vec::new(), with_ties: false }),
        Plan::Top(Top { input: scan(), count: 90, order: vec![key("id")], per: vec![Expr::column("value")], with_ties: true }),
        Plan::Dedup(Dedup { input: scan(), by: vec!["id".to_owned()], order: Vec::new(), keep_last: true }),
        Plan::Tail(Tail { input: Box::new(Plan::Sort(Sort { input: scan(), keys: vec![key("id")] })), count: 1700 }),
        Plan::Sort(Sort { input: Box::new(taken), keys: vec![key("id")] }),
        Plan::Complete(Complete { input: scan(), keys: vec!["value".to_owned(), "id".to_owned()], value: None }),
        join(JoinKind::Full),
        join(JoinKind::Anti),
        Plan::Sort(Sort { input: scan(), keys: vec![key("value"), key("id")] }),
        Plan::Aggregate(group_by("id", vec![sum.clone()])),
        Plan::Aggregate(Aggregate { with_total: true, ..group_by("value", vec![median, sum]) }),
    ]
}

fn answer(engine: &Engine, plan: &Plan) -> Result<String> {
    let plan = plan.clone();
    let run = engine.start(move |_| Ok(plan.clone()), &Progress::default())?;
    let batches = run.collect::<Result<Vec<_>>>()?;
    if batches.is_empty() {
        return Ok("no rows".to_owned());
    }
    Ok(format!("{:?}", arrow::compute::concat_batches(&batches[0].schema(), &batches)?.columns()))
}

#[test]
fn every_operation_of_the_disk_may_fail() {
    let failed = Failed::default();
    let sound = Disk { operations: Arc::default(), fails_at: 0, fault: Fault::Broken, failed: Failed::default() };
    for plan in plans() {
        let expected = answer(&engine(&sound, usize::MAX), &plan).expect("enough memory");
        assert_eq!(sound.operations.swap(0, Ordering::Relaxed), 0, "nothing is written when all of it fits");
        assert_eq!(answer(&engine(&sound, 2000), &plan).expect("a sound disk"), expected);
        let all = sound.operations.swap(0, Ordering::Relaxed);
        assert!(all > 30, "{all} operations");
        for fault in [Fault::Full, Fault::Broken, Fault::NoHandles, Fault::Interrupted, Fault::Short] {
            // Threads share the work in other ways each time, so the number of operations is about the same only.
            for fails_at in (1..all / 2).step_by(1 + all / 60) {
                let disk = Disk { operations: Arc::default(), fails_at, fault, failed: failed.clone() };
                let engine = engine(&disk, 2000);
                match answer(&engine, &plan) {
                    Ok(same) => assert_eq!(same, expected, "{fault:?} at {fails_at}"),
                    Err(error) => {
                        assert!(!matches!(fault, Fault::Interrupted | Fault::Short), "{fault:?} at {fails_at}: {error}");
                        assert!(matches!(error.kind(), ErrorKind::Disk(_)), "{fault:?} at {fails_at}: {error}");
                        assert_eq!(error.exit_code(), 5);
                    }
                }
                assert_eq!(left_behind(&engine), (0, 0), "{fault:?} at {fails_at} left something");
                assert_eq!(answer(&engine, &plan).expect("the disk works again"), expected);
            }
        }
    }
    // Three ways for a file not to be there, five for writing and for reading.
    assert_eq!(failed.lock().expect("no panic").len(), 3 + 2 * 5);
}

#[test]
fn no_more_is_spilled_than_may_be() {
    let sound = Disk { operations: Arc::default(), fails_at: 0, fault: Fault::Broken, failed: Failed::default() };
    for plan in plans() {
        let engine = engine_within(&sound, 2000, 500);
        let error = answer(&engine, &plan).expect_err("little room");
        assert_eq!(error.exit_code(), 5, "{error}");
        assert_eq!(left_behind(&engine), (0, 0));
    }
}
