//! `explode`: items of lists, or parts of texts, as rows.

use frame_core::{Error, QueryError, Result, Scalar};
use frame_plan::{Explode, Plan};

use super::Verb;
use crate::columns;
use crate::lexer::Kind;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "explode",
    aliases: &[],
    usage: "explode COLUMN [by 'SEPARATOR']",
    help: "Makes a row of each item of a list, or of each part of a text between separators; a null and an empty list give one row with a null.",
    example: "explode note by ' '",
    picks: false,
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let span = parser.peek().span;
    let column = columns::name(parser, &input)?;
    let separator = if parser.accept_word("by") {
        let token = parser.next();
        let Kind::Literal(Scalar::Text(text)) = token.kind else {
            return Err(parser.expected_at("a separator in single quotes", &token));
        };
        if text.is_empty() {
            let error = Error::new(QueryError::Usage("an empty separator stands nowhere in a text".to_owned())).at(token.span);
            return Err(error.hint("give the letters between the parts: `explode tags by ';'`"));
        }
        Some(text)
    } else {
        None
    };
    let plan = Plan::Explode(Explode { input: Box::new(input), column, separator });
    super::checked(parser, plan, |_| span)
}
