//! `cast`: other types for columns.

use frame_core::{Error, QueryError, Result};
use frame_expr::{BadCast, Expr, Node};
use frame_plan::{Plan, Project, Reject};

use super::Verb;
use crate::columns;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "cast",
    aliases: &[],
    usage: "cast COLUMN to TYPE, ... [or null|reject|fail]",
    help: "Converts columns. A value that does not fit stops the run, becomes null, or rejects its row, which the report counts.",
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
    for (place, (name, span, _)) in casts.iter().enumerate() {
        if casts[..place].iter().any(|(other, ..)| other == name) {
            let error = Error::new(QueryError::DuplicateColumn { name: name.clone() }).at(*span);
            return Err(error.hint("give each column one type; for two conversions write `cast` twice"));
        }
    }
    let (mut bad, mut rejects) = (BadCast::Fail, false);
    if parser.accept_word("or") && !parser.accept_word("fail") {
        bad = BadCast::Null;
        rejects = parser.accept_word("reject");
        if !rejects && !parser.accept_word("null") {
            return Err(parser.expected("`null`, `reject` or `fail`"));
        }
    }
    let cast = |name: &str| {
        let (name, span, to) = casts.iter().find(|(cast, ..)| cast == name)?;
        let operand = Box::new(Expr::column(name.clone()).at(*span));
        Some(Expr::new(Node::Cast { operand, to: to.clone(), bad }).at(*span))
    };
    if rejects {
        let casts = casts.iter().filter_map(|(name, ..)| Some((name.clone(), cast(name)?))).collect();
        return Ok(Plan::Reject(Reject { input: Box::new(input), casts }));
    }
    let names = schema.fields().iter().map(|field| field.name());
    let items = names.map(|name| (cast(name).unwrap_or_else(|| Expr::column(name.clone())), name.clone())).collect();
    Ok(Plan::Project(Project { input: Box::new(input), items }))
}
