//! `frame bench`: a query by the baseline and by frame with 1 … N threads, each in a process of its own.

use std::process::{Command, Stdio};
use std::time::Instant;

use clap::Args;
use frame::{Error, Input, Session};
use frame_core::IoError;
use frame_io::url;

use super::Result;
use super::failure::Failure;
use super::input::usage;
use super::output::print;
use super::report::resident_peak_bytes;
use super::stderr::say;
use crate::baseline;

const DEFAULT_QUERY: &str = "groupby category mean value";

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  frame bench big.csv\n  frame bench big.csv --query \"where value > 1200 | groupby category mean value\""
)]
pub(super) struct Arguments {
    /// The CSV file to read
    file: String,
    /// The query: [where CONDITION |] groupby KEYS AGGREGATES
    #[arg(long, default_value = DEFAULT_QUERY)]
    query: String,
    /// Runs of each, of which the median counts
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Numbers of threads to try (default: 1 to the number of processors, doubling)
    #[arg(long, value_delimiter = ',')]
    threads: Vec<usize>,
}

#[derive(Debug, Args)]
pub(super) struct BaselineArguments {
    query: String,
    file: String,
}

/// What a process took and gave.
struct Measured {
    seconds: f64,
    peak_bytes: Option<u64>,
    answer: String,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    if url::is_url(&arguments.file) {
        return Err(usage("the baseline reads local files only".to_owned(), "download the file first").into());
    }
    let threads = match arguments.threads.as_slice() {
        [] => doubling(std::thread::available_parallelism().map_or(1, std::num::NonZero::get)),
        given => given.to_vec(),
    };
    let baseline = median(1, || measure(&["baseline", &arguments.query, &arguments.file]))?;
    print(&format!("{}\n\n{:<22}{:>10}{:>14}{:>11}\n", arguments.query, "", "time", "peak memory", "speed-up"))?;
    print(&line("baseline, 1 thread", &baseline, 1.0))?;
    let mut first: Option<String> = None;
    for threads in threads {
        let count = threads.to_string();
        let frame = ["query", &arguments.query, &arguments.file, "--to", "csv", "-j", &count, "--verbose"];
        let measured = median(arguments.runs.max(1), || measure(&frame))?;
        print(&line(
            &format!("frame, {count} thread{}", if threads == 1 { "" } else { "s" }),
            &measured,
            baseline.seconds / measured.seconds,
        ))?;
        if !agree(&baseline.answer, &measured.answer) {
            return Err(Failure::Verification(format!("with {count} threads the answer is not the baseline's")));
        }
        if *first.get_or_insert_with(|| measured.answer.clone()) != measured.answer {
            return Err(Failure::Verification(format!("with {count} threads the answer has other bytes than with fewer")));
        }
    }
    print("answers: equal\n")
}

/// 1, 2, 4 … and `last`.
fn doubling(last: usize) -> Vec<usize> {
    let mut threads: Vec<usize> =
        std::iter::successors(Some(1), |threads| Some(threads * 2)).take_while(|threads| *threads < last).collect();
    threads.push(last);
    threads
}

fn line(name: &str, measured: &Measured, speed_up: f64) -> String {
    let memory = measured.peak_bytes.map_or("unknown".to_owned(), |bytes| format!("{:.1} MB", bytes as f64 / 1e6));
    format!("{name:<22}{:>8.3} s{memory:>14}{speed_up:>10.1}x\n", measured.seconds)
}

fn median(runs: usize, measure: impl Fn() -> Result<Measured>) -> Result<Measured> {
    let mut all = (0..runs).map(|_| measure()).collect::<Result<Vec<_>>>()?;
    all.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    Ok(all.swap_remove(runs / 2))
}

/// Runs this program with other arguments; its last line on stderr ends with its peak memory.
fn measure(arguments: &[&str]) -> Result<Measured> {
    let failed = |error: std::io::Error| Failure::from(Error::new(IoError::new("run", "this program", &error)));
    let program = std::env::current_exe().map_err(failed)?;
    let start = Instant::now();
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().map_err(failed)?;
    let seconds = start.elapsed().as_secs_f64();
    if !output.status.success() {
        // The child has said what is wrong.
        say(&String::from_utf8_lossy(&output.stderr));
        return Err(Failure::Verification(format!("`frame {}` failed", arguments.join(" "))));
    }
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let peak = log.rsplit_once(" bytes resident").or_else(|| log.rsplit_once(" resident at most"));
    let peak = peak.and_then(|(before, _)| before.rsplit(' ').next()?.parse().ok());
    Ok(Measured { seconds, peak_bytes: peak, answer: String::from_utf8_lossy(&output.stdout).into_owned() })
}

/// Whether two CSV answers hold the same rows; numbers to a relative 10⁻⁹, because the baseline rounds at every addition. It also sorts
/// keys as text, so the order of rows is not compared.
fn agree(a: &str, b: &str) -> bool {
    let close = |a: &str, b: &str| match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()) || a == b || a.is_nan() && b.is_nan(),
        _ => a == b,
    };
    let (a, b) = (sorted_rows(a), sorted_rows(b));
    a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| close(a, b)))
}

/// The records of a CSV, numbers in one spelling. Keys come first and differ, so that rounding behind them does not change the order.
fn sorted_rows(text: &str) -> Vec<Vec<String>> {
    let records = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes()).into_records().flatten();
    let one_spelling = |field: &str| field.parse::<f64>().map_or_else(|_| field.to_owned(), |value| format!("{value:?}"));
    let mut rows: Vec<Vec<String>> = records.map(|record| record.iter().map(one_spelling).collect()).collect();
    rows.sort();
    rows
}

/// The baseline, as a process of its own.
pub(super) fn run_baseline(arguments: &BaselineArguments) -> Result<()> {
    let input = Input { path: arguments.file.clone(), ..Input::default() };
    let session = Session::builder().threads(1).build()?;
    let lines = baseline::run(&arguments.query, &input, &session.catalog())
        .map_err(|error| Failure::Engine(error, Some(arguments.query.clone())))?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    for line in lines {
        writer.write_record(&line).map_err(|error| Error::internal(error.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|error| Error::internal(error.to_string()))?;
    print(&String::from_utf8_lossy(&bytes))?;
    say(&format!("memory: {} bytes resident at most\n", resident_peak_bytes().unwrap_or(0)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_agree_up_to_rounding() {
        assert!(agree("k,m\na,1.0\n", "k,m\na,1.00000000001\n"));
        assert!(!agree("k,m\na,1.0\n", "k,m\na,1.0001\n"));
        assert!(!agree("k,m\na,1.0\n", "k,m\nb,1.0\n"));
        assert!(!agree("k,m\na,1.0\n", "k,m\n"));
        assert!(agree("k,m\n2,1\n10,2\n", "k,m\n10.0,2.0\n2.0,1.0\n"));
    }
}
