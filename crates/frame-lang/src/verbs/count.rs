//! `count`: the number of rows.

use frame_core::Result;
use frame_expr::AggregateCall;
use frame_plan::{Aggregate, Plan};

use super::Verb;
use crate::parser::Parser;

pub(super) const VERB: Verb =
    Verb { name: "count", aliases: &[], usage: "count", help: "The number of rows, as one row.", example: "count", parse };

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let call = AggregateCall { span: parser.last_span(), ..AggregateCall::new("count", Vec::new(), "count") };
    Ok(Plan::Aggregate(Aggregate { input: Box::new(input), keys: Vec::new(), aggregates: vec![call], with_total: false }))
}
