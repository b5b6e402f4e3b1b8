//! `derive`: new columns behind the others, or in place of one of the same name.

use frame_core::Result;
use frame_expr::{Expr, Node};
use frame_plan::{Catalog, Plan, Project, windows};

use super::Verb;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "derive",
    aliases: &["extend", "mutate"],
    usage: "derive NAME = EXPRESSION, ...",
    help: "Adds computed columns; one with the name of a column replaces it. Later ones see earlier ones.",
    example: "derive net = value * 0.8, tax = value - net",
    picks: false,
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let assignments = parser.list(|parser| {
        let (name, _) = parser.name()?;
        parser.expect_symbol("=")?;
        Ok((name, parser.expr()?))
    })?;
    let layers = layers(assignments);
    for layer in &layers {
        parser.count_stage()?;
        if layer.iter().any(|(_, expr)| windows::has_window(expr)) {
            parser.count_stage()?;
        }
    }
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
    let mut plan = input;
    for mut layer in layers {
        let assigned: Vec<String> = layer.iter().map(|(name, _)| name.clone()).collect();
        let are_windows = layer.iter().all(|(name, expr)| matches!(expr.node, Node::Window(_)) && !names.contains(name));
        let own: Vec<Option<&str>> = assigned.iter().map(|name| Some(name.as_str())).collect();
        let mut exprs: Vec<&mut Expr> = layer.iter_mut().map(|(_, expr)| expr).collect();
        plan = windows::lifted(plan, &mut exprs, &own, catalog)?;
        let mut items: Vec<(Expr, String)> = names.drain(..).map(|name| (Expr::column(name.clone()), name)).collect();
        for (name, expr) in layer {
            match items.iter_mut().find(|(_, other)| *other == name) {
                Some(item) => item.0 = expr,
                None => items.push((expr, name)),
            }
        }
        names.extend(items.iter().map(|(_, name)| name.clone()));
        // Windows that have their names already need no projection.
        if !are_windows {
            plan = Plan::Project(Project { input: Box::new(plan), items });
        }
    }
    Ok(plan)
}
