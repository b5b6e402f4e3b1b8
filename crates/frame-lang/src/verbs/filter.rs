//! `where`: keeps the rows for which a condition is true.

use frame_core::Result;
use frame_expr::Expr;
use frame_plan::{Catalog, Filter, Plan, windows};

use super::Verb;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "where",
    aliases: &["filter"],
    usage: "where CONDITION",
    help: "Keeps the rows for which the condition is true; false and null both drop the row.",
    example: "where value > 1200 and category in ('category_001', 'category_002')",
    picks: false,
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let predicate = parser.expr()?;
    if windows::has_window(&predicate) {
        (0..2).try_for_each(|_| parser.count_stage())?;
    }
    kept(input, predicate, parser.catalog())
}

/// The plan of `where predicate`.
///
/// # Errors
/// A window inside of a window; with windows, what looking at the columns of the input can fail with.
pub fn kept(input: Plan, mut predicate: Expr, catalog: &dyn Catalog) -> Result<Plan> {
    if !windows::has_window(&predicate) {
        return Ok(Plan::Filter(Filter { input: Box::new(input), predicate }));
    }
    let names: Vec<String> = input.schema(catalog)?.fields().iter().map(|field| field.name().clone()).collect();
    let input = Box::new(windows::lifted(input, &mut [&mut predicate], &[], catalog)?);
    Ok(windows::only(Plan::Filter(Filter { input, predicate }), names))
}
