//! `fill`: values where there are none.

use frame_core::Result;
use frame_expr::{BinaryOp, Expr};
use frame_plan::{Catalog, Fill, FillFrom, Plan, Project, windows};

use super::Verb;
use crate::columns;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "fill",
    aliases: &[],
    usage: "fill COLUMN, ... with EXPRESSION | down | up | linear",
    help: "Puts a value in place of nulls: one that is given, the last one above, the next one below, or one on the line between these two.",
    example: "fill value with 0",
    picks: false,
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let names = columns::names(parser, &input)?;
    for from in [FillFrom::Above, FillFrom::Below, FillFrom::Between] {
        if parser.accept_word(from.word()) {
            return Ok(Plan::Fill(Fill { input: Box::new(input), columns: names, from }));
        }
    }
    if !parser.accept_word("with") {
        return Err(parser.expected("`with` and a value, `down`, `up` or `linear`"));
    }
    let value = parser.expr()?;
    if windows::has_window(&value) {
        parser.count_stage()?;
    }
    filled(input, &names, &value, parser.catalog())
}

/// The plan of `fill a, b with value`.
///
/// # Errors
/// `UnknownColumn`; what looking at the columns of the input can fail with.
pub fn filled(input: Plan, names: &[String], value: &Expr, catalog: &dyn Catalog) -> Result<Plan> {
    let schema = input.schema(catalog)?;
    names.iter().try_for_each(|name| columns::known(&schema, name))?;
    let mut value = value.clone();
    let input = windows::lifted(input, &mut [&mut value], &[], catalog)?;
    let item = |name: &String| {
        let column = Expr::column(name.clone());
        let expr = if names.contains(name) { Expr::binary(BinaryOp::Coalesce, column, value.clone()) } else { column };
        (expr, name.clone())
    };
    let items = schema.fields().iter().map(|field| item(field.name())).collect();
    Ok(Plan::Project(Project { input: Box::new(input), items }))
}
