//! `derive`: new columns behind the others, or in place of one of the same name.

use frame_core::Result;
use frame_expr::Expr;
use frame_plan::{Plan, Project};

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
    let schema = parser.schema(&input)?;
    let mut names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let mut plan = input;
    let mut computed: Vec<(String, Expr)> = Vec::new();
    for (name, expr) in assignments {
        // What mentions a column that was computed before it needs a projection of its own.
        let mut mentioned = vec![name.clone()];
        expr.collect_columns(&mut mentioned);
        if computed.iter().any(|(name, _)| mentioned.contains(name)) {
            parser.count_stage()?;
            plan = project(plan, &mut names, std::mem::take(&mut computed));
        }
        computed.push((name, expr));
    }
    Ok(project(plan, &mut names, computed))
}

/// The columns with those that are computed from them; `names` are what there is, before and after.
fn project(input: Plan, names: &mut Vec<String>, computed: Vec<(String, Expr)>) -> Plan {
    let mut items: Vec<(Expr, String)> = names.iter().map(|name| (Expr::column(name.clone()), name.clone())).collect();
    for (name, expr) in computed {
        match items.iter_mut().find(|(_, other)| *other == name) {
            Some(item) => item.0 = expr,
            None => items.push((expr, name)),
        }
    }
    *names = items.iter().map(|(_, name)| name.clone()).collect();
    Plan::Project(Project { input: Box::new(input), items })
}
