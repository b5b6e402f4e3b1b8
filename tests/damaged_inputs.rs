//! Damaged files of every format and compression: rows or a clear error, soon, within the memory, and nothing is left behind.
//!
//! Each number is a file, the same every time. `FRAME_DAMAGED=100000 cargo test --release --test damaged_inputs` tries as many, and
//! `FRAME_DAMAGED_FROM` says which is the first.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Address space of the program, in KiB: an allocation of what a damaged size claims ends it with a signal.
const ADDRESS_SPACE_KIB: u64 = 2 << 20;

/// A file that is right, and a query that reads all of it.
struct Sample {
    name: String,
    bytes: Vec<u8>,
    query: &'static str,
}

/// A small stream of numbers.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, len: usize) -> usize {
        (self.next() % len.max(1) as u64) as usize
    }
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().expect("a number"))
}

/// The program, which gets `frame`'s arguments, in a limited address space where there is a shell that can limit it.
fn program() -> Command {
    if cfg!(not(unix)) {
        return Command::new(env!("CARGO_BIN_EXE_frame"));
    }
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -v {ADDRESS_SPACE_KIB}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_frame")]);
    shell
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// 150 rows as `to` writes them.
fn converted(folder: &Path, to: &str) -> Vec<u8> {
    let out = folder.join(format!("sales.{to}"));
    let output = program().args(["query", "take 150"]).arg(root("data/sales.csv")).arg("-o").arg(&out).output().expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read(&out).expect("the file")
}

fn samples(folder: &Path) -> Vec<Sample> {
    let query = "where id % 3 > 0 | groupby category count, sum value, max ts";
    let csv = converted(folder, "csv");
    let ndjson = converted(folder, "ndjson");
    let mut samples = Vec::new();
    let mut add = |name: &str, bytes: Vec<u8>| samples.push(Sample { name: name.to_owned(), bytes, query });
    for (text, plain) in [("csv", &csv), ("ndjson", &ndjson)] {
        add(&format!("a.{text}"), plain.clone());
        add(&format!("a.{text}.gz"), packed(flate2::write::GzEncoder::new(Vec::new(), Default::default()), plain, |done| done.finish()));
        let zstd = zstd::Encoder::new(Vec::new(), 3).expect("an encoder");
        add(&format!("a.{text}.zst"), packed(zstd, plain, |done| done.finish()));
        add(&format!("a.{text}.bz2"), packed(bzip2::write::BzEncoder::new(Vec::new(), Default::default()), plain, |done| done.finish()));
        add(&format!("a.{text}.xz"), packed(liblzma::write::XzEncoder::new(Vec::new(), 6), plain, |done| done.finish()));
        let lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
        add(&format!("a.{text}.lz4"), packed(lz4, plain, |done| done.finish().map_err(std::io::Error::other)));
        let snappy = snap::write::FrameEncoder::new(Vec::new());
        add(
            &format!("a.{text}.sz"),
            packed(snappy, plain, |done| done.into_inner().map_err(|error| std::io::Error::other(error.to_string()))),
        );
    }
    add("a.arrow", converted(folder, "arrow"));
    add("a.parquet", converted(folder, "parquet"));
    // Other writers have other pages: each third file of the corpus.
    let mut others: Vec<PathBuf> =
        fs::read_dir(root("tests/parquet")).expect("the corpus").map(|entry| entry.expect("a file").path()).collect();
    others.retain(|path| path.extension().is_some_and(|extension| extension == "parquet"));
    others.sort();
    for path in others.iter().step_by(3) {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        samples.push(Sample { name, bytes: fs::read(path).expect("a file"), query: "" });
    }
    samples
}

fn packed<W: Write>(mut packer: W, bytes: &[u8], finish: impl FnOnce(W) -> std::io::Result<Vec<u8>>) -> Vec<u8> {
    packer.write_all(bytes).expect("memory");
    finish(packer).expect("memory")
}

/// Cuts, flips, overwrites, moves or adds bytes; half of the time near the end, where some formats keep what matters.
fn damage(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    for _ in 0..1 + numbers.below(3) {
        let len = bytes.len();
        let at = if numbers.below(2) == 0 { numbers.below(len) } else { len.saturating_sub(1 + numbers.below(600)) };
        let end = (at + 1 + numbers.below(40)).min(len);
        match numbers.below(8) {
            0 => bytes.truncate(at),
            1 => bytes[at..end].fill(0),
            2 => bytes[at..end].fill(0xff),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let copy = bytes[at..end].to_vec();
                let to = numbers.below(len);
                drop(bytes.splice(to..to, copy));
            }
            5 => bytes[at..end].iter_mut().for_each(|byte| *byte = numbers.next() as u8),
            _ if at < len => bytes[at] ^= 1 << numbers.below(8),
            _ => {}
        }
    }
}

#[test]
fn damaged_files_of_every_format_end_in_rows_or_a_clear_error() {
    let scratch = tempfile::tempdir().expect("a folder");
    let samples = samples(scratch.path());
    let folder = scratch.path().join("run");
    fs::create_dir(&folder).expect("a folder");
    let (first, total) = (number("FRAME_DAMAGED_FROM", 0), number("FRAME_DAMAGED", 300));
    let (mut answered, mut refused) = (0, 0);
    for case in first..first + total {
        let sample = &samples[case as usize % samples.len()];
        let mut bytes = sample.bytes.clone();
        damage(&mut bytes, &mut Numbers(case));
        let file = folder.join(&sample.name);
        fs::write(&file, &bytes).expect("a file");
        let out = folder.join("out.ndjson");
        let what = format!("case {case}, {}", sample.name);
        let start = Instant::now();
        let output = program()
            .args(["query", sample.query])
            .arg(&file)
            .args(["-j", "2", "--memory", "64M", "--spill-dir"])
            .arg(&folder)
            .arg("-o")
            .arg(&out)
            .env("XDG_CONFIG_HOME", "/nonexistent")
            .env_remove("RUST_BACKTRACE")
            .output()
            .expect("the program runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(start.elapsed() < Duration::from_secs(20), "{what}: {:?}", start.elapsed());
        assert!(!stderr.contains("panicked at") && !stderr.contains("E0900"), "{what}: {stderr}");
        match output.status.code() {
            Some(0) => {
                answered += 1;
                fs::remove_file(&out).unwrap_or_else(|error| panic!("{what}: no answer, {error}"));
            }
            // A name or a type can be what is damaged: then the query does not fit the columns. Sizes can claim more than the limit.
            Some(2..=4) => {
                refused += 1;
                assert!(stderr.starts_with("error[E"), "{what}: {stderr}");
            }
            code => panic!("{what}: {code:?} {stderr}"),
        }
        fs::remove_file(&file).expect("the file is still there");
        let left: Vec<_> = fs::read_dir(&folder).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
        assert!(left.is_empty(), "{what}: {left:?} was left");
    }
    eprintln!("{total} damaged files from {first}: {answered} answered, {refused} refused");
    assert!(total < 100 || answered > 0 && refused > 0, "{answered} answered, {refused} refused");
}
