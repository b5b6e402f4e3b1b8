//! `count`: the number of rows.

use frame_core::Result;
use frame_expr::AggregateCall;
use frame_plan::{Aggregate, Plan};

use super::Verb;
use crate::parser::Parser;

pub(super) const VERB: Verb =
    Verb { name: "count", aliases: &[], usage: "count", help: "The number of rows, as one row.", example: "count", picks: true, parse };

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    if !parser.at_stage_end() {
        let hint = "`counts x` counts the rows of each value, `where x > 1 | count` some rows, `agg count(x), nunique x` values";
        return Err(parser.expected("`|` or the end of the query").hint(hint));
    }
    let call = AggregateCall { span: parser.last_span(), ..AggregateCall::new("count", Vec::new(), "count") };
    Ok(Plan::Aggregate(Aggregate { input: Box::new(input), keys: Vec::new(), aggregates: vec![call], with_total: false }))
}
