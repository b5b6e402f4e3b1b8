//! The command line: one file per subcommand, and what they share.

mod bench;
mod explain;
mod failure;
mod generate;
mod head;
mod input;
mod output;
mod progress;
mod query;
mod report;
mod resources;
mod schema;
mod table;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Failure;

/// What the environment says; flags come before it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    /// `FRAME_THREADS`
    pub(crate) threads: Option<String>,
    /// `FRAME_MEMORY`
    pub(crate) memory: Option<String>,
    /// `FRAME_PROGRESS`
    pub(crate) progress: Option<String>,
}

/// Answers questions about files that are bigger than memory.
#[derive(Debug, Parser)]
#[command(
    name = "frame",
    version,
    after_help = "Examples:\n  frame query \"groupby category mean value\" big.csv\n  frame query \"where value > 1200 | sort -value | take 10\" big.parquet",
    after_long_help = "Examples:\n  frame query \"groupby category mean value\" big.csv\n  frame query \"where value > 1200 | sort -value | take 10\" big.parquet\n  \
                       frame explain \"where value > 1200 | groupby category count\" big.csv\n\n\
                       Exit codes:\n  0 ok   1 the run failed   2 usage or query error   3 bad data   4 memory limit\n  \
                       5 spill disk   6 verification failed   7 file handles exhausted   130 interrupted\n\n\
                       Environment: FRAME_THREADS, FRAME_MEMORY, FRAME_PROGRESS (flags come first)"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer a question about a file
    #[command(visible_alias = "q")]
    Query(query::Arguments),
    /// Show the plan, what the optimizer makes of it, and the stages
    Explain(explain::Arguments),
    /// Show the columns of a file and their types
    Schema(schema::Arguments),
    /// Show the first rows of a file
    Head(head::Arguments),
    /// Write a sales-like file of any size, the same on every machine
    Generate(generate::Arguments),
    /// Time a query against a single-threaded, eager baseline
    Bench(bench::Arguments),
    /// The baseline of `bench`, in a process of its own
    #[command(hide = true)]
    Baseline(bench::BaselineArguments),
}

/// Runs the command line.
pub(crate) fn main(environment: Environment) -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // Help and version are no errors; clap knows their streams and codes, 2 for wrong usage.
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let result = match arguments.command {
        Command::Query(arguments) => query::run(arguments, &environment),
        Command::Explain(arguments) => explain::run(&arguments, &environment),
        Command::Schema(arguments) => schema::run(&arguments, &environment),
        Command::Head(arguments) => head::run(&arguments, &environment),
        Command::Generate(arguments) => generate::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Baseline(arguments) => bench::run_baseline(&arguments),
    };
    result.map_or_else(|failure| failure.exit(), |()| ExitCode::SUCCESS)
}

/// A result of the command line.
type Result<T> = std::result::Result<T, Failure>;
