//! `frame query`: answers a question about a file.

use clap::Args;
use frame::{Plan, Session};
use frame_io::url;

use super::failure::Failure;
use super::input::{InputFlags, is_piped, usage};
use super::output::{Output, OutputFlags, formats_help};
use super::progress::{self, ProgressFlags};
use super::resources::ResourceFlags;
use super::settings::Settings;
use super::stderr::say;
use super::{Result, report};

const EXAMPLES: &str = "Examples:\n  frame query \"groupby category mean value\" big.csv\n  \
                        frame query \"where value > 1200 | groupby category count\" -j 4 big.csv";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = long_help())]
pub(super) struct Arguments {
    /// The query, in verbs: "where value > 0 | groupby category mean value"
    query: String,
    /// The files to read, one after the other; folders and patterns such as 'sales-*.csv.gz' too; - is stdin
    #[arg(value_name = "FILE")]
    files: Vec<String>,
    #[command(flatten)]
    input: InputFlags,
    #[command(flatten)]
    output: OutputFlags,
    #[command(flatten)]
    resources: ResourceFlags,
    #[command(flatten)]
    progress: ProgressFlags,
    /// Write what the run did to a file, as JSON
    #[arg(long, value_name = "FILE", help_heading = "Output", hide_short_help = true)]
    report: Option<String>,
    /// Say on stderr what the run did
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,
}

fn long_help() -> String {
    format!(
        "{EXAMPLES}\n  frame query \"where day is null | select *, _file, _line\" 'logs/*.csv'\n  frame query \"where note is not null | sort -value | take 10\" big.parquet -o top.csv\n  \
         frame query \"select category, value\" big.csv --to ndjson\n\n{}\n\
         `frame help verbs`, `frame help functions`, `frame help operators` and `frame help aggregates` list the words of the language.\n\
         `_file`, `_line` and `_byte` say where a row stands; no column is there unless the query names it.",
        formats_help()
    )
}

pub(super) fn run(arguments: Arguments, settings: &Settings) -> Result<()> {
    let session = arguments.resources.session(settings)?;
    stop_on_interrupt(&session);
    answer(&arguments, &session, settings).map_err(|failure| match failure {
        Failure::Engine(error, _) => Failure::Engine(error, Some(arguments.query.clone())),
        other => other,
    })
}

fn answer(arguments: &Arguments, session: &Session, settings: &Settings) -> Result<()> {
    arguments.report.as_deref().map_or(Ok(()), url::check_output)?;
    let mut query = session.query(&arguments.query);
    for file in &arguments.files {
        query = query.input_with(arguments.input.input(file)?);
    }
    // What is piped in is the input, unless the query names its own.
    if arguments.files.is_empty() && is_piped() {
        query = query.input_with(arguments.input.input("-")?);
    }
    arguments.output.check(|| Ok(query.plan()?.sources().into_iter().map(|input| input.path.clone()).collect()))?;
    if arguments.output.is_given()
        && let Plan::Write(write) = query.plan()?
    {
        let what = format!("the query ends with `write` to '{}'", write.target.path);
        return Err(usage(what, "leave out -o and --to, or that `write`").into());
    }
    if arguments.output.is_order_free() {
        query = query.unordered();
    }
    // It only tells more of a run: what is wrong with a query is told by running it.
    let predicted = if arguments.verbose || arguments.report.is_some() { query.estimate().ok() } else { None };
    let bar = progress::start(&arguments.progress, settings, query.progress());
    let run = query.start()?;
    let flags = match run.target() {
        // The rows are in their file already.
        Some(target) if target.path != "-" => None,
        Some(target) => Some(&OutputFlags::to_stdout(target.format.as_deref())),
        None => Some(&arguments.output),
    };
    let (run, output) = match flags {
        None => (run, None),
        Some(flags) => {
            let (run, output) = flags.write(run, session, settings)?;
            (run, Some(output))
        }
    };
    drop(bar);
    let done = run.finish()?;
    output.map_or(Ok(()), Output::finish)?;
    if arguments.verbose {
        say(&report::text(&done, predicted.as_ref()));
    }
    if let Some(path) = &arguments.report {
        std::fs::write(path, report::json(&done, predicted.as_ref())).map_err(Failure::write(path))?;
    }
    Ok(())
}

/// The first interrupt asks the run to stop, the second one ends the process.
pub(super) fn stop_on_interrupt(session: &Session) {
    let token = session.cancel_token();
    // Without a handler an interrupt still ends the process.
    let _ = ctrlc::set_handler(move || {
        if token.is_cancelled() {
            std::process::exit(130);
        }
        token.cancel();
    });
}
