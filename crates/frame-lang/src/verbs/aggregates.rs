//! Lists of aggregates, as `groupby` and `agg` share them: `mean value, count as n, sum(price * quantity) as revenue`.

use frame_core::{Error, QueryError, Result, Span};
use frame_expr::{AggregateCall, Expr, Node, aggregates};

use crate::lexer::Kind;
use crate::parser::Parser;

/// Whether the next word begins an aggregate rather than a key.
pub(super) fn is_next(parser: &Parser<'_>) -> bool {
    matches!(&parser.peek().kind, Kind::Word(word) if aggregates::find(word).is_ok())
}

/// `aggregate, aggregate, …`
pub(super) fn parse(parser: &mut Parser<'_>) -> Result<Vec<AggregateCall>> {
    Ok(parser.list(item)?.concat())
}

/// One item; a set in braces makes several aggregates of it.
fn item(parser: &mut Parser<'_>) -> Result<Vec<AggregateCall>> {
    let token = parser.next();
    let Kind::Word(function) = token.kind.clone() else { return Err(parser.expected_at("an aggregate", &token)) };
    aggregates::find(&function).map_err(|error| unknown(error.at(token.span), parser, &function))?;
    let arguments = arguments(parser, &function, token.span)?;
    let span = token.span.to(parser.last_span());
    let name = if parser.accept_word("as") { Some(parser.name()?) } else { None };
    match (name, arguments.len()) {
        (Some((_, span)), 2..) => {
            let error = QueryError::Syntax { expected: "no name for several columns".to_owned(), found: "`as`".to_owned() };
            Err(Error::new(error).at(span).hint("write one aggregate after the other to name them"))
        }
        (Some((name, _)), _) => Ok(arguments
            .into_iter()
            .map(|argument| AggregateCall { function: function.clone(), argument, name: name.clone(), span })
            .collect()),
        (None, _) => arguments.into_iter().map(|argument| named(&function, argument, span)).collect(),
    }
}

/// The likely meaning of a word that is no aggregate: a column behind a comma.
fn unknown(error: Error, parser: &Parser<'_>, word: &str) -> Error {
    if parser.at_stage_end() || parser.is_symbol(",") {
        return error.hint(format!("each item begins with an aggregate; for several columns write `mean {{a, {word}}}`"));
    }
    error
}

/// What the aggregate aggregates: nothing, one thing, or several.
fn arguments(parser: &mut Parser<'_>, function: &str, span: Span) -> Result<Vec<Option<Expr>>> {
    if parser.accept_symbol("(") {
        if parser.accept_symbol(")") {
            return none(function, span);
        }
        let argument = parser.expr()?;
        parser.expect_symbol(")")?;
        return Ok(vec![Some(argument)]);
    }
    if parser.accept_symbol("{") {
        let columns = parser.list(Parser::column)?;
        parser.expect_symbol("}")?;
        return Ok(columns.into_iter().map(Some).collect());
    }
    let ends = parser.at_stage_end() || parser.is_symbol(",") || parser.is_word("as") || parser.is_word("by");
    if ends || function == "count" {
        return none(function, span);
    }
    Ok(vec![Some(parser.term()?)])
}

fn none(function: &str, span: Span) -> Result<Vec<Option<Expr>>> {
    if function == "count" {
        return Ok(vec![None]);
    }
    let error = QueryError::Arity { function: function.to_owned(), expected: "one argument".to_owned(), found: 0 };
    Err(Error::new(error).at(span).hint(format!("write `{function} column`")))
}

/// Names the output after aggregate and column.
fn named(function: &str, argument: Option<Expr>, span: Span) -> Result<AggregateCall> {
    let name = match &argument {
        None => function.to_owned(),
        Some(Expr { node: Node::Column(column), .. }) => format!("{function}_{column}"),
        Some(other) => {
            let error = QueryError::Syntax {
                expected: "`as NAME` behind an aggregate of an expression".to_owned(),
                found: format!("`{function}({other})` alone"),
            };
            return Err(Error::new(error).at(span).hint(format!("name it: `{function}({other}) as total`")));
        }
    };
    Ok(AggregateCall { function: function.to_owned(), argument, name, span })
}
