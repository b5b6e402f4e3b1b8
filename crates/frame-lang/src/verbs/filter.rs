//! `where`: keeps the rows for which a condition is true.

use frame_core::Result;
use frame_plan::{Filter, Plan};

use super::Verb;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "where",
    aliases: &["filter"],
    usage: "where CONDITION",
    help: "Keeps the rows for which the condition is true; false and null both drop the row.",
    example: "where value > 1200 and category in ('category_001', 'category_002')",
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    Ok(Plan::Filter(Filter { input: Box::new(input), predicate: parser.expr()? }))
}
