//! `frame schema`: the columns of a file and their types.

use clap::Args;

use super::Result;
use super::input::InputFlags;
use super::output::print;
use super::resources::ResourceFlags;
use super::settings::Settings;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  frame schema big.csv\n  frame schema --types zip=text addresses.csv")]
pub(super) struct Arguments {
    /// The file to look at
    file: String,
    #[command(flatten)]
    input: InputFlags,
    #[command(flatten)]
    resources: ResourceFlags,
}

pub(super) fn run(arguments: &Arguments, settings: &Settings) -> Result<()> {
    let session = arguments.resources.session(settings)?;
    let schema = session.schema(&arguments.input.input(&arguments.file)?)?;
    let width = schema.fields().iter().map(|field| field.name().chars().count()).max().unwrap_or(0);
    let line = |name: &str, data_type: String| format!("{name:width$}  {data_type}\n");
    let lines = schema.fields().iter().map(|field| line(field.name(), frame_expr::type_name(field.data_type())));
    print(&lines.collect::<String>())
}
