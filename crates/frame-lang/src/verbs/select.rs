//! `select`: picks and computes columns.

use frame_core::{Error, QueryError, Result};
use frame_expr::{Expr, Node};
use frame_plan::{Plan, Project};

use super::Verb;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "select",
    aliases: &["keep"],
    usage: "select COLUMN [as NAME], EXPRESSION as NAME, ...",
    help: "Keeps the named columns, in this order; an expression needs a name.",
    example: "select category, value * 2 as double",
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let items = parser.list(item)?;
    Ok(Plan::Project(Project { input: Box::new(input), items }))
}

fn item(parser: &mut Parser<'_>) -> Result<(Expr, String)> {
    let expr = parser.expr()?;
    if parser.accept_word("as") {
        let (name, _) = parser.name()?;
        return Ok((expr, name));
    }
    match &expr.node {
        Node::Column(name) => {
            let name = name.clone();
            Ok((expr, name))
        }
        _ => {
            let error = QueryError::Syntax { expected: "`as NAME` behind an expression".to_owned(), found: format!("`{expr}` alone") };
            Err(Error::new(error).at(expr.span).hint("name it: `select x * 2 as double`"))
        }
    }
}
