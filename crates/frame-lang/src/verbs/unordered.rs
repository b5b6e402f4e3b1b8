//! `unordered`: the order of the rows does not matter.

use frame_core::Result;
use frame_plan::{Mark, Plan, Remark};

use super::Verb;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "unordered",
    aliases: &[],
    usage: "unordered",
    help: "Says that the order of the rows does not matter here, which can save a sort.",
    example: "unordered",
    picks: false,
    parse,
};

fn parse(_: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    Ok(Plan::Mark(Mark { input: Box::new(input), remark: Remark::Unordered }))
}
