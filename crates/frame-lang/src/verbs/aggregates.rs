//! Lists of aggregates, as `groupby` and `agg` share them: `mean value, count where paid as n, sum(price * quantity) as revenue`.

use frame_core::{Error, QueryError, Result, Scalar};
use frame_expr::aggregates::{self, AggregateFunction};
use frame_expr::{AggregateCall, Expr, Node};
use frame_plan::Plan;

use super::sort;
use crate::columns;
use crate::foreign;
use crate::lexer::{Kind, Token};
use crate::parser::Parser;

/// Words that end the argument of an aggregate.
const ENDING: [&str; 7] = ["where", "order", "as", "by", "having", "with", "rows"];

/// Whether the next word begins an aggregate rather than a key.
pub(crate) fn is_next(parser: &Parser<'_>) -> bool {
    is_word(parser.peek())
}

/// Whether a token is the name of an aggregate.
pub(super) fn is_word(token: &Token) -> bool {
    matches!(&token.kind, Kind::Word(word) if percentile(word).is_some() || aggregates::find(word).is_ok())
}

/// The error for a next token that does not begin an aggregate.
pub(super) fn expected(parser: &Parser<'_>) -> Error {
    match &parser.peek().kind {
        Kind::Word(word) => match aggregates::find(word) {
            Err(error) => unknown(error, parser, word, None).at(parser.peek().span),
            Ok(_) => parser.expected("an aggregate"),
        },
        _ => parser.expected("an aggregate").hint("for example `agg sum value`"),
    }
}

/// `aggregate, aggregate, …` over the rows of `input`.
pub(super) fn parse(parser: &mut Parser<'_>, input: &Plan) -> Result<Vec<AggregateCall>> {
    let mut calls: Vec<AggregateCall> = Vec::new();
    parser.list(|parser| {
        let new = item(parser, input, calls.last())?;
        calls.extend(new);
        Ok(())
    })?;
    Ok(calls)
}

/// One aggregate without a name, with what stands behind it, `before` being the one before it; a set of columns makes several of it.
pub(super) fn unnamed(parser: &mut Parser<'_>, input: &Plan, before: Option<&AggregateCall>) -> Result<Vec<AggregateCall>> {
    let token = parser.next();
    let Kind::Word(word) = token.kind.clone() else { return Err(parser.expected_at("an aggregate", &token)) };
    let (function, constants) = match percentile(&word) {
        Some(fraction) => ("quantile", vec![fraction]),
        None => (word.as_str(), Vec::new()),
    };
    let function = aggregates::find(function).map_err(|error| unknown(error.at(token.span), parser, &word, before))?;
    let mut calls = arguments(parser, function, constants, input)?;
    let filter = if parser.accept_word("where") { Some(parser.expr()?) } else { None };
    let order = if !parser.accept_word("order") {
        Vec::new()
    } else if parser.accept_symbol("(") {
        let keys = parser.list(sort::key)?;
        parser.expect_symbol(")")?;
        keys
    } else {
        vec![sort::key(parser)?]
    };
    let span = token.span.to(parser.last_span());
    for call in &mut calls {
        (call.filter, call.order, call.span) = (filter.clone(), order.clone(), span);
    }
    Ok(calls)
}

/// One aggregate and its name; a set of columns makes several of it.
fn item(parser: &mut Parser<'_>, input: &Plan, before: Option<&AggregateCall>) -> Result<Vec<AggregateCall>> {
    let mut calls = unnamed(parser, input, before)?;
    if !parser.accept_word("as") {
        for call in &mut calls {
            call.name = default_name(call).ok_or_else(|| nameless(call))?;
        }
        return Ok(calls);
    }
    let (name, name_span) = parser.name()?;
    if calls.len() > 1 {
        let error = QueryError::Syntax { expected: "no name for several columns".to_owned(), found: "`as`".to_owned() };
        return Err(Error::new(error).at(name_span).hint("write one aggregate after the other to name them"));
    }
    calls.iter_mut().for_each(|call| call.name.clone_from(&name));
    Ok(calls)
}

/// The fraction behind `p95` or `p99.9`.
pub(crate) fn percentile(word: &str) -> Option<Scalar> {
    let digits = word.strip_prefix('p').filter(|digits| digits.starts_with(|c: char| c.is_ascii_digit()))?;
    // Shifted as text: 99.9 / 100 would not be the float nearest to 0.999.
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    format!("{whole}{decimals}e-{}", decimals.len() + 2).parse().ok().filter(|fraction| (0.0..=1.0).contains(fraction)).map(Scalar::Float)
}

/// How a fraction is written behind `p`, if that reads back.
pub(crate) fn percent(fraction: f64) -> Option<String> {
    let text = format!("p{}", format!("{:.9}", fraction * 100.0).trim_end_matches('0').trim_end_matches('.'));
    (percentile(&text) == Some(Scalar::Float(fraction))).then_some(text)
}

