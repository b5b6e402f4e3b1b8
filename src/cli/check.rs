//! `frame check`: reads all of a file and tells what is wrong with it.

use clap::Args;
use frame::FormatName;
use frame_core::error::without_secrets;

use super::Result;
use super::failure::Failure;
use super::input::InputFlags;
use super::output::print;
use super::progress::{self, ProgressFlags};
use super::resources::ResourceFlags;
use super::settings::Settings;

const EXAMPLES: &str = "Examples:\n  frame check big.csv\n  frame check --types amount=float --rejects bad.csv big.csv";

#[derive(Debug, Args)]
#[command(
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\nEvery value of every column is looked at. Rows with too few or too many fields are rejected, and so are values\n\
                               that do not fit a type given with --types, and lines that are no JSON; --ragged and --bad-value ask for other policies.\n\n\
                               Exit codes:\n  0 all is well   3 the file cannot be read to its end   6 rows were rejected")
)]
pub(super) struct Arguments {
    /// The file to read
    file: String,
    #[command(flatten)]
    input: InputFlags,
    #[command(flatten)]
    resources: ResourceFlags,
    #[command(flatten)]
    progress: ProgressFlags,
}

pub(super) fn run(arguments: &Arguments, settings: &Settings) -> Result<()> {
    let session = arguments.resources.session(settings)?;
    super::query::stop_on_interrupt(&session);
    let mut input = arguments.input.input(&arguments.file)?;
    input.csv.ragged.get_or_insert_with(|| "reject".to_owned());
    let is_json = session.catalog().content(&input)?.1 == FormatName::Ndjson;
    if is_json || !input.csv.types.is_empty() {
        input.csv.bad_value.get_or_insert_with(|| "reject".to_owned());
    }
    let query = session.query("").input_with(input);
    let bar = progress::start(&arguments.progress, settings, query.progress());
    let mut run = query.start()?;
    for batch in run.by_ref() {
        batch?;
    }
    drop(bar);
    let schema = run.schema();
    let report = run.finish()?;
    let mut text = String::new();
    for learnt in &report.restarts {
        text.push_str(&format!("{learnt}\n"));
    }
    let (rows, columns) = (report.rows_read, schema.fields().len());
    text.push_str(&format!(
        "{}: {rows} rows, {columns} columns, {} rows rejected\n",
        without_secrets(&arguments.file),
        report.rows_rejected
    ));
    print(&text)?;
    match report.rows_rejected {
        0 => Ok(()),
        rejected => {
            let how = if rejected == 1 { "row is" } else { "rows are" };
            Err(Failure::Verification(format!("{rejected} {how} not as the others; --rejects FILE lists them")))
        }
    }
}
