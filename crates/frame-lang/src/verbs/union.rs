//! `union`: the rows of more inputs behind these.

use frame_core::Result;
use frame_plan::{Plan, Union};

use super::Verb;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "union",
    aliases: &[],
    usage: "union 'FILE'|NAME|(QUERY), ... [by name|position]",
    help: "The rows of this input and then those of the others; columns belong together by name unless `by position` is said.",
    example: "union 'data/sales.csv'",
    picks: false,
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let mut inputs = vec![input];
    inputs.extend(parser.list(Parser::input)?);
    let by_position = parser.accept_word("by") && !parser.accept_word("name") && {
        parser.expect_word("position")?;
        true
    };
    Ok(Plan::Union(Union { inputs, by_position }))
}
