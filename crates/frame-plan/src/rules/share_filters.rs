//! Gives a condition on the keys of a join to the other side too: a row that it drops on one side could only match rows that it drops on
//! the other one. `where k < 9 | join b on k` reads of `b` what has a `k` below 9.
//!
//! * **Which side**: both of an inner and a semi join; of the others the one whose rows come out only beside rows of the side that has the
//!   condition. No side whose keys are checked to be there once: it keeps all its rows.
//! * **Which conditions**: comparisons of keys with constants, that cannot fail and mean the same for all values that are equal. Both keys
//!   have the same type.
//! * **How far**: where "push filters" would put it, and only if it gets to a scan: elsewhere the join drops the row as cheaply.
//!
//! What the query has twice stays as it is, so that it is computed once. A scan that will ask the table of the other side which keys there
//! are, and so leaves out more than the condition does, stays without a filter, as only then may it ask.

use arrow::datatypes::{DataType, Schema};
use frame_core::Result;
use frame_expr::{BinaryOp, Expr, Node, predicate};

use super::order_joins::is_text;
use super::push_filters::{parts, push, renamed, treats_equals_alike};
use crate::{Catalog, Expect, Join, JoinKind, Plan};

/// A left side is small beside a right side with so many times its rows: then its keys are known before the right side is read.
const SMALLER: f64 = 4.0;

pub(super) fn apply(plan: Plan, catalog: &dyn Catalog) -> Result<Plan> {
    let whole = plan.clone();
    shared(plan, &whole, catalog)
}

/// The plan with conditions on both sides of its joins.
fn shared(plan: Plan, whole: &Plan, catalog: &dyn Catalog) -> Result<Plan> {
    let Plan::Join(mut join) = plan else { return plan.map_inputs(&mut |input| shared(input, whole, catalog)) };
    // On the way down, so that it goes on into the joins of the left side.
    if needs_right_keys(&join) && is_used_once(whole, &join.left) && !asks_for_keys(&join, catalog)? {
        let pairs = pairs(&join).map(|(left, right)| (right, left)).collect::<Vec<_>>();
        *join.left = with_conditions((*join.left).clone(), &join.right, &pairs, catalog)?;
    }
    let plan = Plan::Join(join).map_inputs(&mut |input| shared(input, whole, catalog))?;
    let Plan::Join(mut join) = plan else { return Ok(plan) };
    if needs_left_keys(&join) && is_used_once(whole, &join.right) && !is_asked_for_keys(&join, catalog)? {
        *join.right = with_conditions((*join.right).clone(), &join.left, &pairs(&join).collect::<Vec<_>>(), catalog)?;
    }
    Ok(Plan::Join(join))
}

/// The names of the keys on both sides.
fn pairs(join: &Join) -> impl Iterator<Item = (&str, &str)> {
    join.keys.iter().map(|pair| (pair.left.as_str(), pair.right.as_str()))
}

/// Whether left rows matter only beside right rows of the same key.
fn needs_right_keys(join: &Join) -> bool {
    matches!(join.kind, JoinKind::Inner | JoinKind::Semi | JoinKind::Right) && !join.expect.is_some_and(Expect::left_once)
}

/// Whether right rows matter only beside left rows of the same key.
fn needs_left_keys(join: &Join) -> bool {
    matches!(join.kind, JoinKind::Inner | JoinKind::Left | JoinKind::Semi | JoinKind::Anti | JoinKind::AsOf)
        && !join.expect.is_some_and(Expect::right_once)
}

/// Whether neither a plan nor what is gathered for it has another place in the query.
fn is_used_once(whole: &Plan, part: &Plan) -> bool {
    let is_below = |input: &&Plan| !matches!(input, Plan::Scan(_));
    uses(whole, part) < 2 && part.inputs().into_iter().filter(is_below).all(|input| is_used_once(whole, input))
}

/// How often a plan is part of another one.
fn uses(whole: &Plan, part: &Plan) -> usize {
    usize::from(whole == part) + whole.inputs().into_iter().map(|input| uses(input, part)).sum::<usize>()
}

