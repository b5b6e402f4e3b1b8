//! `top`: the best rows, of all or of each group.

use frame_core::Result;
use frame_plan::{Plan, Top};

use super::Verb;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "top",
    aliases: &[],
    usage: "top COUNT by [-]EXPRESSION, ... [per KEY, ...] [ties]",
    help: "Keeps the first rows by an order, of all rows or of each group; with ties also those equal to the last one kept.",
    example: "top 2 by -value per category",
    picks: false,
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let count = parser.count()?;
    parser.expect_word("by")?;
    let order = parser.list(super::sort::key)?;
    let per = if parser.accept_word("per") { parser.list(Parser::expr)? } else { Vec::new() };
    let with_ties = parser.accept_word("ties");
    Ok(Plan::Top(Top { input: Box::new(input), count, order, per, with_ties }))
}
