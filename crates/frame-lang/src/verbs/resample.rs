//! `resample`: aggregates of stretches of time, with rows for the empty ones. It is a grouping by truncated time; empty stretches are steps
//! without a row.

use arrow::datatypes::DataType;
use frame_core::{Error, QueryError, Result, Scalar, Span};
use frame_expr::{AggregateCall, BadCast, BinaryOp, Expr, Frame, Node, SortKey, Window, type_name};
use frame_plan::{Aggregate, Catalog, Gaps, KeyItem, Plan, windows};

use super::{Verb, aggregates, complete, derived};
use crate::columns;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "resample",
    aliases: &[],
    usage: "resample COLUMN every DURATION [per COLUMN, ...] AGGREGATE [as NAME], ... [fill null|zero|prev|linear]",
    help: "One row per group and stretch of time, which is named by its beginning; with fill also for the empty stretches between the first and the last.",
    example: "resample ts every 1mo mean value, count fill zero",
    picks: false,
    parse,
};

/// What becomes of stretches of time without rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EmptySteps {
    /// They are left out.
    #[default]
    Omit,
    /// Their aggregates are null: `fill null`.
    Null,
    /// Their aggregates are 0: `fill zero`.
    Zero,
    /// Aggregates that are null have the value before them in their group: `fill prev`.
    Previous,
    /// Aggregates that are null lie on the line between the values around them in their group: `fill linear`.
    Linear,
}

/// The words behind `fill`.
const FILLS: [(&str, EmptySteps); 4] =
    [("null", EmptySteps::Null), ("zero", EmptySteps::Zero), ("prev", EmptySteps::Previous), ("linear", EmptySteps::Linear)];

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let span = parser.peek().span;
    let column = columns::name(parser, &input)?;
    parser.expect_word("every")?;
    let every = complete::every(parser)?;
    let per = if parser.accept_word("per") { columns::names(parser, &input)? } else { Vec::new() };
    let calls = aggregates::parse(parser, &input)?;
    let mut fill = EmptySteps::Omit;
    if parser.accept_word("fill") {
        let found = FILLS.into_iter().find(|(word, _)| parser.accept_word(word));
        fill = found.ok_or_else(|| parser.expected("`null`, `zero`, `prev` or `linear`"))?.1;
        (0..3).try_for_each(|_| parser.count_stage())?;
    }
    let plan = resampled(input, (column, span), every, &per, calls, fill, parser.catalog()).map_err(|error| error.at(span))?;
    super::checked(parser, plan, |_| span)
}

/// The plan of `resample column every duration per keys calls fill …`.
///
/// # Errors
/// `Type` for a fill that does not go with the type of an aggregate; what looking at the columns of the input can fail with.
pub fn resampled(
    input: Plan,
    (column, span): (String, Span),
    every: Scalar,
    per: &[String],
    calls: Vec<AggregateCall>,
    fill: EmptySteps,
    catalog: &dyn Catalog,
) -> Result<Plan> {
    let stretch =
        Node::Call { function: "truncate".to_owned(), arguments: vec![Expr::column(&column).at(span), Expr::literal(every.clone())] };
    let mut keys: Vec<KeyItem> = per.iter().map(|name| KeyItem { expr: Expr::column(name), name: name.clone() }).collect();
    keys.push(KeyItem { expr: Expr::new(stretch).at(span), name: column.clone() });
    let grouped = Plan::Aggregate(Aggregate { input: Box::new(input), keys, aggregates: calls.clone(), with_total: false });
    if fill == EmptySteps::Omit {
        return Ok(grouped);
    }
    grouped.schema(catalog)?;
    let value = (fill == EmptySteps::Zero).then(|| Expr::literal(Scalar::Int(0)).at(span));
    let plan = Plan::Gaps(Gaps { input: Box::new(grouped), column: column.clone(), every, per: per.to_vec(), value });
    let over = Around { by: per.iter().map(Expr::column).collect(), order: vec![Expr::column(&column).into()] };
    match fill {
        EmptySteps::Previous => {
            let previous = |call: &AggregateCall| {
                let own = Expr::column(&call.name);
                (call.name.clone(), Expr::binary(BinaryOp::Coalesce, own.clone(), over.before(own)))
            };
            derived(plan, calls.iter().map(previous).collect(), catalog)
        }
        EmptySteps::Linear => linear(plan, &calls, &over, catalog),
        _ => Ok(plan),
    }
}

/// Groups and order of windows around a stretch.
struct Around {
    by: Vec<Expr>,
    order: Vec<SortKey>,
}

impl Around {
    fn window(&self, function: &str, arguments: Vec<Expr>, frame: Option<Frame>) -> Expr {
        let (by, order) = (self.by.clone(), self.order.clone());
        Expr::new(Node::Window(Box::new(Window { function: function.to_owned(), constants: Vec::new(), arguments, by, order, frame })))
    }

    /// The last value that is not null up to a stretch.
    fn before(&self, value: Expr) -> Expr {
        self.window("last", vec![value], None)
    }

    /// The next value that is not null from a stretch on.
    fn behind(&self, value: Expr) -> Expr {
        self.window("first", vec![value], Some(Frame::Rows { start: Some(0), end: None }))
    }
}

/// Nulls on the line between the values around them, by the number of stretches.
fn linear(plan: Plan, calls: &[AggregateCall], over: &Around, catalog: &dyn Catalog) -> Result<Plan> {
    let schema = plan.schema(catalog)?;
    let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    for call in calls {
        let data_type = schema.field_with_name(&call.name)?.data_type();
        if !data_type.is_numeric() {
            let error =
                QueryError::Type { operation: "fill linear".to_owned(), found: format!("`{}` of {}", call.name, type_name(data_type)) };
            return Err(Error::new(error).at(call.span).hint("there is a line between numbers alone; others are filled with `fill prev`"));
        }
    }
    let step = (1..).map(|number| format!("step {number}")).find(|name| !names.contains(name)).unwrap_or_default();
    let plan = derived(plan, vec![(step.clone(), over.window("row_number", Vec::new(), None))], catalog)?;
    let float = |value: Expr| Expr::new(Node::Cast { operand: Box::new(value), to: DataType::Float64, bad: BadCast::Fail });
    let step = Expr::column(step);
    let filled = |call: &AggregateCall| {
        let own = Expr::column(&call.name);
        let (low, high) = (float(over.before(own.clone())), float(over.behind(own.clone())));
        let is_known = Expr::new(Node::IsNull { operand: Box::new(own.clone()), negated: true });
        let otherwise = Box::new(Expr::literal(Scalar::Null));
        let known = Expr::new(Node::Case { branches: vec![(is_known, step.clone())], otherwise });
        let (start, end) = (over.before(known.clone()), over.behind(known));
        let part = Expr::binary(
            BinaryOp::Divide,
            Expr::binary(BinaryOp::Subtract, step.clone(), start.clone()),
            Expr::binary(BinaryOp::Subtract, end, start),
        );
        let rise = Expr::binary(BinaryOp::Multiply, Expr::binary(BinaryOp::Subtract, high, low.clone()), part);
        (call.name.clone(), Expr::binary(BinaryOp::Coalesce, own, Expr::binary(BinaryOp::Add, low, rise)))
    };
    let plan = derived(plan, calls.iter().map(filled).collect(), catalog)?;
    Ok(windows::only(plan, names))
}
