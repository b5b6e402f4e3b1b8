//! Groups the left side of joins before they are joined, where that leaves few rows: `join users on id | groupby country sum amount` adds
//! up the amounts of each `id` first, looks each `id` up once, and adds up what it has found.
//!
//! Eager aggregation: Yan and Larson, "Performing group-by before join" (1994) and "Eager aggregation and lazy aggregation" (1995). The
//! rows of a group of the left side that agree on all left keys, and on the left columns that are grouped by, have the same matches. The
//! states of their aggregates stand for them: what matches several rows is merged several times, as its rows would have been counted. So
//! nothing need be known of the right side, and the answer has the same bits, as states are exact and merged in any order.
//!
//! * **Aggregates**: all of the left side, with states that fit into a column, that do not look at the order of rows. Results that do not
//!   fit their type are found where they were: states have room for all of them.
//! * **Joins**: inner, left, semi, anti and cross ones that do not check left keys.
//! * **Errors**: nothing that can fail for a row, on either side.
//! * **Gain**: rows are grouped where the figures promise several rows for a group, and less work than without. A scan that a join would
//!   read slice by slice stays as it is, since that holds little in memory.

use arrow::datatypes::{DataType, Schema};
use frame_core::Result;
use frame_expr::{AggregateCall, Expr, Node, Step, bind};

use super::drop_sorts::{any_can_fail, is_order_free};
use super::order_joins::{can_fail, is_text};
use super::push_filters::renamed;
use crate::estimate::{self, Matches, Rows};
use crate::{Aggregate, Catalog, Expect, Join, JoinKind, KeyItem, KeyPair, Plan, Project, Remark};

/// Rows that a group has at least, on average.
const ROWS_OF_GROUP: f64 = 4.0;
/// The part of the work that is left at most.
const GAIN: f64 = 0.7;
/// Work for a row that is grouped: a look for its group in a table that the caches hold, and as much for a state. A text that is far
/// away takes so many looks, as it is compared.
const GROUP: f64 = 1.0;
const TEXT: f64 = 8.0;
/// Work for a row that is joined: a look, and making a row of what was found. Neighbours do not wait for each other, as states do.
const LOOK: f64 = 0.25;
const ROW: f64 = 0.5;
/// A table of so many rows is in the caches; a look into one twice as large takes so much longer.
const NEAR_ROWS: f64 = 32_768.0;
/// A right side of so many rows may be joined slice by slice; what comes out of a join with so many rows for one is more than that spares.
const SLICED_ROWS: f64 = 262_144.0;
const SLICED_TIMES: f64 = 2.0;

pub(super) fn apply(plan: Plan, catalog: &dyn Catalog) -> Result<Plan> {
    let plan = plan.map_inputs(&mut |input| apply(input, catalog))?;
    let Plan::Aggregate(aggregate) = &plan else { return Ok(plan) };
    let Some(flat) = flat(aggregate, catalog)? else { return Ok(plan) };
    let joins = joins(&flat.input);
    if joins.is_empty() || !is_legal(&flat, &joins, catalog)? {
        return Ok(plan);
    }
    let Some(cuts) = cuts(&flat, &joins, catalog)? else { return Ok(plan) };
    match best(&flat, &joins, &cuts, catalog)? {
        Some(cut) => grouped_first(&flat, &joins, cut, catalog),
        None => Ok(plan),
    }
}

/// The aggregate in terms of the joins below it: without the projections and remarks between them. `None` if they are more than that.
fn flat(aggregate: &Aggregate, catalog: &dyn Catalog) -> Result<Option<Aggregate>> {
    let mut flat = aggregate.clone();
    loop {
        let input = match *flat.input {
            Plan::Join(_) => return Ok(Some(flat)),
            Plan::Mark(mark) if mark.remark == Remark::Unordered => mark.input,
            Plan::Project(project) if !any_can_fail(project.items.iter().map(|(expr, _)| expr), &project.input, catalog)? => {
                let exprs = flat.keys.iter_mut().map(|key| &mut key.expr);
                for expr in exprs.chain(flat.aggregates.iter_mut().flat_map(AggregateCall::expressions_mut)) {
                    let Some(below) = through(expr, &project) else { return Ok(None) };
                    *expr = below;
                }
                project.input
            }
            _ => return Ok(None),
        };
        flat.input = input;
    }
}

