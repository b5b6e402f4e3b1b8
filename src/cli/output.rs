//! Where an answer goes and in what form.

use std::io::{self, BufWriter, IsTerminal, Write, stdout};
use std::path::Path;
use std::sync::Arc;

use clap::Args;
use frame::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StringViewArray};
use frame::arrow::compute::cast;
use frame::arrow::datatypes::{DataType, SchemaRef};
use frame::{Run, Session};
use frame_io::formats::parquet::ParquetOptions;
use frame_io::formats::{self, Destination, Out, OutputFormat, WRITTEN, Workers, Writer};
use frame_io::{Identity, Pending, url};

use super::checksum::Checksum;
use super::colour::Colours;
use super::failure::Failure;
use super::input::usage;
use super::preview::Preview;
use super::settings::Settings;
use super::{Result, table};

/// Bytes that are handed to the system at a time.
const PIECE: usize = 64 << 10;
/// Characters in a line of a table where no terminal says how many there are.
const WIDTH: usize = 80;

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputFlags {
    /// Write to a file instead of stdout; it appears when it is complete
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,
    #[arg(long, value_name = "FORM", help = forms_help())]
    to: Option<String>,
    /// How Parquet is written: codec=zstd,rows=100000,dictionary=no,statistics=no
    #[arg(long, value_name = "A=B,…", hide_short_help = true)]
    parquet: Option<String>,
    /// Write texts that a spreadsheet would compute (=1+1, @sum) behind an apostrophe
    #[arg(long, hide_short_help = true)]
    spreadsheet_safe: bool,
    /// Characters in a line of a table (default: the terminal's, else 80)
    #[arg(long, value_name = "N", hide_short_help = true)]
    width: Option<usize>,
}

/// The help of `--to`, from the list of formats.
fn forms_help() -> String {
    format!("Form of the answer: {} (default: by the name of FILE; else a table on a terminal, csv in a pipe)", names())
}

fn names() -> String {
    let formats = WRITTEN.iter().map(|format| format.name);
    ["table"].into_iter().chain(formats).chain(["checksum=A,B"]).collect::<Vec<_>>().join(", ")
}

/// The long help of the formats: a line for each.
pub(super) fn formats_help() -> String {
    let line = |name: &str, endings: &[&str], help: &str| {
        let endings = endings.iter().map(|ending| format!(".{ending}")).collect::<Vec<_>>().join(" ");
        format!("  {name:<14}{endings:<24}{help}\n")
    };
    let formats = WRITTEN.iter().map(|format| line(format.name, format.extensions, format.help));
    let mut text = format!("Forms of output:\n{}", line("table", &[], "for people: the first and the last rows"));
    text.extend(formats);
    text.push_str(&line("checksum=A,B", &[], "the number of rows and the sums of these columns"));
    text
}

/// An answer on its way out.
pub(super) struct Output {
    form: Form,
    target: Target,
    is_spreadsheet_safe: bool,
    /// With more bytes, what waits to be large enough is written.
    pending_bytes_max: usize,
}

enum Form {
    Table { preview: Preview, width: usize, is_coloured: bool },
    Checksum(Checksum),
    Written(Box<dyn Writer>),
}

/// What the answer is written to. The bytes go through `out`, unless a format has taken that.
struct Target {
    path: String,
    is_stdout: bool,
    out: Option<Out>,
    pending: Option<Pending>,
}

impl Target {
    /// Stdout, or a file that is written beside its place. What is there and no plain file (a device, a named pipe) is written to as it is.
    fn open(path: Option<&str>) -> Result<Self> {
        let Some(path) = path.filter(|path| *path != "-") else {
            return Ok(Self { path: "stdout".to_owned(), is_stdout: true, out: Some(buffered(stdout())), pending: None });
        };
        let failed = Failure::write(path);
        if Path::new(path).is_dir() {
            return Err(usage(format!("{path} is a folder"), "name a file inside it").into());
        }
        let (out, pending) = Pending::file(path).map_err(&failed)?;
        Ok(Self { path: path.to_owned(), is_stdout: false, out: Some(buffered(out)), pending })
    }

    fn destination(&self) -> Destination {
        if self.pending.is_some() { Destination::File } else { Destination::Stream }
    }

    /// Writes a whole text.
    fn write(&mut self, text: &str) -> Result<()> {
        let Some(out) = &mut self.out else { return Ok(()) };
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::write(&self.path))
    }

    fn complete(self) -> Result<()> {
        drop(self.out);
        self.pending.map_or(Ok(()), Pending::complete).map_err(Failure::write(&self.path))
    }
}