/// Whether the scan of the left side leaves out what has no key of the right side.
fn asks_for_keys(join: &Join, catalog: &dyn Catalog) -> Result<bool> {
    let key = join.keys.first().map(|pair| pair.left.as_str());
    Ok(matches!(join.kind, JoinKind::Inner | JoinKind::Semi) && can_ask(&join.left, key, catalog)?)
}

/// Whether the scan of the right side leaves out what has no key of a small left side.
fn is_asked_for_keys(join: &Join, catalog: &dyn Catalog) -> Result<bool> {
    let key = join.keys.first().map(|pair| pair.right.as_str());
    let can_be = join.kind != JoinKind::AsOf && !join.expect.is_some_and(Expect::left_once);
    if !can_be || !can_ask(&join.right, key, catalog)? {
        return Ok(false);
    }
    let known = rows_max(&join.left, catalog)?.zip(rows_max(&join.right, catalog)?);
    Ok(known.is_some_and(|(left, right)| left * SMALLER <= right))
}

/// Whether a plan is a scan of a file whose parts say which keys they may have, and it has no filter so far.
fn can_ask(plan: &Plan, key: Option<&str>, catalog: &dyn Catalog) -> Result<bool> {
    let (Plan::Scan(scan), Some(key)) = (plan, key) else { return Ok(false) };
    // Of other values parts are not told apart by the keys of a table, but by a condition.
    let is_int = scan.all_columns(catalog)?.field_with_name(key).is_ok_and(|field| field.data_type().is_integer());
    Ok(is_int && scan.filter.is_none() && scan.limit.is_none() && catalog.has_ranges(&scan.input, key))
}

/// The most rows that a plan gives, about, whatever its conditions.
fn rows_max(plan: &Plan, catalog: &dyn Catalog) -> Result<Option<f64>> {
    if plan.sources().into_iter().any(|input| !catalog.has_figures(input)) {
        return Ok(None);
    }
    let of_inputs = || plan.inputs().into_iter().map(|input| rows_max(input, catalog)).collect::<Result<Option<Vec<f64>>>>();
    Ok(match plan {
        Plan::Scan(scan) => Some(catalog.figures(&scan.input)?.rows),
        Plan::Limit(limit) => of_inputs()?.map(|rows| rows.iter().sum::<f64>().min(limit.count as f64)),
        Plan::Tail(tail) => of_inputs()?.map(|rows| rows.iter().sum::<f64>().min(tail.count as f64)),
        Plan::Join(_) => of_inputs()?.map(|rows| rows.into_iter().fold(0.0, f64::max)),
        _ => of_inputs()?.map(|rows| rows.iter().sum()),
    })
}

/// The plan `to` with the conditions of `from` on its keys: pairs of what they are called in `from` and in `to`.
fn with_conditions(mut to: Plan, from: &Plan, pairs: &[(&str, &str)], catalog: &dyn Catalog) -> Result<Plan> {
    let known: Vec<Expr> = conditions(from, catalog)?.into_iter().filter(is_plain).collect();
    if known.is_empty() {
        return Ok(to);
    }
    let of_to = to.schema(catalog)?;
    for condition in carried(&known, pairs, from.schema(catalog)?.as_ref(), &of_to) {
        if conditions(&to, catalog)?.contains(&condition) || predicate(&condition, &of_to)?.can_fail() {
            continue;
        }
        let pushed = push(condition, to.clone(), catalog)?;
        if scanned(&pushed) > scanned(&to) {
            to = pushed;
        }
    }
    Ok(to)
}

/// Conditions on keys of one side in terms of the other one: those that mean the same there for every value that equals one here.
fn carried(known: &[Expr], pairs: &[(&str, &str)], of_from: &Schema, of_to: &Schema) -> Vec<Expr> {
    let type_of = |schema: &Schema, name: &str| schema.field_with_name(name).ok().map(|field| field.data_type().clone());
    let is_same = |a: DataType, b: DataType| a == b || is_text(&a) && is_text(&b);
    let named = |name: &str| {
        let alike = |pair: &&(&str, &str)| {
            pair.0 == name && type_of(of_from, pair.0).zip(type_of(of_to, pair.1)).is_some_and(|(a, b)| is_same(a, b))
        };
        pairs.iter().find(alike).map(|(_, to)| Expr::column(*to))
    };
    let other = known.iter().filter_map(|condition| renamed(condition, &named));
    other.filter(|condition| treats_equals_alike(condition, of_to)).collect()
}