/// An expression in terms of a projection's input.
fn through(expr: &Expr, project: &Project) -> Option<Expr> {
    renamed(expr, &|name| project.items.iter().find(|(_, output)| output == name).map(|(expr, _)| expr.clone()))
}

/// The joins behind each other that a plan ends in and that a group of left rows may go through as one, the last of them first.
fn joins(plan: &Plan) -> Vec<&Join> {
    use JoinKind::{Anti, Cross, Inner, Left, Semi};
    let mut joins = Vec::new();
    let mut plan = plan;
    while let Plan::Join(join) = plan
        && matches!(join.kind, Inner | Left | Semi | Anti | Cross)
        && join.as_of.is_none()
        && !join.expect.is_some_and(Expect::left_once)
    {
        joins.push(join);
        plan = &join.left;
    }
    joins
}

/// Whether the aggregates have states that fit into a column, and nothing can fail on the way to them.
fn is_legal(aggregate: &Aggregate, joins: &[&Join], catalog: &dyn Catalog) -> Result<bool> {
    if !is_order_free(aggregate, catalog)? {
        return Ok(false);
    }
    let schema = aggregate.input.schema(catalog)?;
    for call in &aggregate.aggregates {
        if call.step != Step::Whole || !call.bind(&schema)?.aggregate.has_states() {
            return Ok(false);
        }
    }
    let base = joins.last().map(|join| &*join.left);
    let inputs = joins.iter().map(|join| &*join.right).chain(base);
    Ok(!inputs.map(|input| can_fail(input, catalog)).collect::<Result<Vec<_>>>()?.contains(&true))
}

/// A place where rows may be grouped: on the left side of a join.
struct Cut {
    /// How many joins are behind it.
    joins: usize,
    /// What is grouped by there: the keys of these joins, and what the aggregate groups by.
    keys: Vec<Expr>,
}

/// The places where rows may be grouped; `None` if there is none.
fn cuts(aggregate: &Aggregate, joins: &[&Join], catalog: &dyn Catalog) -> Result<Option<Vec<Cut>>> {
    let mut cuts = Vec::new();
    for (at, join) in joins.iter().enumerate() {
        let left = join.left.schema(catalog)?;
        if !aggregate.aggregates.iter().flat_map(AggregateCall::expressions).all(|expr| side(expr, &left) != Side::Other) {
            break;
        }
        if aggregate.keys.iter().any(|key| side(&key.expr, &left) == Side::Other && reads_any(&key.expr, &left)) {
            continue;
        }
        let pairs = joins[..=at].iter().flat_map(|join| &join.keys).map(|pair| pair.left.as_str());
        let mut keys: Vec<Expr> = Vec::new();
        let of_joins = pairs.filter(|name| left.field_with_name(name).is_ok()).map(Expr::column);
        let of_groups = aggregate.keys.iter().map(|key| key.expr.clone()).filter(|expr| side(expr, &left) == Side::Left);
        for key in of_joins.chain(of_groups) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        // Without keys there is a group where there is no row.
        if !keys.is_empty() {
            cuts.push(Cut { joins: at + 1, keys });
        }
    }
    Ok((!cuts.is_empty()).then_some(cuts))
}

/// Of which columns an expression is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Of none.
    Constant,
    /// Of columns of the left side alone.
    Left,
    /// Of others as well.
    Other,
}

fn side(expr: &Expr, left: &Schema) -> Side {
    let mut names = Vec::new();
    expr.collect_columns(&mut names);
    match names.iter().all(|name| left.field_with_name(name).is_ok()) {
        _ if names.is_empty() => Side::Constant,
        true => Side::Left,
        false => Side::Other,
    }
}

