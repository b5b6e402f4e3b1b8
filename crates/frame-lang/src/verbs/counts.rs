//! `counts`: how often each value occurs.

use frame_core::Result;
use frame_expr::{AggregateCall, Expr, SortKey};
use frame_plan::{Aggregate, KeyItem, Limit, Plan, Sort};

use super::Verb;
use crate::columns;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "counts",
    aliases: &[],
    usage: "counts COLUMN, ... [top COUNT]",
    help: "The number of rows for each different value, the most frequent first.",
    example: "counts category top 5",
    picks: true,
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let keys = columns::items(parser, &input)?.into_iter().map(|(expr, name)| KeyItem { expr, name }).collect();
    let counts = counted(input, keys);
    if !parser.accept_word("top") {
        return Ok(counts);
    }
    Ok(Plan::Limit(Limit { input: Box::new(counts), offset: 0, count: parser.count()? }))
}

/// The plan of `counts a, b`.
pub fn counted(input: Plan, keys: Vec<KeyItem>) -> Plan {
    let aggregates = vec![AggregateCall::new("count", Vec::new(), "count")];
    let groups = Plan::Aggregate(Aggregate { input: Box::new(input), keys, aggregates, with_total: false });
    let by_count = SortKey { expr: Expr::column("count"), descending: true, nulls_first: false };
    Plan::Sort(Sort { input: Box::new(groups), keys: vec![by_count] })
}
