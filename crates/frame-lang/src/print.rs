//! Plans as canonical text: one spelling per stage. What the optimizer noted in scans is not part of it.

use frame_core::Scalar;
use frame_expr::{AggregateCall, Expr, Node, SortKey, quoted};
use frame_plan::{Aggregate, JoinKind, Limit, Plan, Remark};

use crate::verbs::aggregates;
use crate::{options, spots};

/// The plan as query text that begins with its source.
pub fn print(plan: &Plan) -> String {
    let first = plan.sources().first().map(|input| format!("from {}", options::named(input)));
    let stages = print_stages(plan);
    first.into_iter().chain((!stages.is_empty()).then_some(stages)).collect::<Vec<_>>().join(" | ")
}

/// The plan as query text without its source, for a query whose file is named elsewhere.
pub fn print_stages(plan: &Plan) -> String {
    let mut stages = Vec::new();
    let mut next = Some(plan);
    while let Some(plan) = next {
        stages.extend(stage(plan));
        next = plan.inputs().into_iter().next();
    }
    stages.reverse();
    stages.join(" | ")
}

fn stage(plan: &Plan) -> Option<String> {
    Some(match plan {
        Plan::Scan(_) => return None,
        Plan::Filter(filter) => format!("where {}", filter.predicate),
        Plan::Project(project) if spots::hides(project) => return None,
        Plan::Project(project) => format!("select {}", joined(&project.items, |(expr, name)| named(expr, name))),
        Plan::Reject(reject) => reject.text(),
        Plan::Aggregate(aggregate) => aggregation(aggregate),
        Plan::Sort(sort) => format!("sort {}", joined(&sort.keys, SortKey::to_string)),
        Plan::Limit(Limit { offset: 0, count, .. }) => format!("take {count}"),
        Plan::Limit(Limit { offset, count, .. }) => format!("take {count} from {offset}"),
        Plan::Tail(tail) => format!("tail {}", tail.count),
        Plan::Top(top) => {
            let ties = if top.with_ties { " ties" } else { "" };
            format!("top {} by {}{}{ties}", top.count, joined(&top.order, SortKey::to_string), per(&top.per))
        }
        Plan::Dedup(dedup) => {
            let keep = match dedup.order.as_slice() {
                [] if dedup.keep_last => " keep last".to_owned(),
                [] => String::new(),
                [key, ..] => format!(" keep {}({})", if key.descending { "max" } else { "min" }, key.expr),
            };
            format!("dedup {}{keep}", joined(&dedup.by, |name| quoted(name)))
        }
        Plan::Sample(sample) => format!("sample {}{} seed {}", sample.size, per(&sample.per), sample.seed),
        Plan::Fill(fill) => fill.text(),
        Plan::Window(window) => window.text(),
        Plan::Unpivot(unpivot) => unpivot.text(),
        Plan::Explode(explode) => explode.text(),
        Plan::Complete(complete) => complete.text(),
        Plan::Gaps(gaps) => gaps.text(),
        Plan::Write(write) => write.text(),
        Plan::Union(union) => {
            let others = union.inputs.get(1..).unwrap_or_default();
            format!("union {}{}", joined(others, input), if union.by_position { " by position" } else { "" })
        }
        Plan::Join(join) => {
            let kind = if join.kind == JoinKind::Inner { String::new() } else { format!("{} ", join.kind.word()) };
            let alias = join.alias.as_ref().map(|alias| format!(" as {}", quoted(alias))).unwrap_or_default();
            format!("join {kind}{}{alias}{}", input(&join.right), join.conditions())
        }
        Plan::Mark(mark) => match &mark.remark {
            Remark::Unordered => "unordered".to_owned(),
            Remark::Note(text) => format!("note {}", Scalar::Text(text.clone())),
        },
    })
}

/// A plan as the input of another: a path alone, or a query in parentheses.
fn input(plan: &Plan) -> String {
    match plan {
        Plan::Scan(scan) if scan.input.is_plain() => Scalar::Text(scan.input.path.clone()).to_string(),
        other => format!("({})", print(other)),
    }
}

fn per(keys: &[Expr]) -> String {
    if keys.is_empty() { String::new() } else { format!(" per {}", joined(keys, Expr::to_string)) }
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
        keys if aggregate.aggregates.is_empty() => format!("distinct {}", joined(keys, |key| named(&key.expr, &key.name))),
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
        ([], []) if call.function == "count" => call.function.clone(),
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