fn reads_any(expr: &Expr, left: &Schema) -> bool {
    let mut names = Vec::new();
    expr.collect_columns(&mut names);
    names.iter().any(|name| left.field_with_name(name).is_ok())
}

/// The rows in front of a join, what becomes of one of them and the work for that, and how many rows there are on the other side.
struct Passed {
    rows: Rows,
    times: f64,
    cost: f64,
    right_rows: f64,
}

/// The place that promises the least work, if that is worth it.
fn best<'a>(aggregate: &Aggregate, joins: &[&Join], cuts: &'a [Cut], catalog: &dyn Catalog) -> Result<Option<&'a Cut>> {
    if aggregate.input.sources().into_iter().any(|input| !catalog.has_figures(input)) {
        return Ok(None);
    }
    let Some((passed, out)) = passed(joins, catalog)? else { return Ok(None) };
    let keys: Vec<Expr> = aggregate.keys.iter().map(|key| key.expr.clone()).collect();
    let grouped = grouping(&keys, aggregate.aggregates.len(), &out, aggregate.input.schema(catalog)?.as_ref())?;
    // Work for the joins, of which those in front of a cut have all rows, and for the groups behind them.
    let work = |joins: usize, part: f64| {
        let of_joins = |passed: &[Passed]| passed.iter().map(|passed| passed.rows.rows * passed.cost).sum::<f64>();
        of_joins(&passed[joins..]) + part * (of_joins(&passed[..joins]) + out.rows * grouped)
    };
    let whole = work(0, 1.0);
    let mut best: Option<(&Cut, f64)> = None;
    for cut in cuts {
        let rows = &passed[cut.joins - 1].rows;
        let groups = rows.groups(&cut.keys);
        if !is_known(&cut.keys, rows)
            || groups * ROWS_OF_GROUP > rows.rows
            || is_sliced(joins[cut.joins - 1], &passed[cut.joins - 1], catalog)
        {
            continue;
        }
        let schema = joins[cut.joins - 1].left.schema(catalog)?;
        let of_row = grouping(&cut.keys, aggregate.aggregates.len(), rows, &schema)?;
        let cost = rows.rows * of_row + work(cut.joins, groups / rows.rows);
        if cost < best.map_or(GAIN * whole, |(_, cost)| cost) {
            best = Some((cut, cost));
        }
    }
    Ok(best.map(|(cut, _)| cut))
}

/// The rows in front of each join, and behind the first one of them; `None` if too little is known.
fn passed(joins: &[&Join], catalog: &dyn Catalog) -> Result<Option<(Vec<Passed>, Rows)>> {
    let Some(base) = joins.last() else { return Ok(None) };
    let mut rows = estimate::rows(&base.left, catalog)?;
    let mut passed = Vec::with_capacity(joins.len());
    for join in joins.iter().rev() {
        let right = estimate::rows(&join.right, catalog)?;
        let right_rows = right.rows;
        let keys = |of: fn(&KeyPair) -> &String| join.keys.iter().map(|pair| Expr::column(of(pair))).collect::<Vec<_>>();
        if !is_known(&keys(|pair| &pair.left), &rows) || !is_known(&keys(|pair| &pair.right), &right) {
            return Ok(None);
        }
        let times = Matches::new(&join.keys, &rows, &right).times(join.kind);
        let made = if join.kind.is_filter() { 0.0 } else { ROW * times };
        let cost = LOOK * far(right_rows) + made;
        let mut behind = rows.clone().part(times);
        behind.rows = rows.rows * times;
        if !join.kind.is_filter() {
            let left = join.left.schema(catalog)?;
            behind.columns.extend(right.columns.into_iter().map(|mut column| {
                column.name = join.output(&column.name, &left);
                column
            }));
        }
        passed.push(Passed { rows: std::mem::replace(&mut rows, behind), times, cost, right_rows });
    }
    passed.reverse();
    Ok(Some((passed, rows)))
}

