//! `rename`: other names for columns.

use frame_core::{Error, QueryError, Result};
use frame_expr::Expr;
use frame_plan::{Plan, Project};

use super::Verb;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "rename",
    aliases: &[],
    usage: "rename NEW = OLD, ...",
    help: "Gives columns other names; all stay where they are.",
    example: "rename amount = value",
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let schema = parser.schema(&input)?;
    let known: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let mut items: Vec<(Expr, String)> = known.iter().map(|name| (Expr::column(name.clone()), name.clone())).collect();
    let pairs = parser.list(|parser| {
        let (new, _) = parser.name()?;
        parser.expect_symbol("=")?;
        Ok((new, parser.name()?))
    })?;
    for (new, (old, span)) in pairs {
        let Some(at) = known.iter().position(|name| *name == old) else {
            return Err(Error::new(QueryError::UnknownColumn { name: old, known }).at(span));
        };
        items[at] = (Expr::column(old).at(span), new);
    }
    Ok(Plan::Project(Project { input: Box::new(input), items }))
}
