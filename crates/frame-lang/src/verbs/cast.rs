//! `cast`: other types for columns.

use frame_core::Result;
use frame_expr::{BadCast, Expr, Node};
use frame_plan::{Filter, Plan, Project};

use super::Verb;
use crate::columns;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "cast",
    aliases: &[],
    usage: "cast COLUMN to TYPE, ... [or null|reject|fail]",
    help: "Converts columns. A value that does not fit stops the run, becomes null, or drops its row.",
    example: "cast id to text, value to int or null",
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let schema = parser.schema(&input)?;
    let casts = parser.list(|parser| {
        let span = parser.peek().span;
        let name = columns::name(parser, &input)?;
        parser.expect_word("to")?;
        Ok((name, span, parser.data_type()?))
    })?;
    let (mut bad, mut drops_rows) = (BadCast::Fail, false);
    if parser.accept_word("or") && !parser.accept_word("fail") {
        bad = BadCast::Null;
        drops_rows = parser.accept_word("reject");
        if !drops_rows && !parser.accept_word("null") {
            return Err(parser.expected("`null`, `reject` or `fail`"));
        }
    }
    let cast = |name: &str| {
        let (name, span, to) = casts.iter().find(|(cast, ..)| cast == name)?;
        let operand = Box::new(Expr::column(name.clone()).at(*span));
        Some(Expr::new(Node::Cast { operand, to: to.clone(), bad }).at(*span))
    };
    let mut plan = input;
    if drops_rows {
        for (name, ..) in &casts {
            let Some(converted) = cast(name) else { continue };
            let predicate = Expr::column(name.clone()).is_null().or(converted.is_not_null());
            plan = Plan::Filter(Filter { input: Box::new(plan), predicate });
        }
    }
    let names = schema.fields().iter().map(|field| field.name());
    let items = names.map(|name| (cast(name).unwrap_or_else(|| Expr::column(name.clone())), name.clone())).collect();
    Ok(Plan::Project(Project { input: Box::new(plan), items }))
}
