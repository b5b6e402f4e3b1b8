//! `drop`: all columns but some.

use frame_core::{Error, QueryError, Result};
use frame_expr::Expr;
use frame_plan::{Plan, Project};

use super::Verb;
use crate::parser::Parser;

pub(super) const VERB: Verb =
    Verb { name: "drop", aliases: &[], usage: "drop COLUMN, ...", help: "Keeps all columns but these.", example: "drop note, ts", parse };

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let schema = parser.schema(&input)?;
    let known: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let dropped = parser.list(Parser::name)?;
    for (name, span) in &dropped {
        if !known.contains(name) {
            return Err(Error::new(QueryError::UnknownColumn { name: name.clone(), known }).at(*span));
        }
    }
    let kept = known.into_iter().filter(|name| dropped.iter().all(|(other, _)| other != name));
    let items = kept.map(|name| (Expr::column(name.clone()), name)).collect();
    Ok(Plan::Project(Project { input: Box::new(input), items }))
}
