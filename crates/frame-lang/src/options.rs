//! How to read an input, in parentheses behind its path: `from 'a.txt' (delimiter ';', no-headers, types zip=text)`.

use frame_core::{Error, QueryError, Result, Scalar};
use frame_expr::{quoted, type_name};
use frame_plan::{FormatName, Input};

use crate::lexer::Kind;
use crate::parser::Parser;

/// The words that begin an option.
const WORDS: [&str; 17] = [
    "delimiter",
    "quote",
    "escape",
    "comment",
    "nulls",
    "decimal",
    "thousands",
    "skip",
    "no",
    "names",
    "types",
    "ragged",
    "bad",
    "rejects",
    "reject",
    "encoding",
    "format",
];

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
            let place = parser.peek().clone();
            let delimiter = one_text(parser, "a delimiter in single quotes")?;
            if delimiter.is_empty() || delimiter.contains(['"', '\n', '\r']) {
                return Err(parser.expected_at("a delimiter such as ';' or '\\t'", &place));
            }
            input.csv.delimiter = Some(if delimiter == "\\t" { "\t".to_owned() } else { delimiter });
        }
        "quote" => input.csv.quote = Some(one_text(parser, "a quote in single quotes")?),
        "escape" => input.csv.escape = Some(one_text(parser, "an escape in single quotes")?),
        "comment" => input.csv.comment = Some(one_text(parser, "what comments begin with in single quotes")?),
        "nulls" => input.csv.nulls = items(parser, |parser| one_text(parser, "a word in single quotes"))?,
        "decimal" => input.csv.decimal = Some(one_text(parser, "a mark such as ',' in single quotes")?),
        "thousands" => input.csv.thousands = Some(one_text(parser, "a mark such as '.' in single quotes")?),
        "skip" => input.csv.skip = parser.count()?,
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
        "ragged" => input.csv.ragged = Some(policy(parser, &["fail", "pad", "reject"])?),
        "bad" => {
            parser.expect_symbol("-")?;
            parser.expect_word("value")?;
            input.csv.bad_value = Some(policy(parser, &["widen", "null", "reject", "fail"])?);
        }
        "rejects" => input.csv.rejects = Some(one_text(parser, "a path in single quotes")?),
        "reject" => {
            parser.expect_symbol("-")?;
            parser.expect_word("limit")?;
            input.csv.reject_limit = Some(one_text(parser, "a limit such as '100' or '1%'")?);
        }
        "encoding" => input.csv.encoding = Some(one_text(parser, "the name of an encoding in single quotes")?),
        "format" => {
            let (name, span) = parser.name()?;
            let known = FormatName::ALL.into_iter().find(|format| format.name() == name);
            input.format = Some(match known {
                Some(format) => format,
                None if name == "tsv" => {
                    input.csv.delimiter.get_or_insert_with(|| "\t".to_owned());
                    FormatName::Csv
                }
                None => {
                    let error = QueryError::Syntax { expected: "a format".to_owned(), found: format!("`{name}`") };
                    return Err(Error::new(error).at(span).hint("csv, tsv, ndjson, parquet or arrow"));
                }
            });
        }
        other => {
            let error = QueryError::Syntax { expected: "an option".to_owned(), found: format!("`{other}`") };
            return Err(Error::new(error).at(token.span).hint("delimiter, quote, escape, comment, nulls, decimal, thousands, skip, no-headers, names, types, ragged, bad-value, rejects, reject-limit, encoding, format"));
        }
    }
    Ok(())
}

/// One of the words that say what to do.
fn policy(parser: &mut Parser<'_>, words: &[&str]) -> Result<String> {
    let token = parser.next();
    match &token.kind {
        Kind::Word(word) if words.contains(&word.as_str()) => Ok(word.clone()),
        Kind::Literal(Scalar::Null) if words.contains(&"null") => Ok("null".to_owned()),
        _ => Err(parser.expected_at(&format!("one of {}", words.join(", ")), &token)),
    }
}

/// A text in single quotes.
fn one_text(parser: &mut Parser<'_>, expected: &str) -> Result<String> {
    let token = parser.next();
    match token.kind {
        Kind::Literal(Scalar::Text(text)) => Ok(text),
        _ => Err(parser.expected_at(expected, &token)),
    }
}

/// The path of an input, and the options that differ from the default.
pub(crate) fn named(input: &Input) -> String {
    let text = |value: String| Scalar::Text(value).to_string();
    let csv = &input.csv;
    let mut options = Vec::new();
    let marks = [("delimiter", &csv.delimiter), ("quote", &csv.quote), ("escape", &csv.escape), ("comment", &csv.comment)];
    for (name, mark) in marks.into_iter().filter_map(|(name, mark)| Some((name, mark.clone()?))) {
        options.push(format!("{name} {}", text(if mark == "\t" { "\\t".to_owned() } else { mark })));
    }
    if !csv.nulls.is_empty() {
        options.push(format!("nulls {}", csv.nulls.iter().cloned().map(text).collect::<Vec<_>>().join(", ")));
    }
    let marks = [("decimal", &csv.decimal), ("thousands", &csv.thousands)];
    options.extend(marks.into_iter().filter_map(|(name, mark)| Some(format!("{name} {}", text(mark.clone()?)))));
    if csv.skip > 0 {
        options.push(format!("skip {}", csv.skip));
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
    let policies = [("ragged", &csv.ragged), ("bad-value", &csv.bad_value)];
    options.extend(policies.into_iter().filter_map(|(name, policy)| Some(format!("{name} {}", policy.as_ref()?))));
    let rejects = [("rejects", &csv.rejects), ("reject-limit", &csv.reject_limit)];
    options.extend(rejects.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", text(value.clone()?)))));
    if let Some(encoding) = &csv.encoding {
        options.push(format!("encoding {}", text(encoding.clone())));
    }
    if let Some(format) = input.format {
        options.push(format!("format {}", format.name()));
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
