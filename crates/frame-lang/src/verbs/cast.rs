//! `cast`: other types for columns.

use arrow::datatypes::DataType;
use frame_core::{Error, QueryError, Result, Span};
use frame_expr::{BadCast, Expr, Node};
use frame_plan::{Catalog, Plan, Project, Reject};

use super::Verb;
use crate::columns;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "cast",
    aliases: &[],
    usage: "cast COLUMN to TYPE, ... [or null|reject|fail]",
    help: "Converts columns. A value that does not fit stops the run, becomes null, or rejects its row, which the report counts.",
    example: "cast id to text, value to int or null",
    picks: false,
    parse,
};

/// What becomes of a value without a counterpart in the type that its column is cast to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BadValue {
    /// The run stops with an error that shows the value: `or fail`.
    #[default]
    Fail,
    /// It becomes null: `or null`.
    Null,
    /// Its row is left out, and counted in the report: `or reject`.
    Reject,
}

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let casts = parser.list(|parser| {
        let span = parser.peek().span;
        let name = columns::name(parser, &input)?;
        parser.expect_word("to")?;
        Ok((name, parser.data_type()?, span))
    })?;
    let mut bad = BadValue::Fail;
    if parser.accept_word("or") && !parser.accept_word("fail") {
        bad = match parser.accept_word("reject") {
            true => BadValue::Reject,
            false if parser.accept_word("null") => BadValue::Null,
            false => return Err(parser.expected("`null`, `reject` or `fail`")),
        };
    }
    converted(input, &casts, bad, parser.catalog())
}

/// The plan of `cast a to int, b to date or …`; a span is where a column's name stands.
///
/// # Errors
/// `UnknownColumn`, `DuplicateColumn`; what looking at the columns of the input can fail with.
pub fn converted(input: Plan, casts: &[(String, DataType, Span)], bad: BadValue, catalog: &dyn Catalog) -> Result<Plan> {
    let schema = input.schema(catalog)?;
    for (place, (name, _, span)) in casts.iter().enumerate() {
        columns::known(&schema, name).map_err(|error| error.at(*span))?;
        if casts[..place].iter().any(|(other, ..)| other == name) {
            let error = Error::new(QueryError::DuplicateColumn { name: name.clone() }).at(*span);
            return Err(error.hint("give each column one type; for two conversions write `cast` twice"));
        }
    }
    let of_value = if bad == BadValue::Fail { BadCast::Fail } else { BadCast::Null };
    let cast = |(name, to, span): &(String, DataType, Span)| {
        let operand = Box::new(Expr::column(name.clone()).at(*span));
        (name.clone(), Expr::new(Node::Cast { operand, to: to.clone(), bad: of_value }).at(*span))
    };
    let casts: Vec<(String, Expr)> = casts.iter().map(cast).collect();
    if bad == BadValue::Reject {
        return Ok(Plan::Reject(Reject { input: Box::new(input), casts }));
    }
    let item = |name: &String| {
        let cast = casts.iter().find(|(cast, _)| cast == name).map(|(_, expr)| expr.clone());
        (cast.unwrap_or_else(|| Expr::column(name.clone())), name.clone())
    };
    let items = schema.fields().iter().map(|field| item(field.name())).collect();
    Ok(Plan::Project(Project { input: Box::new(input), items }))
}