/// Conditions that hold for every row of a plan, as far as its filters say.
fn conditions(plan: &Plan, catalog: &dyn Catalog) -> Result<Vec<Expr>> {
    let called = |known: Vec<Expr>, name: &dyn Fn(&str) -> Option<String>| -> Vec<Expr> {
        known.iter().filter_map(|condition| renamed(condition, &|column| name(column).map(Expr::column))).collect()
    };
    Ok(match plan {
        Plan::Scan(scan) => scan.filter.clone().map(parts).unwrap_or_default(),
        Plan::Filter(filter) => {
            let mut known = conditions(&filter.input, catalog)?;
            known.extend(parts(filter.predicate.clone()));
            known
        }
        Plan::Project(project) => called(conditions(&project.input, catalog)?, &|column| {
            project.items.iter().find(|(expr, _)| is_column(expr, column)).map(|(_, name)| name.clone())
        }),
        Plan::Aggregate(aggregate) if !aggregate.with_total => {
            let mut known = conditions(&aggregate.input, catalog)?;
            if !known.is_empty() {
                let schema = aggregate.input.schema(catalog)?;
                known.retain(|condition| treats_equals_alike(condition, &schema));
            }
            called(known, &|column| aggregate.keys.iter().find(|key| is_column(&key.expr, column)).map(|key| key.name.clone()))
        }
        Plan::Join(join) if !join.kind.keeps_right() => {
            let mut known = conditions(&join.left, catalog)?;
            if matches!(join.kind, JoinKind::Inner | JoinKind::Semi) {
                let pairs: Vec<_> = pairs(join).map(|(left, right)| (right, left)).collect();
                let of_right: Vec<Expr> = conditions(&join.right, catalog)?.into_iter().filter(is_plain).collect();
                if !of_right.is_empty() {
                    let (right, left) = (join.right.schema(catalog)?, join.left.schema(catalog)?);
                    known.extend(carried(&of_right, &pairs, &right, &left));
                }
            }
            known
        }
        Plan::Sort(_) | Plan::Mark(_) | Plan::Limit(_) | Plan::Tail(_) | Plan::Dedup(_) | Plan::Top(_) => match plan.inputs()[..] {
            [input] => conditions(input, catalog)?,
            _ => Vec::new(),
        },
        _ => Vec::new(),
    })
}

fn is_column(expr: &Expr, column: &str) -> bool {
    matches!(&expr.node, Node::Column(name) if name == column)
}

/// Conditions of the scans of a plan.
fn scanned(plan: &Plan) -> usize {
    let own = match plan {
        Plan::Scan(scan) => scan.filter.clone().map_or(0, |filter| parts(filter).len()),
        _ => 0,
    };
    own + plan.inputs().into_iter().map(scanned).sum::<usize>()
}

/// Whether a condition compares columns with constants: that takes next to nothing for a row, and most rows may not pass it.
fn is_plain(condition: &Expr) -> bool {
    use BinaryOp::{And, Equal, Greater, GreaterEqual, Less, LessEqual, Or};
    let is_literal = |expr: &Expr| matches!(expr.node, Node::Literal(_));
    let is_column = |expr: &Expr| matches!(expr.node, Node::Column(_));
    match &condition.node {
        Node::Binary { op: And | Or, left, right } => is_plain(left) && is_plain(right),
        Node::Binary { op: Equal | Less | LessEqual | Greater | GreaterEqual, left, right } => {
            is_column(left) && is_literal(right) || is_literal(left) && is_column(right)
        }
        Node::In { operand, list, negated: false } => is_column(operand) && list.iter().all(is_literal),
        Node::Between { operand, low, high, negated: false } => is_column(operand) && is_literal(low) && is_literal(high),
        _ => false,
    }
}
