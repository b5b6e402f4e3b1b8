//! `unpivot`: columns as rows.

use frame_core::Result;
use frame_plan::{Plan, Unpivot};

use super::Verb;
use crate::columns;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "unpivot",
    aliases: &["melt"],
    usage: "unpivot COLUMN, PATTERN*, ... into NAME, NAME",
    help: "Makes a row of each of the columns: the other columns, the name of the column and its value. Rows stay in their order, nulls are kept.",
    example: "unpivot value, id into measure, amount",
    picks: false,
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let start = parser.peek().span;
    let columns = columns::names(parser, &input)?;
    let columns_span = start.to(parser.last_span());
    parser.expect_word("into")?;
    let (name, name_span) = parser.name()?;
    parser.expect_symbol(",")?;
    let (value, value_span) = parser.name()?;
    let plan = Plan::Unpivot(Unpivot { input: Box::new(input), columns, name, value });
    let of_names = name_span.to(value_span);
    super::checked(parser, plan, |error| if super::is_duplicate(error) { of_names } else { columns_span })
}
