//! `drop`: all columns but some.

use frame_core::{Error, QueryError, Result};
use frame_expr::Expr;
use frame_plan::{Plan, Project};

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
    let schema = parser.schema(&input)?;
    let dropped = columns::names(parser, &input)?;
    let kept = schema.fields().iter().map(|field| field.name().clone()).filter(|name| !dropped.contains(name));
    let items: Vec<_> = kept.map(|name| (Expr::column(name.clone()), name)).collect();
    if items.is_empty() {
        let error = QueryError::Usage("no column would be left".to_owned());
        return Err(Error::new(error).at(parser.last_span()).hint("name the columns to keep: `select a, b`; `count` counts the rows"));
    }
    Ok(Plan::Project(Project { input: Box::new(input), items }))
}
