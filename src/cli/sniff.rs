//! `frame sniff`: how a file is to be read.

use clap::Args;
use frame::FormatName;
use frame_io::formats::csv::{Notation, Sniffed, sniff};

use super::Result;
use super::input::InputFlags;
use super::output::print;
use super::resources::ResourceFlags;
use super::settings::Settings;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  frame sniff export.txt\n  frame sniff log.csv.gz")]
pub(super) struct Arguments {
    /// The file to look at
    file: String,
    #[command(flatten)]
    input: InputFlags,
    #[command(flatten)]
    resources: ResourceFlags,
}

/// Bytes of the text that are looked at.
const HEAD_BYTES: usize = 256 << 10;

pub(super) fn run(arguments: &Arguments, settings: &Settings) -> Result<()> {
    let session = arguments.resources.session(settings)?;
    let mut input = arguments.input.input(&arguments.file)?;
    let (content, format) = session.catalog().content(&input)?;
    let mut text = format!("format       {}\n", format.name());
    if let Some(packing) = content.packing {
        text.push_str(&format!("compression  {}\n", packing.name()));
    }
    let is_text = matches!(format, FormatName::Csv | FormatName::Ndjson);
    if is_text {
        text.push_str(&format!("encoding     {}\n", content.encoding.map_or("UTF-8", |encoding| encoding.name())));
    }
    let mut flags = Vec::new();
    if format == FormatName::Csv {
        let (head, is_all) = content.head(HEAD_BYTES)?;
        let sniffed = sniff(&head, is_all);
        text.push_str(&told(&sniffed));
        if input.csv.delimiter.is_none() && sniffed.fields > 1 {
            let is_expected = sniffed.delimiter == b',' || (sniffed.delimiter == b'\t' && arguments.file.contains(".tsv"));
            if !is_expected {
                flags.push(format!("-d {}", shown(sniffed.delimiter)));
            }
            input.csv.delimiter = Some(char::from(sniffed.delimiter).to_string());
        }
        let Notation { decimal, thousands } = sniffed.notation;
        if decimal != b'.' && input.csv.decimal.is_none() {
            flags.push(format!("--decimal {}", shown(decimal)));
            input.csv.decimal = Some(char::from(decimal).to_string());
        }
        if let Some(mark) = thousands.filter(|_| input.csv.thousands.is_none()) {
            flags.push(format!("--thousands {}", if mark == b'\'' { "\"'\"".to_owned() } else { shown(mark) }));
            input.csv.thousands = Some(char::from(mark).to_string());
        }
        if !sniffed.nulls.is_empty() && input.csv.nulls.is_empty() {
            flags.push(format!("--nulls '{}'", sniffed.nulls.join(",")));
            input.csv.nulls.clone_from(&sniffed.nulls);
        }
        if !sniffed.has_header && !input.csv.no_headers {
            flags.push("--no-headers".to_owned());
            input.csv.no_headers = true;
        }
    }
    if !flags.is_empty() {
        text.push_str(&format!("flags        {}\n", flags.join(" ")));
    }
    let schema = session.schema(&input)?;
    let width = schema.fields().iter().map(|field| field.name().chars().count()).max().unwrap_or(0);
    text.push_str(if is_text { "\ncolumns, their types by samples of the file\n" } else { "\ncolumns\n" });
    for field in schema.fields() {
        text.push_str(&format!("  {:width$}  {}\n", field.name(), frame_expr::type_name(field.data_type())));
    }
    print(&text)
}

fn told(sniffed: &Sniffed) -> String {
    let percent = 100 * sniffed.agreeing / sniffed.records.max(1);
    let yes = |is: bool| if is { "yes" } else { "no" };
    let Notation { decimal, thousands } = sniffed.notation;
    let groups = thousands.map(|mark| format!("   {} between thousands", shown(mark))).unwrap_or_default();
    let nulls = if sniffed.nulls.is_empty() { "empty fields".to_owned() } else { format!("empty fields, {}", sniffed.nulls.join(", ")) };
    let marks = format!("decimals     {}{groups}\nnulls        {nulls}\n", shown(decimal));
    let text = format!(
        "delimiter    {}   {percent} % of {} records have {} fields\nquotes       {}\nheader       {}\nline ends    {}\n",
        shown(sniffed.delimiter),
        sniffed.records,
        sniffed.fields,
        yes(sniffed.has_quotes),
        yes(sniffed.has_header),
        if sniffed.has_returns { "CRLF" } else { "LF" },
    );
    text + &marks
}

/// A delimiter as the flag takes it.
fn shown(delimiter: u8) -> String {
    if delimiter == b'\t' { "'\\t'".to_owned() } else { format!("'{}'", char::from(delimiter)) }
}
