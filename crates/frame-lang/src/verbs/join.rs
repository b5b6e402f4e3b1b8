//! `join`: the rows of another input beside these.

use frame_core::{Error, QueryError, Result, Scalar};
use frame_plan::{AsOf, Direction, Expect, Join, JoinKind, KeyPair, Plan};

use super::Verb;
use crate::columns;
use crate::lexer::Kind;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "join",
    aliases: &[],
    usage: "join [inner|left|right|full|semi|anti|asof|cross] 'FILE'|NAME|(QUERY) [as NAME] on COLUMN [= COLUMN], ... \
            [backward|forward|nearest [within SPAN] [per COLUMN, ...]] [expect 1:1|n:1|1:n|n:n]",
    help: "Puts the matching rows of another input beside these, in the order of these. Columns of the other input whose name is taken are \
           called right.name, or alias.name behind `as`; semi and anti only keep rows with or without a match; asof takes the nearest row.",
    example: "join left (from 'data/sales.csv' | groupby category mean value) as m on category expect n:1",
    picks: false,
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let kind = kind(parser);
    if parser.is_word("on") {
        return Err(parser.expected("what to join").hint("behind `join` stands a path, a name or a query: join 'users.csv' on id"));
    }
    if parser.is_word("outer") {
        return Err(parser.expected("what to join").hint("write `join full 'users.csv' on id`, or `left` or `right` for one side"));
    }
    let right = parser.input().map_err(|error| parser.advise(error, "behind `join` stands what to join: join 'users.csv' on id"))?;
    let alias = if parser.accept_word("as") { Some(parser.name()?.0) } else { None };
    let mut join =
        Join { left: Box::new(input), right: Box::new(right), kind, keys: Vec::new(), as_of: None, expect: None, alias, prefixed: None };
    if kind == JoinKind::Cross {
        if parser.is_word("on") {
            return Err(parser
                .expected("the end of the stage")
                .hint("a cross join has no keys: it gives every pair; for keys write `join 'users.csv' on id`"));
        }
        return Ok(Plan::Join(join));
    }
    if !parser.accept_word("on") {
        return Err(parser
            .expected("`on` and the columns that must be equal")
            .hint("for example `join 'users.csv' on id`, or `on id = user_id`"));
    }
    join.keys = parser.list(|parser| pair(parser, &join))?;
    let direction = Direction::ALL.into_iter().find(|direction| parser.accept_word(direction.word()));
    match (kind == JoinKind::AsOf, direction) {
        (true, direction) => near(parser, &mut join, direction)?,
        (false, Some(direction)) => {
            let error = QueryError::Syntax { expected: "the end of the stage".to_owned(), found: format!("`{}`", direction.word()) };
            let hint = format!("to match the nearest row write `join asof … on ts {}`", direction.word());
            return Err(Error::new(error).at(parser.last_span()).hint(hint));
        }
        (false, None) => {}
    }
    if parser.accept_word("expect") {
        join.expect = Some(expect(parser)?);
    }
    Ok(Plan::Join(join))
}

/// The kind, unless the word is the name of an input.
fn kind(parser: &mut Parser<'_>) -> JoinKind {
    let is_name = matches!(&parser.peek_at(1).kind, Kind::Word(word) if word == "on" || word == "as");
    let kind = JoinKind::ALL.into_iter().find(|kind| parser.is_word(kind.word()) && !(is_name && parser.has_binding(kind.word())));
    if kind.is_some() {
        parser.next();
    }
    kind.unwrap_or(JoinKind::Inner)
}

/// `column`, `left = right`; the right column may stand behind the alias.
fn pair(parser: &mut Parser<'_>, join: &Join) -> Result<KeyPair> {
    let start = parser.peek().span;
    let left = columns::name(parser, &join.left)?;
    let is_double = parser.is_symbol("==");
    if !parser.accept_symbol("=") && !parser.accept_symbol("==") {
        let pair = KeyPair { right: left.clone(), left, span: start.to(parser.last_span()) };
        columns::known(&parser.schema(&join.right)?, &pair.right).map_err(|error| {
            let known = error.advice().unwrap_or_default();
            error
                .at(pair.span)
                .hint(format!("the right side has no such column; if it is called otherwise: on {0} = name   {known}", pair.left))
        })?;
        return Ok(pair);
    }
    let (mut right, mut span) = parser.name()?;
    if right == join.prefix() && parser.is_symbol(".") {
        parser.next();
        (right, span) = parser.name()?;
    }
    columns::known(&parser.schema(&join.right)?, &right).map_err(|error| {
        let known = error.advice().unwrap_or_default();
        let sides = if is_double { "left column == right column" } else { "left column = right column" };
        error.at(span).hint(format!("on the right side of the join ({sides})   {known}"))
    })?;
    Ok(KeyPair { left, right, span: start.to(span) })
}

/// Behind the key of a join to the nearest row: how far to look, and what must be equal.
fn near(parser: &mut Parser<'_>, join: &mut Join, direction: Option<Direction>) -> Result<()> {
    let Some(direction) = direction else {
        return Err(parser
            .expected("`backward`, `forward` or `nearest`")
            .hint("for example `join asof 'quotes.csv' on ts backward within 5s per symbol`"));
    };
    let mut keys = std::mem::take(&mut join.keys).into_iter();
    let (Some(on), None) = (keys.next(), keys.next()) else {
        let error = QueryError::Syntax { expected: "one column".to_owned(), found: "several".to_owned() };
        return Err(Error::new(error)
            .at(parser.last_span())
            .hint("the nearest row is that of one column; what must be equal stands behind `per`"));
    };
    let within = if parser.accept_word("within") { Some(span(parser)?) } else { None };
    join.as_of = Some(AsOf { on, direction, within });
    if parser.accept_word("per") {
        join.keys = parser.list(|parser| pair(parser, join))?;
    }
    Ok(())
}

/// How far is near enough.
fn span(parser: &mut Parser<'_>) -> Result<Scalar> {
    let token = parser.next();
    match token.kind {
        Kind::Literal(value @ (Scalar::Duration(_) | Scalar::Int(_) | Scalar::Float(_))) => Ok(value),
        Kind::Literal(Scalar::Months(_)) => {
            Err(parser.expected_at("a duration of fixed length", &token).hint("months differ in length: write days, such as 30d"))
        }
        _ => Err(parser.expected_at("a duration such as 5s or 7d", &token).hint("for numbers write a number: within 10")),
    }
}

/// `1:1`, `n:1`, `1:n` or `n:n`.
fn expect(parser: &mut Parser<'_>) -> Result<Expect> {
    let start = parser.peek().span;
    let side = |parser: &mut Parser<'_>| match parser.next().kind {
        Kind::Literal(Scalar::Int(1)) => Some("1"),
        Kind::Word(word) if word == "n" || word == "m" => Some("n"),
        _ => None,
    };
    let left = side(parser);
    let has_colon = parser.accept_symbol(":");
    let right = if has_colon { side(parser) } else { None };
    let word = left.zip(right).map(|(left, right)| format!("{left}:{right}"));
    let found = Expect::ALL.into_iter().find(|expect| word.as_deref() == Some(expect.word()));
    found.ok_or_else(|| {
        let error = QueryError::Syntax { expected: "1:1, n:1, 1:n or n:n".to_owned(), found: "something else".to_owned() };
        Error::new(error).at(start).hint("`expect n:1` stops the run if a key is there twice on the right side")
    })
}
