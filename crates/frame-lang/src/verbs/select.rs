//! `select`: picks and computes columns.

use frame_core::Result;
use frame_expr::Expr;
use frame_plan::{Catalog, Plan, Project, windows};

use super::Verb;
use crate::columns;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "select",
    aliases: &["keep"],
    usage: "select COLUMN [as NAME], EXPRESSION as NAME, PATTERN*, not COLUMN, ...",
    help: "Keeps the named columns, in this order; an expression needs a name. `not` takes columns away from those before it, or from all.",
    example: "select category, value * 2 as double",
    picks: true,
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let items = columns::items(parser, &input)?;
    if items.iter().any(|(expr, _)| windows::has_window(expr)) {
        parser.count_stage()?;
    }
    selected(input, items, parser.catalog())
}

/// The plan of `select expr as name, …`.
///
/// # Errors
/// A window inside of a window; with windows, what looking at the columns of the input can fail with.
pub fn selected(input: Plan, mut items: Vec<(Expr, String)>, catalog: &dyn Catalog) -> Result<Plan> {
    let mut exprs: Vec<&mut Expr> = items.iter_mut().map(|(expr, _)| expr).collect();
    let input = Box::new(windows::lifted(input, &mut exprs, &[], catalog)?);
    Ok(Plan::Project(Project { input, items }))
}
