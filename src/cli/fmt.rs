//! `frame fmt`: the canonical text of a query.

use std::io::Read;

use clap::Args;
use frame::arrow::datatypes::SchemaRef;
use frame::{Error, Input, Plan};
use frame_core::IoError;
use frame_engine::Tables;
use frame_plan::Catalog;

use super::Result;
use super::failure::Failure;
use super::input::{InputFlags, usage};
use super::output::print;
use super::resources::ResourceFlags;
use super::settings::Settings;
use super::stderr::say;

const EXAMPLES: &str =
    "Examples:\n  frame fmt \"filter value>1200|group category mean(value)\"\n  frame fmt --check \"where value > 1200\"";

#[derive(Debug, Args)]
#[command(
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n  frame fmt \"drop note\" sales.csv\n  frame fmt - < query.txt\n\n\
                               Comments are not kept. With --check nothing is printed but what differs, and the exit code is 1 if something does.")
)]
pub(super) struct Arguments {
    /// The query; - reads it from stdin
    query: String,
    /// The file that it reads, for verbs that need to know its columns
    file: Option<String>,
    /// Exit with 1 if the query is not in its canonical form
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    input: InputFlags,
    #[command(flatten)]
    resources: ResourceFlags,
}

/// The inputs of a query that may be read without a file.
struct Inputs(Tables);

impl Catalog for Inputs {
    fn schema(&self, input: &Input) -> frame::Result<SchemaRef> {
        if input.path.is_empty() {
            return Err(usage("the query has a verb that needs to know the columns".to_owned(), "name the file behind the query"));
        }
        self.0.schema(input)
    }
}

pub(super) fn run(arguments: &Arguments, settings: &Settings) -> Result<()> {
    let query = match arguments.query.as_str() {
        "-" => {
            let mut text = String::new();
            let read = std::io::stdin().read_to_string(&mut text);
            read.map_err(|error| Error::new(IoError::new("read", "stdin", &error)))?;
            text
        }
        given => given.to_owned(),
    };
    let file = arguments.file.as_deref().map(|file| arguments.input.input(file)).transpose()?.unwrap_or_default();
    let session = arguments.resources.session(settings)?;
    let plan = frame_lang::parse(&query, Some(file.clone()), &Inputs(session.catalog()));
    let canonical = text(&plan.map_err(|error| Failure::Engine(error, Some(query.clone())))?, &file);
    if !arguments.check {
        return print(&format!("{canonical}\n"));
    }
    if query.trim_end_matches(['\n', '\r']) == canonical {
        return Ok(());
    }
    say(&format!("the canonical form is: {canonical}\n"));
    Err(Failure::Difference)
}

/// The text of a plan, with the source that the query itself names.
fn text(plan: &Plan, file: &Input) -> String {
    let stages = frame_lang::print(plan);
    let mut source = plan;
    while let Some(input) = source.input() {
        source = input;
    }
    let Plan::Scan(scan) = source else { return stages };
    if scan.input.span == file.span {
        return stages;
    }
    let from = format!("from '{}'", scan.input.path.replace('\'', "''"));
    if stages.is_empty() { from } else { format!("{from} | {stages}") }
}
