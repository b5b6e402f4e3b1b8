//! Plans as canonical text: one spelling per stage. What the optimizer noted in scans is not part of it.

use frame_core::Scalar;
use frame_expr::{AggregateCall, Expr, Node, SortKey, quoted};
use frame_plan::{Aggregate, Limit, Plan};

use crate::verbs::aggregates;

/// The plan as query text, without its source.
pub fn print(plan: &Plan) -> String {
    let mut stages = Vec::new();
    let mut next = Some(plan);
    while let Some(plan) = next {
        stages.extend(stage(plan));
        next = plan.input();
    }
    stages.reverse();
    stages.join(" | ")
}

fn stage(plan: &Plan) -> Option<String> {
    Some(match plan {
        Plan::Scan(_) => return None,
        Plan::Filter(filter) => format!("where {}", filter.predicate),
        Plan::Project(project) => format!("select {}", joined(&project.items, |(expr, name)| named(expr, name))),
        Plan::Aggregate(aggregate) => aggregation(aggregate),
        Plan::Sort(sort) => format!("sort {}", joined(&sort.keys, SortKey::to_string)),
        Plan::Limit(Limit { offset: 0, count, .. }) => format!("take {count}"),
        Plan::Limit(Limit { offset, count, .. }) => format!("take {count} from {offset}"),
    })
}

fn joined<T>(items: &[T], print: impl Fn(&T) -> String) -> String {
    items.iter().map(print).collect::<Vec<_>>().join(", ")
}

/// An expression, and its name unless that goes without saying.
fn named(expr: &Expr, name: &str) -> String {
    match &expr.node {
        Node::Column(column) if column == name => quoted(name),
        _ => format!("{expr} as {}", quoted(name)),
    }
}

fn aggregation(aggregate: &Aggregate) -> String {
    let calls = joined(&aggregate.aggregates, call);
    match aggregate.keys.as_slice() {
        [] if calls == "count" => calls,
        [] => format!("agg {calls}"),
        keys => {
            let total = if aggregate.with_total { " with total" } else { "" };
            format!("groupby {} {calls}{total}", joined(keys, |key| named(&key.expr, &key.name)))
        }
    }
}

/// An aggregate in the shortest form that reads back, and its name unless that goes without saying.
fn call(call: &AggregateCall) -> String {
    let bare = AggregateCall { filter: None, order: Vec::new(), ..call.clone() };
    let text = match (bare.constants.as_slice(), bare.arguments.as_slice()) {
        ([], []) => call.function.clone(),
        ([], [Expr { node: Node::Column(column), .. }]) if call.function != "count" => format!("{} {}", call.function, quoted(column)),
        ([Scalar::Float(fraction)], [Expr { node: Node::Column(column), .. }]) if call.function == "quantile" => {
            aggregates::percent(*fraction).map_or_else(|| bare.to_string(), |percent| format!("{percent} {}", quoted(column)))
        }
        _ => bare.to_string(),
    };
    let rest = call.to_string()[bare.to_string().len()..].to_owned();
    let name =
        if aggregates::default_name(call).as_ref() == Some(&call.name) { String::new() } else { format!(" as {}", quoted(&call.name)) };
    format!("{text}{rest}{name}")
}