fn buffered(out: impl Write + Send + 'static) -> Out {
    Box::new(BufWriter::with_capacity(PIECE, out))
}

impl OutputFlags {
    /// The flags for a file of a given form.
    pub(super) fn to_file(path: &str, form: Option<&str>) -> Self {
        Self { output: Some(path.to_owned()), to: form.map(str::to_owned), parquet: None, spreadsheet_safe: false, width: None }
    }

    /// The flags for a form, or the usual one, on stdout.
    pub(super) fn to_stdout(form: Option<&str>) -> Self {
        Self { output: None, to: form.map(str::to_owned), parquet: None, spreadsheet_safe: false, width: None }
    }

    /// The same with options of Parquet.
    pub(super) fn with_parquet(self, options: Option<&str>) -> Self {
        Self { parquet: options.map(str::to_owned), ..self }
    }

    /// Whether it was said where the answer goes, or in what form.
    pub(super) fn is_given(&self) -> bool {
        self.output.is_some() || self.to.is_some()
    }

    /// Whether the order of the rows cannot be seen in the output.
    pub(super) fn is_order_free(&self) -> bool {
        self.form().is_ok_and(|(name, _)| matches!(name, "checksum" | "none"))
    }

    /// Refuses an output that is a URL or an input too, and a form that there is not; comes before any work.
    pub(super) fn check(&self, inputs: impl FnOnce() -> Result<Vec<String>>) -> Result<()> {
        self.output.as_deref().map_or(Ok(()), url::check_output)?;
        self.form()?;
        let Some(output) = self.output.as_deref().filter(|path| *path != "-") else { return Ok(()) };
        let Some(file) = Identity::of(output) else { return Ok(()) };
        let is_same = |input: &String| Identity::of(input).is_some_and(|input| input == file);
        match Path::new(output).is_file() && inputs()?.iter().any(is_same) {
            true => Err(usage(format!("{output} is read and written at once"), "-o with the name of another file").into()),
            false => Ok(()),
        }
    }

    /// Name and columns of the form.
    fn form(&self) -> Result<(&str, &str)> {
        let extension = self.output.as_deref().and_then(|path| Path::new(path).extension()?.to_str());
        let form = match (self.to.as_deref(), extension) {
            (Some(form), _) => form,
            (None, None) if self.output.is_none() && stdout().is_terminal() => "table",
            (None, Some(extension)) => match self.output.as_deref().and_then(formats::by_path) {
                Some(format) => format.name,
                None => {
                    return Err(usage(format!("no form of output is called .{extension}"), &format!("--to with one of {}", names())).into());
                }
            },
            (None, None) => "csv",
        };
        let (name, columns) = form.split_once('=').unwrap_or((form, ""));
        let is_known = matches!(name, "table" | "checksum") || formats::by_name(name).is_some();
        if !is_known || (name != "checksum" && form.contains('=')) {
            return Err(usage(format!("`{form}` is no form of output"), &names()).into());
        }
        if let Some(options) = &self.parquet {
            ParquetOptions::parse(options)?;
            if name != "parquet" {
                return Err(usage(format!("{name} has no options of Parquet"), "leave out --parquet, or write to a .parquet file").into());
            }
        }
        if name == "none" && self.output.is_some() {
            return Err(usage("`none` writes nothing to a file".to_owned(), "leave out -o or --to none").into());
        }
        Ok((name, columns))
    }

    /// Writes all rows of a run; the output is begun again where the run is, if nobody has seen any of it.
    pub(super) fn write(&self, run: Run, session: &Session, settings: &Settings) -> Result<(Run, Output)> {
        let open = |run: &Run| -> Result<Output> {
            Ok(self.open(&run.schema(), settings.colours)?.with_help(run.workers(), session.memory_bytes()))
        };
        let mut output = open(&run)?;
        let mut run = if output.is_unseen() { run.taken_back() } else { run };
        let mut restarts = run.restarts();
        loop {
            let batch = run.next().transpose()?;
            if run.restarts() != restarts && output.is_unseen() {
                restarts = run.restarts();
                drop(output);
                output = open(&run)?;
            }
            let Some(batch) = batch else { return Ok((run, output)) };
            output.write(&batch)?;
        }
    }

