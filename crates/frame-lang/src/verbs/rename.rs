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
        let new = parser.name()?;
        parser.expect_symbol("=")?;
        Ok((new, parser.name()?))
    })?;
    let mut renamed = Vec::new();
    for ((new, new_span), (old, span)) in pairs {
        renamed.push((new.clone(), new_span));
        let Some(at) = known.iter().position(|name| *name == old) else {
            return Err(Error::new(QueryError::UnknownColumn { name: old, known }).at(span));
        };
        items[at] = (Expr::column(old).at(span), new);
    }
    for (new, span) in renamed {
        if items.iter().filter(|(_, name)| *name == new).count() > 1 {
            return Err(Error::new(QueryError::DuplicateColumn { name: new })
                .at(span)
                .hint("give the other one a new name too, or drop it"));
        }
    }
    Ok(Plan::Project(Project { input: Box::new(input), items }))
}
