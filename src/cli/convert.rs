//! `frame convert`: a file in another format.

use clap::Args;

use super::Result;
use super::input::InputFlags;
use super::output::{OutputFlags, formats_help};
use super::progress::{self, ProgressFlags};
use super::resources::ResourceFlags;
use super::settings::Settings;

const EXAMPLES: &str = "Examples:\n  frame convert big.csv big.parquet\n  frame convert big.parquet - --to ndjson";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = long_help())]
pub(super) struct Arguments {
    /// The file to read
    input: String,
    /// The file to write, which appears when it is complete; - is stdout
    #[arg(required_unless_present = "named_output")]
    output: Option<String>,
    /// The file to write, as queries name it
    #[arg(short = 'o', long = "output", value_name = "FILE", conflicts_with = "output", help_heading = "Output")]
    named_output: Option<String>,
    /// Form of the output (default: by its name)
    #[arg(long, value_name = "FORM", help_heading = "Output")]
    to: Option<String>,
    /// How Parquet is written: codec=zstd,rows=100000,dictionary=no,statistics=no
    #[arg(long, value_name = "A=B,…", help_heading = "Output")]
    parquet: Option<String>,
    #[command(flatten)]
    flags: InputFlags,
    #[command(flatten)]
    resources: ResourceFlags,
    #[command(flatten)]
    progress: ProgressFlags,
}

fn long_help() -> String {
    format!(
        "{EXAMPLES}\n  frame convert --types zip=text -d ; addresses.txt addresses.parquet\n\n{}\n\
         The types of a CSV's columns are found while it is read; --types fixes them. Back to CSV, the text is what frame writes:\n\
         null is an empty field, empty text is \"\", floats have a point or an exponent.",
        formats_help()
    )
}

pub(super) fn run(arguments: &Arguments, settings: &Settings) -> Result<()> {
    let session = arguments.resources.session(settings)?;
    let output = arguments.output.as_deref().or(arguments.named_output.as_deref()).unwrap_or("-");
    let flags = OutputFlags::to_file(output, arguments.to.as_deref()).with_parquet(arguments.parquet.as_deref());
    flags.check(|| Ok(vec![arguments.input.clone()]))?;
    super::query::stop_on_interrupt(&session);
    let query = session.query("").input_with(arguments.flags.input(&arguments.input)?);
    let bar = progress::start(&arguments.progress, settings, query.progress());
    let (run, output) = flags.write(query.start()?, &session, settings)?;
    drop(bar);
    run.finish()?;
    output.finish()
}
