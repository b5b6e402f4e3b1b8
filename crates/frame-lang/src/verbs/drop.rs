//! `drop`: all columns but some.

use frame_core::Result;
use frame_expr::Expr;
use frame_plan::{Catalog, Plan, Project};

use super::Verb;
use crate::columns;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "drop",
    aliases: &[],
    usage: "drop COLUMN, PATTERN*, ...",
    help: "Keeps all columns but these.",
    example: "drop note, ts",
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let names = columns::names(parser, &input)?;
    dropped(input, &names, parser.catalog())
}

/// The plan of `drop a, b`.
///
/// # Errors
/// `UnknownColumn`; what looking at the columns of the input can fail with.
pub fn dropped(input: Plan, names: &[String], catalog: &dyn Catalog) -> Result<Plan> {
    let schema = input.schema(catalog)?;
    names.iter().try_for_each(|name| columns::known(&schema, name))?;
    let kept = schema.fields().iter().map(|field| field.name().clone()).filter(|name| !names.contains(name));
    let items = kept.map(|name| (Expr::column(name.clone()), name)).collect();
    Ok(Plan::Project(Project { input: Box::new(input), items }))
}
