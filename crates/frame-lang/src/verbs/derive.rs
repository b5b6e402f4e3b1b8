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
    let layers = layers(assignments);
    layers.iter().try_for_each(|_| parser.count_stage())?;
    project(input, layers, parser.catalog())
}

/// The plan of `derive name = expr, …`: each assignment sees the columns that the ones before it made.
///
/// # Errors
/// What looking at the columns of the input can fail with.
pub fn derived(input: Plan, assignments: Vec<(String, Expr)>, catalog: &dyn Catalog) -> Result<Plan> {
    project(input, layers(assignments), catalog)
}

/// The assignments by projection: one that mentions a column that was computed before needs a projection of its own.
fn layers(assignments: Vec<(String, Expr)>) -> Vec<Vec<(String, Expr)>> {
    let mut layers: Vec<Vec<(String, Expr)>> = Vec::new();
    for (name, expr) in assignments {
        let mut mentioned = vec![name.clone()];
        expr.collect_columns(&mut mentioned);
        match layers.last_mut() {
            Some(layer) if layer.iter().all(|(name, _)| !mentioned.contains(name)) => layer.push((name, expr)),
            _ => layers.push(vec![(name, expr)]),
        }
    }
    layers
}

fn project(input: Plan, layers: Vec<Vec<(String, Expr)>>, catalog: &dyn Catalog) -> Result<Plan> {
    let mut names: Vec<String> = input.schema(catalog)?.fields().iter().map(|field| field.name().clone()).collect();
    Ok(layers.into_iter().fold(input, |plan, layer| {
        let mut items: Vec<(Expr, String)> = names.drain(..).map(|name| (Expr::column(name.clone()), name)).collect();
        for (name, expr) in layer {
            match items.iter_mut().find(|(_, other)| *other == name) {
                Some(item) => item.0 = expr,
                None => items.push((expr, name)),
            }
        }
        names.extend(items.iter().map(|(_, name)| name.clone()));
        Plan::Project(Project { input: Box::new(plan), items })
    }))
}
