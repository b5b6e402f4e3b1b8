//! `frame head`: the first rows of a file.

use clap::Args;

use super::Result;
use super::input::InputFlags;
use super::output::OutputFlags;
use super::resources::ResourceFlags;
use super::settings::Settings;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  frame head big.parquet\n  frame head -N 100 big.csv -o sample.csv")]
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

pub(super) fn run(arguments: &Arguments, settings: &Settings) -> Result<()> {
    let session = arguments.resources.session(settings)?;
    arguments.output.check(|| Ok(vec![arguments.file.clone()]))?;
    super::query::stop_on_interrupt(&session);
    let query = session.query(format!("take {}", arguments.rows)).input_with(arguments.input.input(&arguments.file)?);
    let (_, output) = arguments.output.write(query.start()?, &session, settings)?;
    output.finish()
}
