//! `derive`: new columns behind the others, or in place of one of the same name.

use frame_core::Result;
use frame_expr::Expr;
use frame_plan::{Catalog, Plan, Project};

use super::Verb;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "derive",
    aliases: &["extend", "mutate"],
    usage: "derive NAME = EXPRESSION, ...",
    help: "Adds computed columns; one with the name of a column replaces it. Later ones see earlier ones.",
    example: "derive net = value * 0.8, tax = value - net",
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let assignments = parser.list(|parser| {
        let (name, _) = parser.name()?;
        parser.expect_symbol("=")?;
        Ok((name, parser.expr()?))
    })?;
    derived(input, assignments, parser.catalog())
}

/// The plan of `derive name = expr, …`: each assignment sees the columns that the ones before it made, in a projection of its own.
///
/// # Errors
/// What looking at the columns of the input can fail with.
pub fn derived(input: Plan, assignments: Vec<(String, Expr)>, catalog: &dyn Catalog) -> Result<Plan> {
    let mut plan = input;
    for (name, expr) in assignments {
        let schema = plan.schema(catalog)?;
        let mut items: Vec<(Expr, String)> =
            schema.fields().iter().map(|field| (Expr::column(field.name().clone()), field.name().clone())).collect();
        match items.iter_mut().find(|(_, other)| *other == name) {
            Some(item) => item.0 = expr,
            None => items.push((expr, name)),
        }
        plan = Plan::Project(Project { input: Box::new(plan), items });
    }
    Ok(plan)
}
