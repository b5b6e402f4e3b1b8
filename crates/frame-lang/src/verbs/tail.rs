//! `tail`: the last rows.

use frame_core::Result;
use frame_plan::{Plan, Tail};

use super::Verb;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "tail",
    aliases: &[],
    usage: "tail COUNT",
    help: "Keeps the last rows, in their order.",
    example: "tail 3",
    picks: false,
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let count = parser.count()?;
    Ok(Plan::Tail(Tail { input: Box::new(input), count }))
}
