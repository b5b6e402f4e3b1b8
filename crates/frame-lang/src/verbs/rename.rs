//! `rename`: other names for columns.

use frame_core::{Error, QueryError, Result, Span};
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
    picks: false,
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let pairs = parser.list(|parser| {
        let new = parser.name()?;
        parser.expect_symbol("=")?;
        Ok((new, parser.column_name()?))
    })?;
    renamed(input, pairs, parser.catalog())
}

/// A name and where it stands.
type Placed = (String, Span);

/// The plan of `rename new = old, …`.
///
/// # Errors
/// `UnknownColumn`, `DuplicateColumn`; what looking at the columns of the input can fail with.
pub fn renamed(input: Plan, pairs: Vec<(Placed, Placed)>, catalog: &dyn Catalog) -> Result<Plan> {
    let schema = input.schema(catalog)?;
    let names = schema.fields().iter().map(|field| field.name().clone());
    let mut items: Vec<(Expr, String)> = names.map(|name| (Expr::column(name.clone()), name)).collect();
    let mut renamed = Vec::new();
    for ((new, new_span), (old, span)) in pairs {
        columns::known(&schema, &old).map_err(|error| error.at(span))?;
        let place = schema.index_of(&old)?;
        items[place] = (Expr::column(old).at(span), new.clone());
        renamed.push((new, new_span));
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
