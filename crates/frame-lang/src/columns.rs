//! Lists of columns: names, patterns (`tmp_*`, `re:'q[1-4]'`, `type:float`), their opposites, and named expressions.

use arrow::datatypes::{DataType, SchemaRef};
use frame_core::{Error, QueryError, Result, Scalar, Span};
use frame_expr::{Expr, Node};
use frame_plan::Plan;
use regex::Regex;

use crate::lexer::Kind;
use crate::parser::Parser;

/// What several columns have in common.
enum Pattern {
    Glob(String),
    Regex(Regex),
    Type(DataType),
}

impl Pattern {
    fn matches(&self, name: &str, data_type: &DataType) -> bool {
        match self {
            Self::Glob(glob) => glob_matches(glob, name),
            Self::Regex(regex) => regex.is_match(name),
            Self::Type(wanted) => frame_expr::type_name(wanted) == frame_expr::type_name(data_type),
        }
    }
}

/// Whether `name` is `glob`, each star standing for any letters.
fn glob_matches(glob: &str, name: &str) -> bool {
    let mut parts = glob.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// `a, b as c, tmp_*, x * 2 as double, not note`: expressions and their names, each name once for patterns.
pub(crate) fn items(parser: &mut Parser<'_>, input: &Plan) -> Result<Vec<(Expr, String)>> {
    let mut items: Vec<(Expr, String)> = Vec::new();
    let mut is_first = true;
    loop {
        if let Some(opposite) = opposite(parser, input)? {
            if is_first {
                let schema = parser.schema(input)?;
                let names = schema.fields().iter().map(|field| field.name()).filter(|name| !parser.is_asked(name));
                items.extend(names.map(|name| (Expr::column(name), name.clone())));
            }
            items.retain(|(_, name)| !opposite.contains(name));
        } else if let Some(names) = pattern(parser, input)? {
            let new: Vec<_> = names.into_iter().filter(|name| items.iter().all(|(_, other)| other != name)).collect();
            items.extend(new.into_iter().map(|name| (Expr::column(name.clone()), name)));
        } else {
            items.push(named(parser)?);
        }
        is_first = false;
        if !parser.accept_symbol(",") {
            return if items.is_empty() { Err(none_left().at(parser.last_span())) } else { Ok(items) };
        }
    }
}

/// The error for names that leave no column.
pub(crate) fn none_left() -> Error {
    let error = QueryError::Usage("no column would be left".to_owned());
    Error::new(error).hint("name the columns to keep: `select a, b`; `count` counts the rows")
}

/// The same without expressions and new names: columns of `input`, each once, with their places in the text.
pub(crate) fn names(parser: &mut Parser<'_>, input: &Plan) -> Result<Vec<String>> {
    let schema = parser.schema(input)?;
    let mut names = Vec::new();
    for (expr, name) in items(parser, input)? {
        match &expr.node {
            Node::Column(column) if *column == name => {}
            _ => {
                let error = QueryError::Syntax { expected: "a column".to_owned(), found: format!("`{expr}`") };
                return Err(Error::new(error).at(expr.span).hint("compute it first: `derive name = expression`"));
            }
        }
        known(&schema, &name).map_err(|error| error.at(expr.span))?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// One column of `input`.
pub(crate) fn name(parser: &mut Parser<'_>, input: &Plan) -> Result<String> {
    let (name, span) = parser.column_name()?;
    known(&parser.schema(input)?, &name).map_err(|error| error.at(span))?;
    Ok(name)
}

pub(crate) fn known(schema: &SchemaRef, name: &str) -> Result<()> {
    if schema.fields().iter().any(|field| field.name() == name) {
        return Ok(());
    }
    let known = schema.fields().iter().map(|field| field.name().clone()).collect();
    Err(Error::new(QueryError::UnknownColumn { name: name.to_owned(), known }))
}

/// Whether a set of columns comes next: `{a, b}` or a glob.
pub(crate) fn is_set_next(parser: &Parser<'_>) -> bool {
    parser.is_symbol("{") || glob(parser).is_some()
}

/// The columns of a set.
pub(crate) fn set(parser: &mut Parser<'_>, input: &Plan) -> Result<Vec<Expr>> {
    if !parser.accept_symbol("{") {
        return Ok(pattern(parser, input)?.unwrap_or_default().into_iter().map(Expr::column).collect());
    }
    let items = items(parser, input)?;
    parser.expect_symbol("}")?;
    Ok(items.into_iter().map(|(expr, _)| expr).collect())
}

/// `column`, `column as name`, `expression as name`
fn named(parser: &mut Parser<'_>) -> Result<(Expr, String)> {
    let expr = parser.expr()?;
    if parser.accept_word("as") {
        let (name, _) = parser.name()?;
        return Ok((expr, name));
    }
    match &expr.node {
        Node::Column(name) => {
            let name = name.clone();
            Ok((expr, name))
        }
        _ => {
            let error = QueryError::Syntax { expected: "`as NAME` behind an expression".to_owned(), found: format!("`{expr}` alone") };
            Err(Error::new(error).at(expr.span).hint(match &expr.node {
                Node::Literal(Scalar::Text(_)) => "columns stand without quotes; odd names in square brackets: [Order Date]".to_owned(),
                _ => format!("name it: `{expr} as name`"),
            }))
        }
    }
}

/// The columns behind `not`, if what follows is that and no expression.
fn opposite(parser: &mut Parser<'_>, input: &Plan) -> Result<Option<Vec<String>>> {
    let mark = parser.mark();
    if !parser.accept_word("not") {
        return Ok(None);
    }
    let names = match pattern(parser, input)? {
        Some(names) => Some(names),
        None if ends_behind(parser, 1) && matches!(parser.peek().kind, Kind::Word(_) | Kind::Quoted(_)) => Some(vec![name(parser, input)?]),
        None => None,
    };
    if names.is_none() {
        parser.reset(mark);
    }
    Ok(names)
}

/// Whether an item of the list ends behind `tokens` tokens.
fn ends_behind(parser: &Parser<'_>, tokens: usize) -> bool {
    match &parser.peek_at(tokens).kind {
        Kind::Separator | Kind::End | Kind::Symbol("," | "}" | ")") => true,
        // Words that go on with the stage, as in `unpivot q* into quarter, sales`.
        Kind::Word(word) => word != "as" && !is_operator(word),
        _ => false,
    }
}

fn is_operator(word: &str) -> bool {
    matches!(word, "and" | "or" | "in" | "between" | "is" | "not") || frame_expr::WORD_OPERATORS.contains(&word)
}

/// The columns that a pattern stands for, if one comes next.
fn pattern(parser: &mut Parser<'_>, input: &Plan) -> Result<Option<Vec<String>>> {
    let start = parser.peek().span;
    let has_colon = parser.peek_at(1).kind == Kind::Symbol(":");
    let pattern = if has_colon && parser.accept_word("re") {
        parser.next();
        let token = parser.next();
        let Kind::Literal(Scalar::Text(text)) = &token.kind else {
            return Err(parser.expected_at("a regular expression in single quotes", &token));
        };
        Pattern::Regex(regex(text, token.span)?)
    } else if has_colon && parser.accept_word("type") {
        parser.next();
        Pattern::Type(parser.data_type()?)
    } else if let Some((glob, tokens)) = glob(parser) {
        (0..tokens).for_each(|_| drop(parser.next()));
        Pattern::Glob(glob)
    } else {
        return Ok(None);
    };
    let span = start.to(parser.last_span());
    let schema = parser.schema(input)?;
    let matching =
        schema.fields().iter().filter(|field| pattern.matches(field.name(), field.data_type()) && !parser.is_asked(field.name()));
    let names: Vec<String> = matching.map(|field| field.name().clone()).collect();
    if names.is_empty() {
        let known = schema.fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>().join(", ");
        let hint = match &pattern {
            Pattern::Glob(glob) if !glob.starts_with('*') && !glob.ends_with('*') => {
                format!("if it is a product, write sum({glob}) or give it a name with `as`   (columns: {known})")
            }
            _ => format!("(columns: {known})"),
        };
        return Err(Error::new(QueryError::Usage("no column matches the pattern".to_owned())).at(span).hint(hint));
    }
    Ok(Some(names))
}

/// The whole name must match.
fn regex(text: &str, span: Span) -> Result<Regex> {
    Regex::new(&format!("^(?:{text})$")).map_err(|error| {
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        Error::new(QueryError::Syntax { expected: "a regular expression".to_owned(), found: format!("'{text}'") }).at(span).hint(reason)
    })
}

/// A name with stars and no spaces that stands alone, and how many tokens it is.
fn glob(parser: &Parser<'_>) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut tokens = 0;
    let mut end = parser.peek().span.start;
    loop {
        let token = parser.peek_at(tokens);
        if token.span.start != end {
            break;
        }
        match &token.kind {
            Kind::Word(word) => text.push_str(word),
            Kind::Symbol("*") => text.push('*'),
            Kind::Literal(Scalar::Int(value)) => text.push_str(&value.to_string()),
            _ => break,
        }
        end = token.span.end;
        tokens += 1;
    }
    (text.contains('*') && ends_behind(parser, tokens)).then_some((text, tokens))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (glob, name, matches) in [
            ("tmp_*", "tmp_a", true),
            ("tmp_*", "tmp_", true),
            ("tmp_*", "xtmp_a", false),
            ("*_usd", "net_usd", true),
            ("*", "anything", true),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("*ab*", "xaby", true),
        ] {
            assert_eq!(glob_matches(glob, name), matches, "{glob} {name}");
        }
    }
}
