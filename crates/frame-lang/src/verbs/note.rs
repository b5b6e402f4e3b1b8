//! `note`: a label in the plan.

use frame_core::{Result, Scalar};
use frame_plan::{Mark, Plan, Remark};

use super::Verb;
use crate::lexer::Kind;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "note",
    aliases: &[],
    usage: "note 'TEXT'",
    help: "A label that explain shows; the rows stay as they are.",
    example: "note 'all sales'",
    picks: false,
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let token = parser.next();
    let Kind::Literal(Scalar::Text(text)) = token.kind else { return Err(parser.expected_at("a text in single quotes", &token)) };
    Ok(Plan::Mark(Mark { input: Box::new(input), remark: Remark::Note(text) }))
}