    /// Opens the output for an answer of this schema.
    pub(super) fn open(&self, schema: &SchemaRef, colours: Colours) -> Result<Output> {
        let (name, columns) = self.form()?;
        let mut target = Target::open(self.output.as_deref())?;
        let form = match formats::by_name(name) {
            Some(format) => Form::Written(written(format, self.parquet.as_deref(), schema, &mut target)?),
            None if name == "checksum" => Form::Checksum(Checksum::new(columns, schema)?),
            None => Form::Table {
                preview: Preview::new(schema),
                width: self.width.unwrap_or_else(terminal_width),
                is_coloured: colours.stdout && target.is_stdout,
            },
        };
        Ok(Output { form, target, is_spreadsheet_safe: self.spreadsheet_safe, pending_bytes_max: usize::MAX })
    }
}

fn written(format: &OutputFormat, parquet: Option<&str>, schema: &SchemaRef, target: &mut Target) -> Result<Box<dyn Writer>> {
    if format.is_binary && target.is_stdout && stdout().is_terminal() {
        return Err(usage(format!("{} is not for a terminal", format.name), "-o with the name of a file").into());
    }
    let out = target.out.take().unwrap_or_else(|| Box::new(io::sink()));
    let writer = match parquet {
        Some(options) => ParquetOptions::parse(options)?.open(out, schema),
        None => (format.open)(out, schema, target.destination()),
    };
    writer.map_err(Failure::write(&target.path))
}

fn terminal_width() -> usize {
    let size = if stdout().is_terminal() { terminal_size::terminal_size() } else { None };
    size.map_or(WIDTH, |(width, _)| usize::from(width.0))
}

impl Output {
    /// Whether nobody sees any of it before it is complete.
    fn is_unseen(&self) -> bool {
        !matches!(self.form, Form::Written(_)) || self.target.pending.is_some()
    }

    /// Takes a batch.
    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let safe = if self.is_spreadsheet_safe { Some(spreadsheet_safe(batch)?) } else { None };
        let batch = safe.as_ref().unwrap_or(batch);
        match &mut self.form {
            Form::Table { preview, .. } => preview.push(batch)?,
            Form::Checksum(checksum) => checksum.push(batch)?,
            Form::Written(writer) => {
                writer.write(batch).map_err(Failure::write(&self.target.path))?;
                if writer.pending_bytes() > self.pending_bytes_max {
                    writer.shrink().map_err(Failure::write(&self.target.path))?;
                }
            }
        }
        Ok(())
    }

    /// The same output with the help of a run's threads, and with so much memory for all that the process does: a small part of it is for
    /// rows that wait.
    fn with_help(mut self, workers: Arc<dyn Workers>, memory_bytes: usize) -> Self {
        if let Form::Written(writer) = &mut self.form {
            writer.share(workers);
        }
        Self { pending_bytes_max: memory_bytes / 16, ..self }
    }

    /// The answer is complete.
    pub(super) fn finish(mut self) -> Result<()> {
        match self.form {
            Form::Table { preview, width, is_coloured } => self.target.write(&table::render(&preview, width, is_coloured))?,
            Form::Checksum(checksum) => self.target.write(&checksum.finish()?)?,
            Form::Written(writer) => writer.finish().map_err(Failure::write(&self.target.path))?,
        }
        self.target.complete()
    }
}

/// The rows with an apostrophe before texts that spreadsheets take for formulas.
fn spreadsheet_safe(batch: &RecordBatch) -> frame::Result<RecordBatch> {
    let is_formula = |text: &str| text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let column = |column: &ArrayRef| -> frame::Result<ArrayRef> {
        let is_text = match column.data_type() {
            DataType::Dictionary(_, values) => values.is_string(),
            other => other.is_string(),
        };
        if !is_text {
            return Ok(column.clone());
        }
        let texts = cast(column, &DataType::Utf8View)?;
        let texts = texts.as_string_view();
        if !texts.iter().flatten().any(is_formula) {
            return Ok(column.clone());
        }
        let safe: StringViewArray =
            texts.iter().map(|text| text.map(|text| if is_formula(text) { format!("'{text}") } else { text.to_owned() })).collect();
        Ok(cast(&safe, column.data_type())?)
    };
    let columns = batch.columns().iter().map(column).collect::<frame::Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(batch.schema(), columns, &options)?)
}

/// Writes a whole text to stdout.
pub(super) fn print(text: &str) -> Result<()> {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::write("stdout"))
}
