//! The command line: one file per subcommand, and what they share.

mod bench;
mod check;
mod checksum;
mod colour;
mod completions;
mod config;
mod convert;
mod explain;
mod failure;
mod fmt;
mod generate;
mod head;
mod help;
mod input;
mod output;
mod preview;
mod progress;
mod query;
mod report;
mod resources;
mod schema;
mod settings;
mod sniff;
mod stats;
mod stderr;
mod table;

use std::process::ExitCode;

use clap::{ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand};
use frame_io::StoreOptions;

use colour::Colours;
use failure::Failure;
use settings::Settings;

/// What the environment says; flags come before it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    /// `FRAME_THREADS`
    pub(crate) threads: Option<String>,
    /// `FRAME_MEMORY`
    pub(crate) memory: Option<String>,
    /// `FRAME_TMPDIR`
    pub(crate) tmpdir: Option<String>,
    pub(crate) system_tmpdir: Option<String>,
    /// `FRAME_PROGRESS`
    pub(crate) progress: Option<String>,
    /// `FRAME_CONFIG`
    pub(crate) config: Option<String>,
    /// `XDG_CONFIG_HOME`
    pub(crate) config_home: Option<String>,
    /// `HOME`
    pub(crate) home: Option<String>,
    /// `NO_COLOR`
    pub(crate) no_color: Option<String>,
    /// `CLICOLOR`
    pub(crate) clicolor: Option<String>,
    /// `CLICOLOR_FORCE`
    pub(crate) clicolor_force: Option<String>,
    /// `FORCE_COLOR`
    pub(crate) force_color: Option<String>,
    /// `TERM`
    pub(crate) term: Option<String>,
    /// `AWS_…`, `AZURE_…`, `GOOGLE_…`
    pub(crate) store_options: StoreOptions,
}

/// Answers questions about files that are bigger than memory.
#[derive(Debug, Parser)]
#[command(
    name = "frame",
    version,
    disable_help_subcommand = true,
    after_help = "Examples:\n  frame query \"groupby category mean value\" big.csv\n  frame query \"where value > 1200 | sort -value | take 10\" big.parquet",
    after_long_help = "Examples:\n  frame query \"groupby category mean value\" big.csv\n  frame query \"where value > 1200 | sort -value | take 10\" big.parquet\n  \
                       frame explain \"where value > 1200 | groupby category count\" big.csv\n  frame convert big.csv big.parquet\n  frame help verbs\n\n\
                       Exit codes:\n  0 ok   1 the run failed, or `fmt --check` found a difference   2 usage or query error   3 bad data   4 memory limit\n  \
                       5 spill disk   6 verification failed   7 file handles exhausted   130 interrupted\n\n\
                       Environment (flags come first; `frame config --show-origin` shows what holds):\n  \
                       FRAME_THREADS, FRAME_MEMORY, FRAME_TMPDIR, FRAME_PROGRESS, FRAME_CONFIG; NO_COLOR, CLICOLOR, CLICOLOR_FORCE, FORCE_COLOR"
)]
struct Arguments {
    /// Colour text for people
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_short_help = true, help_heading = "Output")]
    color: colour::When,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer a question about a file
    #[command(visible_alias = "q")]
    Query(query::Arguments),
    /// Show the plan, what the optimizer makes of it, and the stages; or what it will take
    Explain(explain::Arguments),
    /// Print the canonical text of a query
    Fmt(fmt::Arguments),
    /// Show the columns of a file and their types
    Schema(schema::Arguments),
    /// Show the first rows of a file
    Head(head::Arguments),
    /// Show what is in the columns of a file: nulls, smallest, largest, mean
    Stats(stats::Arguments),
    /// Guess how a file is to be read: compression, encoding, delimiter, types
    Sniff(sniff::Arguments),
    /// Read all of a file and tell what is wrong with it
    Check(check::Arguments),
    /// Write a file in another format
    Convert(convert::Arguments),
    /// Write a sales-like file of any size, the same on every machine
    Generate(generate::Arguments),
    /// Time a query against a single-threaded, eager baseline
    Bench(bench::Arguments),
    /// Show the settings and where they come from
    Config(config::Arguments),
    /// Print what a shell needs to complete commands and flags
    Completions(completions::Arguments),
    /// Explain a command, or a word of the query language
    Help(help::Arguments),
    /// The baseline of `bench`, in a process of its own
    #[command(hide = true)]
    Baseline(bench::BaselineArguments),
}

/// The command line as clap knows it.
fn command() -> clap::Command {
    Arguments::command()
}

/// Runs the command line.
pub(crate) fn main(environment: &Environment) -> ExitCode {
    let choice = match colour::wish(environment) {
        Some(true) => ColorChoice::Always,
        Some(false) => ColorChoice::Never,
        None => ColorChoice::Auto,
    };
    let matches = command().color(choice).try_get_matches();
    let arguments = match matches.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => arguments,
        // Help and version are no errors; clap knows their streams and codes, 2 for wrong usage.
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let colours = Colours::new(arguments.color, environment);
    let result = match arguments.command {
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Help(arguments) => help::run(&arguments),
        Command::Generate(arguments) => generate::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Baseline(arguments) => bench::run_baseline(&arguments),
        command => Settings::gather(environment, colours).map_err(Failure::from).and_then(|settings| run(command, &settings)),
    };
    result.map_or_else(|failure| failure.exit(colours), |()| ExitCode::SUCCESS)
}

/// How a command ends that panicked outside of a task.
pub(crate) fn stopped(panic: &(dyn std::any::Any + Send)) -> ExitCode {
    let message = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let error = frame::Error::internal(format!("a command panicked: {}", message.unwrap_or("a panic without a message")));
    Failure::from(error).exit(Colours::default())
}

/// Runs a command that asks for settings; the others have run already.
fn run(command: Command, settings: &Settings) -> Result<()> {
    match command {
        Command::Query(arguments) => query::run(arguments, settings),
        Command::Explain(arguments) => explain::run(&arguments, settings),
        Command::Fmt(arguments) => fmt::run(&arguments, settings),
        Command::Schema(arguments) => schema::run(&arguments, settings),
        Command::Head(arguments) => head::run(&arguments, settings),
        Command::Stats(arguments) => stats::run(&arguments, settings),
        Command::Sniff(arguments) => sniff::run(&arguments, settings),
        Command::Check(arguments) => check::run(&arguments, settings),
        Command::Convert(arguments) => convert::run(&arguments, settings),
        Command::Config(arguments) => config::run(&arguments, settings),
        Command::Completions(_) | Command::Help(_) | Command::Generate(_) | Command::Bench(_) | Command::Baseline(_) => Ok(()),
    }
}

/// A result of the command line.
type Result<T> = std::result::Result<T, Failure>;
