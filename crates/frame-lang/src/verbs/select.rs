//! `select`: picks and computes columns.

use frame_core::Result;
use frame_plan::{Plan, Project};

use super::Verb;
use crate::columns;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "select",
    aliases: &["keep"],
    usage: "select COLUMN [as NAME], EXPRESSION as NAME, PATTERN*, not COLUMN, ...",
    help: "Keeps the named columns, in this order; an expression needs a name. `not` takes columns away from those before it, or from all.",
    example: "select category, value * 2 as double",
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let items = columns::items(parser, &input)?;
    Ok(Plan::Project(Project { input: Box::new(input), items }))
}
