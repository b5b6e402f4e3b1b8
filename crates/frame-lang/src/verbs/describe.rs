//! `describe`: what is in the columns, in numbers.

use arrow::datatypes::DataType;
use frame_core::{Result, Scalar};
use frame_expr::{AggregateCall, BadCast, BinaryOp, Expr, Node};
use frame_plan::{Aggregate, Catalog, Plan, Project, Union};

use super::Verb;
use crate::columns;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "describe",
    aliases: &[],
    usage: "describe [COLUMN, PATTERN*, ...]",
    help: "One row per column: count of values and nulls, different values, and for numbers mean, std, min, quartiles and max.",
    example: "describe value",
    picks: true,
    parse,
};

/// What is said of numbers: the name of the column, the aggregate and its constant.
const OF_NUMBERS: [(&str, &str, Option<f64>); 7] = [
    ("mean", "mean", None),
    ("std", "std", None),
    ("min", "min", None),
    ("p25", "quantile", Some(0.25)),
    ("median", "median", None),
    ("p75", "quantile", Some(0.75)),
    ("max", "max", None),
];

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let names = if parser.at_stage_end() { None } else { Some(columns::names(parser, &input)?) };
    described(input, names, parser.catalog())
}

/// The plan of `describe a, b`, or of `describe` alone.
///
/// # Errors
/// `UnknownColumn`; what looking at the columns of the input can fail with.
pub fn described(input: Plan, names: Option<Vec<String>>, catalog: &dyn Catalog) -> Result<Plan> {
    let schema = input.schema(catalog)?;
    let names = names.unwrap_or_else(|| schema.fields().iter().map(|field| field.name().clone()).collect());
    names.iter().try_for_each(|name| columns::known(&schema, name))?;
    let is_number = |name: &str| schema.fields().iter().any(|field| field.name() == name && field.data_type().is_numeric());
    let mut aggregates = vec![AggregateCall::new("count", Vec::new(), "rows")];
    for (place, name) in names.iter().enumerate() {
        let call = |function: &str, what: &str| AggregateCall::new(function, vec![Expr::column(name.clone())], format!("{place} {what}"));
        aggregates.extend([call("count", "count"), call("nunique", "distinct")]);
        if is_number(name) {
            let of_number = |(what, function, constant): &(&str, &str, Option<f64>)| {
                let constants = constant.iter().map(|value| Scalar::Float(*value)).collect();
                AggregateCall { constants, ..call(function, what) }
            };
            aggregates.extend(OF_NUMBERS.iter().map(of_number));
        }
    }
    // All of it is computed at once; then each column gets a row of its own.
    let all = Plan::Aggregate(Aggregate { input: Box::new(input), keys: Vec::new(), aggregates, with_total: false });
    let row = |(place, name): (usize, &String)| {
        let value = |what: &str| Expr::column(format!("{place} {what}"));
        let float = |expr: Expr| Expr::new(Node::Cast { operand: Box::new(expr), to: DataType::Float64, bad: BadCast::Fail });
        let mut items = vec![
            (Expr::literal(Scalar::Text(name.clone())), "column".to_owned()),
            (value("count"), "count".to_owned()),
            (Expr::binary(BinaryOp::Subtract, Expr::column("rows"), value("count")), "nulls".to_owned()),
            (value("distinct"), "distinct".to_owned()),
        ];
        let of_number = |what: &str| float(if is_number(name) { value(what) } else { Expr::literal(Scalar::Null) });
        items.extend(OF_NUMBERS.iter().map(|(what, ..)| (of_number(what), (*what).to_owned())));
        Plan::Project(Project { input: Box::new(all.clone()), items })
    };
    let mut rows: Vec<Plan> = names.iter().enumerate().map(row).collect();
    // One row needs nothing below it.
    Ok(if rows.len() == 1 { rows.remove(0) } else { Plan::Union(Union { inputs: rows, by_position: false }) })
}
