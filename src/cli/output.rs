//! Where an answer goes and in what form.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write, stdout};
use std::path::{Path, PathBuf};

use clap::Args;
use frame::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use frame::arrow::compute::cast;
use frame::arrow::datatypes::{DataType, Float64Type, SchemaRef};
use frame_io::formats::csv::Writer;

use super::failure::Failure;
use super::input::usage;
use super::{Result, table};

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputFlags {
    /// Write to a file instead of stdout; it appears when it is complete
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,
    /// Form of the answer: table, csv, tsv, none, checksum=A,B (default: a table on a terminal, else csv)
    #[arg(long, value_name = "FORM")]
    to: Option<String>,
}

/// An answer on its way out.
pub(super) enum Output {
    Table { rows: Vec<RecordBatch>, schema: SchemaRef },
    Text { writer: Writer<BufWriter<Box<dyn Write>>>, path: String, pending: Option<Pending> },
    Checksum { columns: Vec<String>, rows: Vec<RecordBatch>, schema: SchemaRef },
    None,
}

/// A file that takes its name when it is complete, and is removed otherwise.
pub(super) struct Pending {
    temporary: PathBuf,
    target: PathBuf,
    is_complete: bool,
}

impl Pending {
    fn create(target: &str) -> Result<(Self, File)> {
        let target_path = PathBuf::from(target);
        let name = target_path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let temporary = target_path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
        let file = File::create(&temporary).map_err(Failure::write(target))?;
        Ok((Self { temporary, target: target_path, is_complete: false }, file))
    }

    fn complete(mut self) -> io::Result<()> {
        std::fs::rename(&self.temporary, &self.target)?;
        self.is_complete = true;
        Ok(())
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.is_complete {
            // There is nobody left to tell.
            let _ = std::fs::remove_file(&self.temporary);
        }
    }
}

impl OutputFlags {
    /// Opens the output for an answer of this schema.
    pub(super) fn open(&self, schema: &SchemaRef) -> Result<Output> {
        let by_name = self.output.as_deref().and_then(|path| Path::new(path).extension()?.to_str());
        let form = match (self.to.as_deref(), by_name) {
            (Some(form), _) => form,
            (None, Some("tsv")) => "tsv",
            (None, None) if self.output.is_none() && stdout().is_terminal() => "table",
            (None, Some("parquet" | "arrow" | "ndjson")) => {
                return Err(usage("only csv and tsv files can be written yet".to_owned(), "name the output .csv").into());
            }
            _ => "csv",
        };
        match form.split_once('=').map_or((form, ""), |(form, columns)| (form, columns)) {
            ("table", _) => Ok(Output::Table { rows: Vec::new(), schema: schema.clone() }),
            ("csv", _) => self.text(schema, b','),
            ("tsv", _) => self.text(schema, b'\t'),
            ("none", _) => Ok(Output::None),
            ("checksum", columns) => {
                let columns = columns.split(',').filter(|column| !column.is_empty()).map(str::to_owned).collect();
                Ok(Output::Checksum { columns, rows: Vec::new(), schema: schema.clone() })
            }
            _ => Err(usage(format!("`{form}` is no form of output"), "table, csv, tsv, none or checksum=A,B").into()),
        }
    }

    fn text(&self, schema: &SchemaRef, delimiter: u8) -> Result<Output> {
        let (out, pending): (Box<dyn Write>, _) = match self.output.as_deref() {
            None | Some("-") => (Box::new(stdout()), None),
            Some(path) => {
                let (pending, file) = Pending::create(path)?;
                (Box::new(file), Some(pending))
            }
        };
        let path = self.output.clone().unwrap_or_else(|| "stdout".to_owned());
        let mut writer = Writer::new(BufWriter::with_capacity(64 << 10, out), delimiter);
        writer.header(schema).map_err(Failure::write(&path))?;
        Ok(Output::Text { writer, path, pending })
    }
}

impl Output {
    /// Takes a batch.
    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        match self {
            Self::Table { rows, .. } | Self::Checksum { rows, .. } => rows.push(batch.clone()),
            Self::Text { writer, path, .. } => writer.write(batch).map_err(Failure::write(path))?,
            Self::None => {}
        }
        Ok(())
    }

    /// The answer is complete.
    pub(super) fn finish(self) -> Result<()> {
        match self {
            Self::Table { rows, schema } => print(&table::render(&schema, &rows)),
            Self::Checksum { columns, rows, schema } => print(&checksum(&columns, &rows, &schema)?),
            Self::Text { writer, path, pending } => {
                writer.into_inner().flush().map_err(Failure::write(&path))?;
                pending.map_or(Ok(()), Pending::complete).map_err(Failure::write(&path))
            }
            Self::None => Ok(()),
        }
    }
}

/// Writes a whole text to stdout.
pub(super) fn print(text: &str) -> Result<()> {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::write("stdout"))
}

/// The number of rows and the sum of each column, on one line.
fn checksum(columns: &[String], rows: &[RecordBatch], schema: &SchemaRef) -> Result<String> {
    let mut line = rows.iter().map(RecordBatch::num_rows).sum::<usize>().to_string();
    for name in columns {
        let index = schema
            .index_of(name)
            .map_err(|_| usage(format!("the answer has no column `{name}`"), "checksum=A,B names columns of the answer"))?;
        let sums = rows.iter().map(|batch| sum(batch.column(index)));
        line.push_str(&format!(",{}", sums.sum::<Result<f64>>()?));
    }
    line.push('\n');
    Ok(line)
}

fn sum(column: &ArrayRef) -> Result<f64> {
    let floats =
        cast(column, &DataType::Float64).map_err(|error| usage(format!("the column cannot be summed: {error}"), "name numeric columns"))?;
    let floats = floats.as_primitive::<Float64Type>();
    Ok((0..floats.len()).filter(|row| floats.is_valid(*row)).map(|row| floats.value(row)).sum())
}
