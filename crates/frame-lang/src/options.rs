//! How to read an input, in parentheses behind its path: `from 'a.txt' (delimiter ';', no-headers, types zip=text)`.

use frame_core::{Error, QueryError, Result, Scalar};
use frame_expr::{quoted, type_name};
use frame_plan::{FormatName, Input};

use crate::lexer::Kind;
use crate::parser::Parser;

/// The words that begin an option.
const WORDS: [&str; 5] = ["delimiter", "no", "names", "types", "format"];

/// Reads the options of an input, if there are any.
pub(crate) fn parse(parser: &mut Parser<'_>, input: &mut Input) -> Result<()> {
    if !parser.accept_symbol("(") {
        return Ok(());
    }
    loop {
        option(parser, input)?;
        if !parser.accept_symbol(",") {
            return parser.expect_symbol(")");
        }
    }
}

fn option(parser: &mut Parser<'_>, input: &mut Input) -> Result<()> {
    let token = parser.next();
    let Kind::Word(word) = &token.kind else { return Err(parser.expected_at("an option such as delimiter ';'", &token)) };
    match word.as_str() {
        "delimiter" => {
            let token = parser.next();
            input.csv.delimiter = match &token.kind {
                Kind::Literal(Scalar::Text(text)) if text == "\\t" => Some(b'\t'),
                Kind::Literal(Scalar::Text(text)) if text.len() == 1 && !matches!(text.as_bytes()[0], b'"' | b'\n' | b'\r') => {
                    Some(text.as_bytes()[0])
                }
                _ => return Err(parser.expected_at("one byte in single quotes", &token)),
            };
        }
        "no" => {
            parser.expect_symbol("-")?;
            parser.expect_word("headers")?;
            input.csv.no_headers = true;
        }
        "names" => input.csv.names = items(parser, |parser| Ok(parser.name()?.0))?,
        "types" => {
            input.csv.types = items(parser, |parser| {
                let (name, _) = parser.name()?;
                parser.expect_symbol("=")?;
                Ok((name, parser.data_type()?))
            })?;
        }
        "format" => {
            let (name, span) = parser.name()?;
            input.format = Some(match name.as_str() {
                "csv" => FormatName::Csv,
                "tsv" => {
                    input.csv.delimiter.get_or_insert(b'\t');
                    FormatName::Csv
                }
                "parquet" => FormatName::Parquet,
                _ => {
                    let error = QueryError::Syntax { expected: "a format".to_owned(), found: format!("`{name}`") };
                    return Err(Error::new(error).at(span).hint("csv, tsv or parquet"));
                }
            });
        }
        other => {
            let error = QueryError::Syntax { expected: "an option".to_owned(), found: format!("`{other}`") };
            return Err(Error::new(error).at(token.span).hint("delimiter, no-headers, names, types, format"));
        }
    }
    Ok(())
}

/// The path of an input, and the options that differ from the default.
pub(crate) fn named(input: &Input) -> String {
    let text = |value: String| Scalar::Text(value).to_string();
    let csv = &input.csv;
    let mut options = Vec::new();
    if let Some(delimiter) = csv.delimiter {
        options.push(format!("delimiter {}", text(if delimiter == b'\t' { "\\t".to_owned() } else { char::from(delimiter).to_string() })));
    }
    if csv.no_headers {
        options.push("no-headers".to_owned());
    }
    if !csv.names.is_empty() {
        let names = csv.names.iter().map(|name| column(name));
        options.push(format!("names {}", names.collect::<Vec<_>>().join(", ")));
    }
    if !csv.types.is_empty() {
        let types = csv.types.iter().map(|(name, data_type)| format!("{} = {}", column(name), type_name(data_type)));
        options.push(format!("types {}", types.collect::<Vec<_>>().join(", ")));
    }
    match input.format {
        Some(FormatName::Csv) => options.push("format csv".to_owned()),
        Some(FormatName::Parquet) => options.push("format parquet".to_owned()),
        None => {}
    }
    let options = if options.is_empty() { String::new() } else { format!(" ({})", options.join(", ")) };
    format!("{}{options}", text(input.path.clone()))
}

/// A column among options; one that is called as an option stands in brackets.
fn column(name: &str) -> String {
    if WORDS.contains(&name) { format!("[{name}]") } else { quoted(name) }
}

/// Items between commas, up to a comma that the next option stands behind.
fn items<T>(parser: &mut Parser<'_>, item: impl Fn(&mut Parser<'_>) -> Result<T>) -> Result<Vec<T>> {
    let mut items = vec![item(parser)?];
    while parser.is_symbol(",") && !matches!(&parser.peek_at(1).kind, Kind::Word(word) if WORDS.contains(&word.as_str())) {
        parser.next();
        items.push(item(parser)?);
    }
    Ok(items)
}
