//! `frame explain`: what a query will do, and what it will take.

use clap::Args;

use super::Result;
use super::failure::Failure;
use super::input::InputFlags;
use super::output::print;
use super::resources::ResourceFlags;
use super::settings::Settings;

const EXAMPLES: &str = "Examples:\n  frame explain \"where value > 1200 | groupby category count\" big.csv\n  \
                        frame explain --estimate \"sort -value\" big.csv -m 512M";

const LONG_HELP: &str = "Examples:\n  frame explain \"where value > 1200 | groupby category count\" big.csv\n  \
    frame explain --estimate \"sort -value\" big.csv -m 512M\n\n\
    --estimate reads what files say of themselves (the footers of Parquet) and small samples of text, never all of a file. A line for each operator of the\n\
    optimized plan: rows and bytes that come out, memory for what it gathers, and bytes that it puts on disk under the limit of memory (-m). ~ marks a guess.\n\
    Below it: the most memory at once, and the smallest limit that is enough. Numbers of groups and of rows that pass a condition are guesses;\n\
    `frame query -v` and --report show them beside what came of it.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = LONG_HELP)]
pub(super) struct Arguments {
    /// The query
    query: String,
    /// The files to read, one after the other
    #[arg(value_name = "FILE")]
    files: Vec<String>,
    /// Show what it will take: rows, bytes, memory, what goes to disk, the smallest limit
    #[arg(long)]
    estimate: bool,
    #[command(flatten)]
    input: InputFlags,
    #[command(flatten)]
    resources: ResourceFlags,
}

pub(super) fn run(arguments: &Arguments, settings: &Settings) -> Result<()> {
    let session = arguments.resources.session(settings)?;
    let mut query = session.query(&arguments.query);
    for file in &arguments.files {
        query = query.input_with(arguments.input.input(file)?);
    }
    let text = if arguments.estimate { query.estimate().map(|estimate| estimate.to_string()) } else { query.explain() };
    print(&text.map_err(|error| Failure::Engine(error, Some(arguments.query.clone())))?)
}
