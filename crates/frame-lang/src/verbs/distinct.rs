//! `distinct`: the different rows, or the different values of some columns.

use frame_core::Result;
use frame_expr::Expr;
use frame_plan::{Aggregate, Catalog, KeyItem, Plan};

use super::Verb;
use crate::columns;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "distinct",
    aliases: &[],
    usage: "distinct [COLUMN, PATTERN*, ...]",
    help: "The different values of the columns, or of all of them, sorted; other columns are dropped (dedup keeps them).",
    example: "distinct category",
    picks: true,
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let items = if parser.at_stage_end() { None } else { Some(columns::items(parser, &input)?) };
    distinguished(input, items, parser.catalog())
}

/// The plan of `distinct a, b`, or of `distinct` alone.
///
/// # Errors
/// What looking at the columns of the input can fail with.
pub fn distinguished(input: Plan, items: Option<Vec<(Expr, String)>>, catalog: &dyn Catalog) -> Result<Plan> {
    let items = match items {
        Some(items) => items,
        None => input.schema(catalog)?.fields().iter().map(|field| (Expr::column(field.name()), field.name().clone())).collect(),
    };
    let keys = items.into_iter().map(|(expr, name)| KeyItem { expr, name }).collect();
    Ok(Plan::Aggregate(Aggregate { input: Box::new(input), keys, aggregates: Vec::new(), with_total: false }))
}
