//! The flags that say what to read and how.

use clap::{Args, ValueEnum};
use frame::{CsvOptions, Error, FormatName, Input, Result};
use frame_core::QueryError;
use frame_io::formats::csv::{BadValues, RaggedRows};

/// How to read the input.
#[derive(Debug, Args)]
#[command(next_help_heading = "Input")]
pub(super) struct InputFlags {
    /// Format of the input; otherwise its content decides
    #[arg(long, value_name = "FORMAT", hide_short_help = true)]
    from: Option<From>,
    /// Delimiter between fields: ; or || (\t for a tab)
    #[arg(short, long, value_name = "TEXT")]
    delimiter: Option<String>,
    /// The letter around fields, empty if there is none [default: "]
    #[arg(long, value_name = "CHAR", hide_short_help = true)]
    quote: Option<String>,
    /// The letter before one that is to be taken as it is
    #[arg(long, value_name = "CHAR", hide_short_help = true)]
    escape: Option<String>,
    /// Leave out lines that begin so
    #[arg(long, value_name = "TEXT", hide_short_help = true)]
    comment: Option<String>,
    /// Unquoted fields that mean null, beside empty ones
    #[arg(long, value_name = "A,B,…", value_delimiter = ',', hide_short_help = true)]
    nulls: Vec<String>,
    /// What stands in front of the fraction of numbers [default: .]
    #[arg(long, value_name = "CHAR", hide_short_help = true)]
    decimal: Option<String>,
    /// What groups the digits of numbers by three: . in 1.234,50
    #[arg(long, value_name = "CHAR", hide_short_help = true)]
    thousands: Option<String>,
    /// Lines before the header to leave out
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, hide_short_help = true)]
    skip: u64,
    /// The first line is data, not a header
    #[arg(short, long, hide_short_help = true)]
    no_headers: bool,
    /// Names of the columns
    #[arg(long, value_name = "A,B,…", value_delimiter = ',', hide_short_help = true)]
    names: Vec<String>,
    /// Types of columns that are not to be inferred
    #[arg(long, value_name = "A=TYPE,…", hide_short_help = true)]
    types: Vec<String>,
    /// Rows with too few or too many fields: fail, pad (with nulls), reject
    #[arg(long, value_name = "POLICY", value_parser = RaggedRows::NAMES, hide_short_help = true)]
    ragged: Option<String>,
    /// Values that do not fit their column: widen (to text), null, reject (the row), fail
    #[arg(long, value_name = "POLICY", value_parser = BadValues::NAMES, hide_short_help = true)]
    bad_value: Option<String>,
    /// Write rejected rows to a file: file, line, byte, column, reason, row; to bad.raw as they stand, to be mended and read again
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    rejects: Option<String>,
    /// Rows that may be rejected: a number or a part such as 1%
    #[arg(long, value_name = "N", hide_short_help = true)]
    reject_limit: Option<String>,
    /// Encoding of text that is not UTF-8: latin1, windows-1252, utf-16le …
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    encoding: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    Csv,
    Tsv,
    Ndjson,
    Parquet,
    Arrow,
}

impl From {
    fn format(self) -> FormatName {
        match self {
            Self::Csv | Self::Tsv => FormatName::Csv,
            Self::Ndjson => FormatName::Ndjson,
            Self::Parquet => FormatName::Parquet,
            Self::Arrow => FormatName::Arrow,
        }
    }
}

impl InputFlags {
    /// The input at `path`, read as the flags say.
    pub(super) fn input(&self, path: &str) -> Result<Input> {
        let delimiter = match self.delimiter.as_deref() {
            None if self.from == Some(From::Tsv) => Some("\t"),
            Some("\\t") => Some("\t"),
            Some(text) if text.is_empty() || text.contains(['"', '\n', '\r']) => {
                return Err(usage(format!("`{text}` is no delimiter"), "text such as ; or || or \\t"));
            }
            given => given,
        };
        let types = self.types.iter().flat_map(|types| items(types)).map(|text| {
            let (name, data_type) = text
                .split_once('=')
                .ok_or_else(|| usage(format!("`{text}` gives no type"), "for example --types zip=text,amount=float"))?;
            Ok((name.to_owned(), frame_lang::type_named(data_type)?))
        });
        Ok(Input {
            path: path.to_owned(),
            format: self.from.map(From::format),
            csv: CsvOptions {
                delimiter: delimiter.map(str::to_owned),
                quote: self.quote.clone(),
                escape: self.escape.clone(),
                comment: self.comment.clone(),
                nulls: self.nulls.clone(),
                decimal: self.decimal.clone(),
                thousands: self.thousands.clone(),
                skip: self.skip,
                no_headers: self.no_headers,
                names: self.names.clone(),
                types: types.collect::<Result<_>>()?,
                ragged: self.ragged.clone(),
                bad_value: self.bad_value.clone(),
                rejects: self.rejects.clone(),
                reject_limit: self.reject_limit.clone(),
                encoding: self.encoding.clone(),
            },
            ..Input::default()
        })
    }
}

/// Whether a pipe or a redirected file waits on standard input.
pub(super) fn is_piped() -> bool {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        use std::os::unix::fs::FileTypeExt;
        let stdin = std::io::stdin().as_fd().try_clone_to_owned().map(std::fs::File::from);
        let kind = stdin.and_then(|stdin| stdin.metadata()).map(|metadata| metadata.file_type());
        kind.is_ok_and(|kind| kind.is_fifo() || kind.is_file() || kind.is_socket())
    }
    #[cfg(not(unix))]
    {
        !std::io::IsTerminal::is_terminal(&std::io::stdin())
    }
}

/// The items of a list between commas; those in parentheses belong to an item.
fn items(list: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_i32;
    list.split(move |c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    })
}

/// A mistake on the command line.
pub(super) fn usage(what: String, hint: &str) -> Error {
    Error::new(QueryError::Usage(what)).hint(hint)
}
