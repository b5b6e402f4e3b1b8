//! `fill`: values where there are none.

use frame_core::Result;
use frame_expr::{BinaryOp, Expr};
use frame_plan::{Plan, Project};

use super::Verb;
use crate::columns;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "fill",
    aliases: &[],
    usage: "fill COLUMN, ... with EXPRESSION",
    help: "Puts a value in place of nulls.",
    example: "fill value with 0",
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let schema = parser.schema(&input)?;
    let filled = columns::names(parser, &input)?;
    parser.expect_word("with")?;
    let value = parser.expr()?;
    let item = |name: &String| {
        let column = Expr::column(name.clone());
        let expr = if filled.contains(name) { Expr::binary(BinaryOp::Coalesce, column, value.clone()) } else { column };
        (expr, name.clone())
    };
    let items = schema.fields().iter().map(|field| item(field.name())).collect();
    Ok(Plan::Project(Project { input: Box::new(input), items }))
}
