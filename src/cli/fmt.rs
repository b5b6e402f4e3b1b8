//! `frame fmt`: the canonical text of a query.

use std::io::Read;

use clap::Args;
use frame::arrow::datatypes::SchemaRef;
use frame::{Error, Input, Plan, Scalar};
use frame_core::{IoError, Span};
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
    /// The files that it reads, for verbs that need to know their columns
    #[arg(value_name = "FILE")]
    files: Vec<String>,
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

    fn values(&self, plan: &Plan) -> frame::Result<Vec<Scalar>> {
        self.0.values(plan)
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
    let files = arguments.files.iter().map(|file| arguments.input.input(file)).collect::<frame::Result<Vec<_>>>()?;
    let session = arguments.resources.session(settings)?;
    // A query without a source of its own is read as if it had a file without a name.
    let given = if files.is_empty() { vec![Input::default()] } else { files };
    let plan = frame_lang::parse(&query, given, &Inputs(session.catalog())).map_err(|error| Failure::Engine(error, Some(query.clone())))?;
    let has_source = plan.sources().first().is_some_and(|input| input.span != Span::default());
    let canonical = if has_source { frame_lang::print(&plan) } else { frame_lang::print_stages(&plan) };
    if !arguments.check {
        return print(&format!("{canonical}\n"));
    }
    if query.trim_end_matches(['\n', '\r']) == canonical {
        return Ok(());
    }
    say(&format!("the canonical form is: {canonical}\n"));
    Err(Failure::Difference)
}
