//! `rename`: other names for columns.

use frame_core::{Result, Span};
use frame_expr::Expr;
use frame_plan::{Catalog, Plan, Project};

use super::Verb;
use crate::columns;
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
    let pairs = parser.list(|parser| {
        let (new, _) = parser.name()?;
        parser.expect_symbol("=")?;
        let (old, span) = parser.name()?;
        Ok((new, old, span))
    })?;
    renamed(input, pairs, parser.catalog())
}

/// The plan of `rename new = old, …`; a span is where the old name stands.
///
/// # Errors
/// `UnknownColumn`; what looking at the columns of the input can fail with.
pub fn renamed(input: Plan, pairs: Vec<(String, String, Span)>, catalog: &dyn Catalog) -> Result<Plan> {
    let schema = input.schema(catalog)?;
    let names = schema.fields().iter().map(|field| field.name().clone());
    let mut items: Vec<(Expr, String)> = names.map(|name| (Expr::column(name.clone()), name)).collect();
    for (new, old, span) in pairs {
        columns::known(&schema, &old).map_err(|error| error.at(span))?;
        let place = schema.index_of(&old)?;
        items[place] = (Expr::column(old).at(span), new);
    }
    Ok(Plan::Project(Project { input: Box::new(input), items }))
}
