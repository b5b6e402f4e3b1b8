//! `frame explain`: what a query will do.

use clap::Args;

use super::Result;
use super::failure::Failure;
use super::input::InputFlags;
use super::output::print;
use super::resources::ResourceFlags;
use super::settings::Settings;

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  frame explain \"where value > 1200 | groupby category count\" big.csv")]
pub(super) struct Arguments {
    /// The query
    query: String,
    /// The files to read, one after the other
    #[arg(value_name = "FILE")]
    files: Vec<String>,
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
    let text = query.explain().map_err(|error| Failure::Engine(error, Some(arguments.query.clone())))?;
    print(&text)
}
