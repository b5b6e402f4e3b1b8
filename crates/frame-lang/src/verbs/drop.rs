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
    picks: false,
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let names = columns::names(parser, &input)?;
    let span = parser.last_span();
    dropped(input, &names, parser.catalog()).map_err(|error| error.at(span))
}

/// The plan of `drop a, b`.
///
/// # Errors
/// `UnknownColumn`; an error if no column is left; what looking at the columns of the input can fail with.
pub fn dropped(input: Plan, names: &[String], catalog: &dyn Catalog) -> Result<Plan> {
    let schema = input.schema(catalog)?;
    names.iter().try_for_each(|name| columns::known(&schema, name))?;
    let kept = schema.fields().iter().map(|field| field.name().clone()).filter(|name| !names.contains(name));
    let items: Vec<_> = kept.map(|name| (Expr::column(name.clone()), name)).collect();
    if items.is_empty() {
        return Err(columns::none_left());
    }
    Ok(Plan::Project(Project { input: Box::new(input), items }))
}
