//! `frame head`: the first rows of a file.

use clap::Args;

use super::input::InputFlags;
use super::output::OutputFlags;
use super::resources::ResourceFlags;
use super::{Environment, Result};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The file to look at
    file: String,
    /// Number of rows
    #[arg(short = 'N', long, default_value_t = 10)]
    rows: u64,
    #[command(flatten)]
    input: InputFlags,
    #[command(flatten)]
    output: OutputFlags,
    #[command(flatten)]
    resources: ResourceFlags,
}

pub(super) fn run(arguments: &Arguments, environment: &Environment) -> Result<()> {
    let session = arguments.resources.session(environment)?;
    super::query::stop_on_interrupt(&session);
    let query = session.query(format!("take {}", arguments.rows)).input_with(arguments.input.input(&arguments.file)?);
    let mut run = query.start()?;
    let mut output = arguments.output.open(&run.schema())?;
    for batch in run.by_ref() {
        output.write(&batch?)?;
    }
    output.finish()
}
