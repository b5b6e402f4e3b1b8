//! `complete`: rows for the combinations of keys that have none.

use frame_core::{Error, QueryError, Result, Scalar};
use frame_plan::{Complete, Gaps, Plan};

use super::Verb;
use crate::columns;
use crate::lexer::Kind;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "complete",
    aliases: &[],
    usage: "complete COLUMN, ... [with EXPRESSION] | complete COLUMN every DURATION [per COLUMN, ...] [with EXPRESSION]",
    help: "Adds a row for each combination of the columns' values, or each step of time from the first to the last of a group, that has none; its other columns are null, or the value given. Sorted.",
    example: "groupby category, year(ts) as y sum value | complete category, y with 0",
    picks: false,
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let start = parser.peek().span;
    let keys = columns::names(parser, &input)?;
    let of_time = if parser.accept_word("every") {
        let every = every(parser)?;
        Some((every, if parser.accept_word("per") { columns::names(parser, &input)? } else { Vec::new() }))
    } else {
        None
    };
    let value = if parser.accept_word("with") { Some(parser.expr()?) } else { None };
    let span = start.to(parser.last_span());
    let input = Box::new(input);
    if let Some((every, per)) = of_time {
        let [column] = keys.as_slice() else {
            let error = Error::new(QueryError::Usage("steps go along one column".to_owned())).at(span);
            return Err(error.hint("the others stand behind `per`: `complete ts every 1h per sensor`"));
        };
        let gaps = Gaps { input, column: column.clone(), every, per, value };
        return super::checked(parser, Plan::Gaps(gaps), |_| span);
    }
    super::checked(parser, Plan::Complete(Complete { input, keys, value }), |_| span)
}

/// The distance of the steps.
pub(super) fn every(parser: &mut Parser<'_>) -> Result<Scalar> {
    let token = parser.next();
    match token.kind {
        Kind::Literal(every @ (Scalar::Duration(_) | Scalar::Months(_))) => Ok(every),
        _ => Err(parser.expected_at("a duration", &token).hint("write for example every 15m, every 1d or every 1mo")),
    }
}
