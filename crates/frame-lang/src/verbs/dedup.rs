//! `dedup`: one row of all that are equal in some columns.

use frame_core::{Error, QueryError, Result};
use frame_expr::SortKey;
use frame_plan::{Dedup, Plan};

use super::{Verb, aggregates};
use crate::columns;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "dedup",
    aliases: &[],
    usage: "dedup COLUMN, ... [keep first|last|max(X)|min(X)]",
    help: "Keeps one row of all that are equal in the columns, with all its columns: the first, the last, or the one with the largest or smallest X.",
    example: "dedup category keep last",
    picks: false,
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let by = columns::names(parser, &input)?;
    let (mut order, mut keep_last) = (Vec::new(), false);
    if parser.accept_word("keep") && !parser.accept_word("first") {
        keep_last = parser.accept_word("last");
        if !keep_last {
            order = best(parser, &input)?;
        }
    }
    Ok(Plan::Dedup(Dedup { input: Box::new(input), by, order, keep_last }))
}

/// `max x`, `min(x)`: the order whose first row is meant.
fn best(parser: &mut Parser<'_>, input: &Plan) -> Result<Vec<SortKey>> {
    let expected =
        || QueryError::Syntax { expected: "`first`, `last`, `max(x)` or `min(x)`".to_owned(), found: "another aggregate".to_owned() };
    let span = parser.peek().span;
    let call = aggregates::unnamed(parser, input, None)?.pop();
    let call = call.filter(|call| call.arguments.len() == 1 && call.filter.is_none() && matches!(call.function.as_str(), "max" | "min"));
    let call = call.ok_or_else(|| Error::new(expected()).at(span).hint("for example `dedup category keep max(value)`"))?;
    let descending = call.function == "max";
    Ok(call.arguments.into_iter().map(|expr| SortKey { expr, descending, nulls_first: false }).collect())
}
