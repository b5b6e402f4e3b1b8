//! The flags that say what to read and how.

use clap::{Args, ValueEnum};
use frame::{CsvOptions, Error, FormatName, Input, Result};
use frame_core::QueryError;

/// How to read the input.
#[derive(Debug, Args)]
#[command(next_help_heading = "Input")]
pub(super) struct InputFlags {
    /// Format of the input; otherwise its content decides
    #[arg(long, value_name = "FORMAT", hide_short_help = true)]
    from: Option<From>,
    /// Delimiter between fields (one byte; \t for a tab)
    #[arg(short, long, value_name = "CHAR")]
    delimiter: Option<String>,
    /// The first line is data, not a header
    #[arg(short, long, hide_short_help = true)]
    no_headers: bool,
    /// Names of the columns
    #[arg(long, value_name = "A,B,…", value_delimiter = ',', hide_short_help = true)]
    names: Vec<String>,
    /// Types of columns that are not to be inferred
    #[arg(long, value_name = "A=TYPE,…", hide_short_help = true)]
    types: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    Csv,
    Tsv,
    Parquet,
}

impl InputFlags {
    /// The input at `path`, read as the flags say.
    pub(super) fn input(&self, path: &str) -> Result<Input> {
        let delimiter = match self.delimiter.as_deref() {
            None if self.from == Some(From::Tsv) => Some(b'\t'),
            None => None,
            Some("\\t") => Some(b'\t'),
            Some(text) => match text.as_bytes() {
                [byte] if !matches!(byte, b'"' | b'\n' | b'\r') => Some(*byte),
                _ => return Err(usage(format!("`{text}` is no delimiter"), "one byte such as ; or \\t")),
            },
        };
        let types = self.types.iter().flat_map(|types| items(types)).map(|text| {
            let (name, data_type) = text
                .split_once('=')
                .ok_or_else(|| usage(format!("`{text}` gives no type"), "for example --types zip=text,amount=float"))?;
            Ok((name.to_owned(), frame_lang::type_named(data_type)?))
        });
        Ok(Input {
            path: path.to_owned(),
            format: self.from.map(|from| if from == From::Parquet { FormatName::Parquet } else { FormatName::Csv }),
            csv: CsvOptions { delimiter, no_headers: self.no_headers, names: self.names.clone(), types: types.collect::<Result<_>>()? },
            ..Input::default()
        })
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
