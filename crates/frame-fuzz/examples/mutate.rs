//! Runs a fuzz target on mutations of its inputs, without a compiler's help: the same numbers for the same seed.
//!
//! `cargo run -p frame-fuzz --example mutate -- TARGET RUNS SEED SECONDS`: ends after so many runs or seconds, says how many there were, and
//! leaves the input that a target failed for as `failed-TARGET-SEED` in the current folder.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs, process};

/// An input does not grow beyond this.
const LEN_MAX: usize = 4096;
/// What matters to one format or another.
const TOKENS: &[&[u8]] = &[
    b"\n",
    b"\r\n",
    b"\"",
    b"\"\"",
    b",",
    b";",
    b"\t",
    b"true",
    b"FALSE",
    b"null",
    b"nan",
    b"-inf",
    b"0",
    b"-1",
    b"9007199254740993",
    b"9223372036854775808",
    b"-9223372036854775808",
    b"1.5",
    b"1e400",
    b"0.1e-5",
    b"2024-01-31",
    b"2024-02-30",
    b"2024-01-31T10:00:00",
    b"2024-01-31T10:00:00.123456789Z",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"{\"a\":1}\n",
    b"\\u0000",
    b"\\ud800",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\0\0\0\0",
    b"\xff\xff\xff\x7f",
    b"\xff\xff\xff\xff\x0f",
    b"\x80\x80\x80\x80\x08",
    b"|",
    b" | ",
    b"where ",
    b"groupby ",
    b"select ",
    b"derive x = ",
    b"sum(",
    b"over (",
    b"by ",
    b"order ",
    b"if ",
    b"then ",
    b"else ",
    b"and ",
    b"not ",
    b"'",
    b"@2024-01-31",
    b"7d",
    b"(",
    b")",
    b"-",
    b"*",
    b"value",
    b"category",
    b"as ",
    b"let a = ",
    b"join left a on id",
    b"in (1, 2)",
    b"is null",
    b"[a b]]]",
    b"\xc3\xa9",
];

/// A small stream of numbers.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) as usize
    }

    /// A number below `len`, or 0.
    fn below(&mut self, len: usize) -> usize {
        self.next() % len.max(1)
    }
}

fn inputs(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(folder).expect("a target").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let mut inputs: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).expect("an input")).collect();
    inputs.extend(frame_fuzz::seeds(target));
    inputs
}

/// One to eight changes, and sometimes the end of another input.
fn mutate(input: &mut Vec<u8>, inputs: &[Vec<u8>], numbers: &mut Numbers) {
    for _ in 0..1 + numbers.below(8) {
        let at = numbers.below(input.len() + 1);
        let end = (at + 1 + numbers.below(16)).min(input.len());
        match numbers.below(9) {
            0 | 1 if at < input.len() => input[at] ^= 1 << numbers.below(8),
            2 if at < input.len() => input[at] = numbers.next() as u8,
            3 => drop(input.drain(at..end)),
            4 => drop(input.splice(at..at, TOKENS[numbers.below(TOKENS.len())].iter().copied())),
            5 => drop(input.splice(at..end, TOKENS[numbers.below(TOKENS.len())].iter().copied())),
            6 => {
                let copy = input[at..end].to_vec();
                let to = numbers.below(input.len() + 1);
                drop(input.splice(to..to, copy));
            }
            7 if numbers.below(4) == 0 => {
                let other = &inputs[numbers.below(inputs.len())];
                let from = numbers.below(other.len() + 1);
                input.truncate(at);
                input.extend(&other[from..]);
            }
            _ if at < input.len() => input[at] = input[at].wrapping_add(if numbers.below(2) == 0 { 1 } else { 255 }),
            _ => {}
        }
    }
    input.truncate(LEN_MAX);
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [target, runs, seed, seconds] = arguments.as_slice() else {
        eprintln!("mutate TARGET RUNS SEED SECONDS");
        process::exit(2);
    };
    let number = |text: &String| text.parse::<u64>().expect("a number");
    let (runs, seed, limit) = (number(runs), number(seed), Duration::from_secs(number(seconds)));
    frame_fuzz::keep_quiet();
    let inputs = inputs(target);
    let mut numbers = Numbers(seed);
    let start = Instant::now();
    let mut run = 0;
    while run < runs && start.elapsed() < limit {
        let mut input = inputs[numbers.below(inputs.len())].clone();
        mutate(&mut input, &inputs, &mut numbers);
        let began = Instant::now();
        let held = catch_unwind(AssertUnwindSafe(|| frame_fuzz::run(target, &input))).is_ok();
        if !held || began.elapsed() > Duration::from_secs(2) {
            let file = format!("failed-{target}-{seed}");
            fs::write(&file, &input).expect("a file");
            println!("{target}: {file} after {run} runs, {:?}", began.elapsed());
            process::exit(1);
        }
        run += 1;
    }
    println!("{target}: {run} runs from seed {seed}, {:.0} s", start.elapsed().as_secs_f64());
}
