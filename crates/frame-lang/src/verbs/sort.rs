//! `sort`: orders the rows.

use frame_core::Result;
use frame_expr::SortKey;
use frame_plan::{Plan, Sort};

use super::Verb;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "sort",
    aliases: &["order"],
    usage: "sort [-]EXPRESSION [nulls first|last], ...",
    help: "Orders the rows; a leading minus turns the order of its item. Equal rows keep their order, nulls come last.",
    example: "sort -value, category",
    picks: false,
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    if parser.is_word("by") {
        return Err(parser.expected("what to sort by").hint("leave `by` out: `sort x`, or `sort -x` for the largest first"));
    }
    let keys = parser.list(key)?;
    Ok(Plan::Sort(Sort { input: Box::new(input), keys }))
}

/// `[-]expression [nulls first|last]`
pub(crate) fn key(parser: &mut Parser<'_>) -> Result<SortKey> {
    let descending = parser.accept_symbol("-");
    let expr = parser.expr()?;
    let nulls_first = if parser.accept_word("nulls") {
        let first = parser.accept_word("first");
        if !first && !parser.accept_word("last") {
            return Err(parser.expected("`first` or `last`"));
        }
        first
    } else {
        false
    };
    Ok(SortKey { expr, descending, nulls_first })
}
