//! `agg`: aggregates all rows, or groups named behind `by`.

use frame_core::Result;
use frame_plan::{Aggregate, Plan};

use super::{Verb, aggregates, groupby};
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "agg",
    aliases: &["summarize"],
    usage: "agg AGGREGATE [as NAME], ... [by KEY, ...]",
    help: "Aggregates all rows into one, also if there are none; with `by` it is groupby the other way round.",
    example: "agg sum value, max(value) as top",
    picks: true,
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    if !aggregates::is_next(parser) {
        return Err(aggregates::expected(parser));
    }
    let aggregates = aggregates::parse(parser, &input)?;
    let keys = if parser.accept_word("by") { groupby::keys(parser)? } else { Vec::new() };
    Ok(Plan::Aggregate(Aggregate { input: Box::new(input), keys, aggregates, with_total: false }))
}
