//! `leave`: a made-up verb, in tests alone: leaves out the first rows. It shows that one file and two lines are enough.

use frame_core::Result;
use frame_plan::{Limit, Plan};

use super::Verb;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "leave",
    aliases: &["omit"],
    usage: "leave COUNT",
    help: "Leaves out the first rows.",
    example: "leave 10",
    picks: false,
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let offset = parser.count()?;
    Ok(Plan::Limit(Limit { input: Box::new(input), offset, count: i64::MAX as u64 }))
}
