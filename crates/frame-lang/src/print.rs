//! Plans as canonical text: one spelling per stage. What the optimizer noted in scans is not part of it.

use frame_expr::{AggregateCall, Expr, Node, SortKey, quoted};
use frame_plan::{Aggregate, Limit, Plan, Sort};

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
        Plan::Sort(sort) => sorting(sort),
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
        keys => format!("groupby {} {calls}", joined(keys, |key| named(&key.expr, &key.name))),
    }
}

fn call(call: &AggregateCall) -> String {
    let (text, name) = match &call.argument {
        None => (call.function.clone(), call.function.clone()),
        Some(Expr { node: Node::Column(column), .. }) if call.function != "count" => {
            (format!("{} {}", call.function, quoted(column)), format!("{}_{column}", call.function))
        }
        Some(Expr { node: Node::Column(column), .. }) => (format!("count({})", quoted(column)), format!("count_{column}")),
        Some(other) => (format!("{}({other})", call.function), String::new()),
    };
    if name == call.name { text } else { format!("{text} as {}", quoted(&call.name)) }
}

fn sorting(sort: &Sort) -> String {
    let key = |key: &SortKey| {
        let nulls = if key.nulls_first { " nulls first" } else { "" };
        // A leading minus turns the whole item, so one that belongs to the expression needs parentheses.
        let text = key.expr.to_string();
        let text = if text.starts_with('-') { format!("({text})") } else { text };
        format!("{}{text}{nulls}", if key.descending { "-" } else { "" })
    };
    format!("sort {}", joined(&sort.keys, key))
}
