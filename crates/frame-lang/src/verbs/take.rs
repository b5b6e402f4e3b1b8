//! `take`: a stretch of the rows.

use frame_core::Result;
use frame_plan::{Limit, Plan};

use super::Verb;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "take",
    aliases: &["head", "limit"],
    usage: "take COUNT [from SKIP]",
    help: "Keeps the first rows, or those behind the first SKIP.",
    example: "take 5 from 10",
    picks: false,
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let count = parser.count()?;
    let offset = if parser.accept_word("from") { parser.count()? } else { 0 };
    Ok(Plan::Limit(Limit { input: Box::new(input), offset, count }))
}
