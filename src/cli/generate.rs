//! `frame generate`: a sales-like file of any size, so that anyone can make a `big.csv`.

use std::fs::OpenOptions;
use std::io::BufWriter;
use std::path::Path;

use clap::{Args, ValueEnum};
use frame::{Error, parse_size};
use frame_io::url;

use super::Result;
use super::failure::Failure;
use super::input::usage;
use crate::generate::{Sales, csv, parquet};

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  frame generate big.csv --size 2G\n  frame generate small.parquet --rows 100000 --seed 7")]
pub(super) struct Arguments {
    /// The file to write
    file: String,
    /// Number of rows (default: 1 million)
    #[arg(long, conflicts_with = "size")]
    rows: Option<u64>,
    /// Size of the CSV, about: 500M, 2G
    #[arg(long, value_name = "SIZE")]
    size: Option<String>,
    /// Another seed gives other rows
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Form of the file (default: by its name)
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Overwrite the file if it is there
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Csv,
    Parquet,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    url::check_output(&arguments.file)?;
    let rows = match (arguments.rows, &arguments.size) {
        (Some(rows), _) => rows,
        (None, Some(size)) => parse_size(size)? as u64 / csv::BYTES_PER_ROW,
        (None, None) => 1_000_000,
    };
    let is_parquet = Path::new(&arguments.file).extension().is_some_and(|extension| extension == "parquet");
    let format = arguments.format.unwrap_or(if is_parquet { Format::Parquet } else { Format::Csv });
    let mut options = OpenOptions::new();
    options.write(true).truncate(true).create(true);
    if !arguments.force {
        options.create_new(true);
    }
    let file = options.open(&arguments.file).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => usage(format!("{} is there already", arguments.file), "--force to overwrite it").into(),
        _ => Failure::write(&arguments.file)(error),
    })?;
    let sales = Sales::new(arguments.seed, rows);
    match format {
        Format::Csv => csv::write(sales, BufWriter::with_capacity(1 << 20, file)).map_err(Failure::write(&arguments.file)),
        Format::Parquet => parquet::write(sales, file).map_err(|error| Error::internal(error.to_string()).into()),
    }
}