/// Work for a row that is grouped by these keys, with so many states.
fn grouping(keys: &[Expr], states: usize, rows: &Rows, schema: &Schema) -> Result<f64> {
    let far = far(rows.groups(keys));
    let mut texts = 0.0;
    for key in keys {
        texts += if is_text(bind(key, schema)?.data_type()) { 1.0 } else { 0.0 };
    }
    Ok(GROUP * far * (1.0 + states as f64) + TEXT * texts * (far - 1.0))
}

/// How many times as long a look takes into a table of so many rows as into one that is near.
fn far(rows: f64) -> f64 {
    1.0 + (1.0 + rows / NEAR_ROWS).log2()
}

/// Whether it is known of each column of some expressions how many different values it has.
fn is_known(exprs: &[Expr], rows: &Rows) -> bool {
    let mut names = Vec::new();
    exprs.iter().for_each(|expr| expr.collect_columns(&mut names));
    names.iter().all(|name| rows.find(name).is_some_and(|column| column.distinct.is_some()))
}

/// Whether both sides of a join may be read slice by slice.
fn is_sliced(join: &Join, passed: &Passed, catalog: &dyn Catalog) -> bool {
    let (Plan::Scan(left), Plan::Scan(right)) = (&*join.left, &*join.right) else { return false };
    let is_ranged = |pair: &KeyPair| catalog.has_ranges(&left.input, &pair.left) && catalog.has_ranges(&right.input, &pair.right);
    passed.right_rows > SLICED_ROWS && passed.times < SLICED_TIMES && join.keys.iter().any(is_ranged)
}

/// The plan with rows grouped where a cut is, and groups joined.
fn grouped_first(aggregate: &Aggregate, joins: &[&Join], cut: &Cut, catalog: &dyn Catalog) -> Result<Plan> {
    let joins = &joins[..cut.joins];
    let Some(first) = joins.last() else { return Ok(Plan::Aggregate(aggregate.clone())) };
    let left = first.left.schema(catalog)?;
    let mut taken: Vec<String> = aggregate.input.schema(catalog)?.fields().iter().map(|field| field.name().clone()).collect();
    let mut free = |mut name: String| {
        while taken.contains(&name) {
            name.push('\'');
        }
        taken.push(name.clone());
        name
    };
    let key = |expr: &Expr| match &expr.node {
        Node::Column(name) => KeyItem { expr: expr.clone(), name: name.clone() },
        _ => KeyItem { expr: expr.clone(), name: free(expr.to_string()) },
    };
    let keys: Vec<KeyItem> = cut.keys.iter().map(key).collect();
    let (mut states, mut merged) = (Vec::new(), Vec::new());
    for call in &aggregate.aggregates {
        let types = call.arguments.iter().map(|argument| Ok(bind(argument, &left)?.data_type().clone()));
        let of_states = AggregateCall { name: free(call.to_string()), step: Step::States, ..call.clone() };
        merged.push(AggregateCall {
            step: Step::Merged(types.collect::<Result<Vec<DataType>>>()?),
            arguments: vec![Expr::column(&of_states.name)],
            filter: None,
            ..call.clone()
        });
        states.push(of_states);
    }
    let behind = |item: &KeyItem| match keys.iter().find(|key| key.expr == item.expr) {
        Some(key) => KeyItem { expr: Expr::column(&key.name).at(item.expr.span), name: item.name.clone() },
        None => item.clone(),
    };
    let merged_keys = aggregate.keys.iter().map(behind).collect();
    let mut plan = Plan::Aggregate(Aggregate { input: first.left.clone(), keys, aggregates: states, with_total: false });
    for join in joins.iter().rev() {
        // Names that were told apart from columns that are gone stay as they are.
        let prefixed = Some(join.collisions(join.left.schema(catalog)?.as_ref(), join.right.schema(catalog)?.as_ref()));
        plan = Plan::Join(Join { left: Box::new(plan), prefixed, ..(*join).clone() });
    }
    Ok(Plan::Aggregate(Aggregate { input: Box::new(plan), keys: merged_keys, aggregates: merged, with_total: aggregate.with_total }))
}
