//! `rolling`: aggregates over the last rows, or the last stretch of time, of each row.

use frame_core::{Error, QueryError, Result, Scalar, Span};
use frame_expr::{AggregateCall, Expr, Frame, Node, SortKey, Window};
use frame_plan::{Plan, WindowItem};

use super::{Verb, aggregates};
use crate::columns;
use crate::lexer::Kind;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "rolling",
    aliases: &[],
    usage: "rolling COUNT rows|DURATION on COLUMN [per COLUMN, ...] AGGREGATE [as NAME], ...",
    help: "Adds to each row aggregates over the last rows by a column, itself among them, or over those less than a duration before it. Rows stay in their order.",
    example: "rolling 7d on ts per category mean value, count",
    picks: false,
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let token = parser.next();
    let frame = match token.kind {
        Kind::Literal(duration @ (Scalar::Duration(_) | Scalar::Months(_))) => Frame::Range(duration),
        Kind::Literal(Scalar::Int(rows @ 1..)) => {
            parser.expect_word("rows")?;
            Frame::Rows { start: Some(1 - rows), end: Some(0) }
        }
        _ => {
            return Err(parser
                .expected_at("a number of rows from 1, or a duration", &token)
                .hint("for example `rolling 7 rows on day mean x`, `rolling 15m on ts mean x`"));
        }
    };
    parser.expect_word("on")?;
    let on_span = parser.peek().span;
    let on = columns::name(parser, &input)?;
    let per = if parser.accept_word("per") { columns::names(parser, &input)? } else { Vec::new() };
    let calls = aggregates::parse(parser, &input)?;
    let plan = rolled(input, &frame, (on, on_span), &per, calls)?;
    super::checked(parser, plan, |_| on_span)
}

/// The plan of `rolling frame on column per keys calls`.
///
/// # Errors
/// An aggregate with an order of its own.
pub fn rolled(input: Plan, frame: &Frame, (on, span): (String, Span), per: &[String], calls: Vec<AggregateCall>) -> Result<Plan> {
    let item = |call: AggregateCall| {
        if !call.order.is_empty() {
            let error = Error::new(QueryError::Usage(format!("the rows are in the order of `{on}`"))).at(call.span);
            return Err(error.hint("leave `order` out"));
        }
        let (name, place) = (call.name.clone(), call.span);
        let order = vec![SortKey::from(Expr::column(&on).at(span))];
        let window = windowed(call, per.iter().map(Expr::column).collect(), order, Some(frame.clone()));
        Ok(WindowItem { window, name, span: place })
    };
    let items = calls.into_iter().map(item).collect::<Result<_>>()?;
    Ok(Plan::Window(frame_plan::Window { input: Box::new(input), items }))
}

/// An aggregate as a window. Rows that do not count for it become nulls, which aggregates skip.
pub fn windowed(call: AggregateCall, by: Vec<Expr>, order: Vec<SortKey>, frame: Option<Frame>) -> Window {
    let AggregateCall { function, constants, mut arguments, filter, .. } = call;
    if let Some(filter) = filter {
        if arguments.is_empty() {
            arguments.push(Expr::literal(Scalar::Bool(true)));
        }
        let kept = |argument: Expr| {
            let branches = vec![(filter.clone(), argument)];
            Expr::new(Node::Case { branches, otherwise: Box::new(Expr::literal(Scalar::Null)) })
        };
        arguments = arguments.into_iter().map(kept).collect();
    }
    Window { function, constants, arguments, by, order, frame }
}