/// The likely meaning of a word that is no aggregate: one of another language, or a column behind a comma.
fn unknown(error: Error, parser: &Parser<'_>, word: &str, before: Option<&AggregateCall>) -> Error {
    if word.starts_with('p') && word[1..].starts_with(|c: char| c.is_ascii_digit()) {
        return error.hint("percentiles reach from p0 to p100, as in p95 or p99.9");
    }
    if let Some(hint) = foreign::aggregate(word) {
        return error.hint(hint);
    }
    if !parser.at_stage_end() && !parser.is_symbol(",") {
        return error;
    }
    match before.map(|call| (call.function.as_str(), call.arguments.as_slice())) {
        Some((function, [argument])) if aggregates::find(function).is_ok_and(|function| *function.arguments().start() > 1) => {
            error.hint(format!("it takes two columns in brackets: `{function}({argument}, {word})`"))
        }
        Some((function, [argument])) => {
            error.hint(format!("each item begins with an aggregate; for several columns write `{function} {{{argument}, {word}}}`"))
        }
        _ => error.hint(format!("each item begins with an aggregate: `count`, `mean {word}`, `max {word}`")),
    }
}

/// The calls that what stands behind the aggregate's name makes: none, one, or one for each column of a set.
fn arguments(
    parser: &mut Parser<'_>,
    function: &'static dyn AggregateFunction,
    mut constants: Vec<Scalar>,
    input: &Plan,
) -> Result<Vec<AggregateCall>> {
    let call = |constants: Vec<Scalar>, arguments| AggregateCall { constants, ..AggregateCall::new(function.name(), arguments, "") };
    if parser.accept_symbol("(") {
        if parser.is_symbol("*") {
            return Err(parser
                .expected("an expression")
                .hint(format!("write `{}` without a star", if function.name() == "count" { "count" } else { function.example() })));
        }
        if let (Kind::Word(word), Kind::Word(column)) = (&parser.peek().kind, &parser.peek_at(1).kind)
            && word.eq_ignore_ascii_case("distinct")
        {
            return Err(parser.expected("an expression").hint(format!("write `nunique {column}`")));
        }
        let arguments = if parser.is_symbol(")") { Vec::new() } else { parser.list(Parser::expr)? };
        parser.expect_symbol(")")?;
        return Ok(vec![split(call(constants, arguments), function)]);
    }
    while let Kind::Literal(value @ (Scalar::Int(_) | Scalar::Float(_))) = parser.peek().kind.clone() {
        if constants.len() == *function.constants().end() {
            break;
        }
        parser.next();
        constants.push(value);
    }
    if columns::is_set_next(parser) {
        let columns = columns::set(parser, input)?;
        return Ok(columns.into_iter().map(|column| call(constants.clone(), vec![column])).collect());
    }
    let ends = parser.at_stage_end() || parser.is_symbol(",") || parser.is_symbol(")") || ENDING.iter().any(|word| parser.is_word(word));
    if ends || *function.arguments().end() == 0 || function.name() == "count" {
        if !function.arguments().contains(&0) {
            let expected = "an argument".to_owned();
            let error = QueryError::Arity { function: function.name().to_owned(), expected, found: 0 };
            return Err(Error::new(error).at(parser.last_span()).hint(format!("write `{} column`", function.name())));
        }
        return Ok(vec![call(constants, Vec::new())]);
    }
    Ok(vec![call(constants, vec![parser.term()?])])
}

/// Tells the constants of `quantile(0.95, ms)` and `concat(name, ', ')` from the arguments: literals in front, or else at the end.
pub(crate) fn split(mut call: AggregateCall, function: &dyn AggregateFunction) -> AggregateCall {
    let literal = |expr: Option<&Expr>| match expr.map(|expr| &expr.node) {
        Some(Node::Literal(value)) => Some(value.clone()),
        _ => None,
    };
    let room =
        |call: &AggregateCall| call.constants.len() < *function.constants().end() && call.arguments.len() > *function.arguments().start();
    let in_front = literal(call.arguments.first()).is_some();
    while room(&call) {
        let at = if in_front { 0 } else { call.arguments.len() - 1 };
        let Some(value) = literal(call.arguments.get(at)) else { break };
        call.arguments.remove(at);
        let place = if in_front { call.constants.len() } else { 0 };
        call.constants.insert(place, value);
    }
    call
}

/// The name that an aggregate of columns has when none is given: `mean_value`, `p95_ms`, `corr_x_y`, `count`.
pub fn default_name(call: &AggregateCall) -> Option<String> {
    let function = match call.constants.as_slice() {
        [Scalar::Float(fraction)] if call.function == "quantile" => percent(*fraction).map(|text| text.replace('.', "_")),
        _ => None,
    };
    let mut name = function.unwrap_or_else(|| call.function.clone());
    for argument in &call.arguments {
        let Node::Column(column) = &argument.node else { return None };
        name = format!("{name}_{column}");
    }
    Some(name)
}

/// The error for an aggregate that needs a name.
pub(super) fn nameless(call: &AggregateCall) -> Error {
    let error =
        QueryError::Syntax { expected: "`as NAME` behind an aggregate of an expression".to_owned(), found: format!("`{call}` alone") };
    Error::new(error).at(call.span).hint(format!("name it: `{call} as total`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_read_back() {
        for (text, fraction) in [("p95", 0.95), ("p99.9", 0.999), ("p5", 0.05), ("p0", 0.0), ("p100", 1.0), ("p29", 0.29), ("p12.5", 0.125)]
        {
            assert_eq!(percentile(text), Some(Scalar::Float(fraction)));
            assert_eq!(percent(fraction).as_deref(), Some(text));
        }
        for word in ["p", "p101", "price", "p9x"] {
            assert_eq!(percentile(word), None, "{word}");
        }
        assert_eq!(percent(1.0 / 3.0), None);
    }
}
