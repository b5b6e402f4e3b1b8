//! Plans: each operator makes rows of the rows of its input.

use std::cmp::Ordering;

use frame_core::Scalar;
use frame_expr::{AggregateCall, Expr, SortKey};
use frame_plan::{Aggregate, Complete, Dedup, Plan, Remark, Top, Union, Unpivot};

use super::expressions::{evaluate, place};
use super::{Columns, Failure, Kind, Result, aggregates, expressions, joins, order, windows};

/// A table of the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// Names and kinds.
    pub columns: Columns,
    /// The values of each row.
    pub rows: Vec<Vec<Scalar>>,
}

/// The rows of each group and its keys.
pub(super) type Groups<'a> = Vec<(Vec<Scalar>, Vec<&'a Vec<Scalar>>)>;

/// The answer of a plan whose scans all read `table`.
///
/// # Errors
/// An arithmetic failure in any row, whether or not a later operator drops it; what the model does not know.
pub fn answer(plan: &Plan, table: &Rows) -> Result<Rows> {
    let columns = columns(plan, &table.columns)?;
    let mut inputs = plan.inputs().into_iter().map(|input| answer(input, table)).collect::<Result<Vec<_>>>()?;
    if let Plan::Union(union) = plan {
        return unite(union, columns, inputs);
    }
    if let (Plan::Join(join), [left, right]) = (plan, inputs.as_slice()) {
        return Ok(Rows { rows: joins::rows(join, &columns, left, right)?, columns });
    }
    let Some(Rows { columns: known, rows }) = inputs.pop() else { return Ok(table.clone()) };
    let rows = match plan {
        Plan::Filter(filter) => {
            let mut kept = Vec::new();
            for row in rows {
                if evaluate(&filter.predicate, &known, &row)? == Scalar::Bool(true) {
                    kept.push(row);
                }
            }
            kept
        }
        Plan::Project(project) => {
            let of_row = |row: &Vec<Scalar>| project.items.iter().map(|(expr, _)| evaluate(expr, &known, row)).collect();
            rows.iter().map(of_row).collect::<Result<_>>()?
        }
        Plan::Aggregate(aggregate) => grouped(aggregate, &known, &rows)?,
        Plan::Sort(sort) => sorted(&sort.keys, &known, rows)?,
        Plan::Limit(limit) => rows.into_iter().skip(limit.offset as usize).take(limit.count as usize).collect(),
        Plan::Tail(tail) => {
            let dropped = rows.len().saturating_sub(tail.count as usize);
            rows.into_iter().skip(dropped).collect()
        }
        Plan::Top(top) => best(top, &known, &rows)?,
        Plan::Dedup(dedup) => deduplicated(dedup, &known, &rows)?,
        Plan::Unpivot(unpivot) => unpivoted(unpivot, &known, &columns, &rows),
        Plan::Complete(complete) => completed(complete, &known, &columns, &rows)?,
        Plan::Window(window) => windows::windowed(window, &known, rows)?,
        Plan::Mark(_) => rows,
        Plan::Scan(_)
        | Plan::Sample(_)
        | Plan::Union(_)
        | Plan::Join(_)
        | Plan::Fill(_)
        | Plan::Reject(_)
        | Plan::Write(_)
        | Plan::Explode(_)
        | Plan::Gaps(_) => {
            return Err(Failure::Unknown(plan.explain()));
        }
    };
    Ok(Rows { columns, rows })
}

/// The columns of a plan whose scans all have the columns `table`.
///
/// # Errors
/// What the model does not know.
pub fn columns(plan: &Plan, table: &Columns) -> Result<Columns> {
    let inputs = plan.inputs().into_iter().map(|input| columns(input, table)).collect::<Result<Vec<_>>>()?;
    let known = inputs.first().unwrap_or(table);
    match plan {
        Plan::Project(project) => project.items.iter().map(|(expr, name)| Ok((name.clone(), expressions::kind(expr, known)?))).collect(),
        Plan::Aggregate(aggregate) => {
            let keys = aggregate.keys.iter().map(|key| Ok((key.name.clone(), expressions::kind(&key.expr, known)?)));
            let calls = aggregate.aggregates.iter().map(|call| Ok((call.name.clone(), aggregate_kind(call, known)?)));
            keys.chain(calls).collect()
        }
        Plan::Union(union) => united(union, &inputs),
        Plan::Window(window) => {
            let added = window.items.iter().map(|item| Ok((item.name.clone(), windows::kind(item, known)?)));
            known.iter().cloned().map(Ok).chain(added).collect()
        }
        Plan::Unpivot(unpivot) => {
            let (turned, mut columns): (Columns, Columns) = known.iter().cloned().partition(|(name, _)| unpivot.columns.contains(name));
            let kind = turned.iter().try_fold(Kind::Null, |kind, (_, other)| kind.common(*other))?;
            columns.extend([(unpivot.name.clone(), Kind::Text), (unpivot.value.clone(), kind)]);
            Ok(columns)
        }
        Plan::Complete(complete) => {
            let Some(value) = &complete.value else { return Ok(known.clone()) };
            let kind = expressions::kind(value, known)?;
            let column = |(name, own): &(String, Kind)| match complete.keys.contains(name) {
                true => Ok((name.clone(), *own)),
                false => Ok((name.clone(), own.common(kind)?)),
            };
            known.iter().map(column).collect()
        }
        Plan::Join(join) => match inputs.as_slice() {
            [left, right] => joins::columns(join, left, right),
            _ => Err(Failure::Unknown(plan.explain())),
        },
        Plan::Scan(scan) if scan.columns.is_some() || scan.filter.is_some() || scan.limit.is_some() => {
            Err(Failure::Unknown("a plan that has been optimized".to_owned()))
        }
        Plan::Sample(_) | Plan::Fill(_) | Plan::Reject(_) | Plan::Write(_) | Plan::Explode(_) | Plan::Gaps(_) => {
            Err(Failure::Unknown(plan.explain()))
        }
        Plan::Mark(mark) if mark.remark == Remark::Unordered => Err(Failure::Unknown(plan.explain())),
        _ => Ok(known.clone()),
    }
}

/// The kind of an aggregate's result.
///
/// # Errors
/// An aggregate that the model does not know.
pub fn aggregate_kind(call: &AggregateCall, columns: &Columns) -> Result<Kind> {
    aggregates::kind(call, columns)
}

fn united(union: &Union, inputs: &[Columns]) -> Result<Columns> {
    let mut columns: Columns = Vec::new();
    for input in inputs {
        for (at, (name, kind)) in input.iter().enumerate() {
            let known =
                columns.iter_mut().enumerate().find(|(place, (known, _))| if union.by_position { *place == at } else { known == name });
            match known {
                Some((_, (_, known))) => *known = known.common(*kind)?,
                None => columns.push((name.clone(), *kind)),
            }
        }
    }
    Ok(columns)
}

fn unite(union: &Union, columns: Columns, inputs: Vec<Rows>) -> Result<Rows> {
    let mut rows = Vec::new();
    for input in inputs {
        for row in input.rows {
            let value = |(at, (name, kind)): (usize, &(String, Kind))| {
                let from = if union.by_position { Some(at) } else { place(name, &input.columns).ok() };
                kind.hold(from.map_or(Scalar::Null, |from| row[from].clone()))
            };
            rows.push(columns.iter().enumerate().map(value).collect());
        }
    }
    Ok(Rows { columns, rows })
}

/// The order of two rows of keys.
pub(super) fn by_keys(keys: &[SortKey], a: &[Scalar], b: &[Scalar]) -> Result<Ordering> {
    for ((key, a), b) in keys.iter().zip(a).zip(b) {
        let order = order::sorted(a, b, key.descending, key.nulls_first)?;
        if order != Ordering::Equal {
            return Ok(order);
        }
    }
    Ok(Ordering::Equal)
}

pub(super) fn values<'a>(exprs: impl IntoIterator<Item = &'a Expr>, columns: &Columns, row: &[Scalar]) -> Result<Vec<Scalar>> {
    exprs.into_iter().map(|expr| evaluate(expr, columns, row)).collect()
}

pub(super) fn sorted(keys: &[SortKey], columns: &Columns, rows: Vec<Vec<Scalar>>) -> Result<Vec<Vec<Scalar>>> {
    let with_keys = |row: Vec<Scalar>| Ok((values(keys.iter().map(|key| &key.expr), columns, &row)?, row));
    let mut pairs = rows.into_iter().map(with_keys).collect::<Result<Vec<_>>>()?;
    order::sort(&mut pairs, |(a, _), (b, _)| by_keys(keys, a, b))?;
    Ok(pairs.into_iter().map(|(_, row)| row).collect())
}

/// The rows of each group, in their order; the groups sorted by key, nulls last.
pub(super) fn groups<'a>(keys: &[Expr], columns: &Columns, rows: &'a [Vec<Scalar>]) -> Result<Groups<'a>> {
    let ascending: Vec<SortKey> = keys.iter().cloned().map(SortKey::from).collect();
    let mut pairs = Vec::new();
    for row in rows {
        let keys: Vec<Scalar> = values(keys, columns, row)?.into_iter().map(order::key).collect();
        pairs.push((keys, row));
    }
    order::sort(&mut pairs, |(a, _), (b, _)| by_keys(&ascending, a, b))?;
    let mut groups: Groups = Vec::new();
    for (keys, row) in pairs {
        match groups.last_mut() {
            Some((last, rows)) if by_keys(&ascending, last, &keys)? == Ordering::Equal => rows.push(row),
            _ => groups.push((keys, vec![row])),
        }
    }
    Ok(groups)
}

fn grouped(aggregate: &Aggregate, columns: &Columns, rows: &[Vec<Scalar>]) -> Result<Vec<Vec<Scalar>>> {
    let keys: Vec<Expr> = aggregate.keys.iter().map(|key| key.expr.clone()).collect();
    let mut groups = groups(&keys, columns, rows)?;
    if keys.is_empty() && groups.is_empty() {
        groups.push((Vec::new(), Vec::new()));
    }
    if aggregate.with_total {
        groups.push((vec![Scalar::Null; keys.len()], rows.iter().collect()));
    }
    let mut result = Vec::new();
    for (mut row, members) in groups {
        for call in &aggregate.aggregates {
            row.push(aggregates::value(call, columns, &members)?);
        }
        result.push(row);
    }
    Ok(result)
}

fn best(top: &Top, columns: &Columns, rows: &[Vec<Scalar>]) -> Result<Vec<Vec<Scalar>>> {
    let mut result = Vec::new();
    for (_, members) in groups(&top.per, columns, rows)? {
        let members = sorted(&top.order, columns, members.into_iter().cloned().collect())?;
        let keys = |row: &Vec<Scalar>| values(top.order.iter().map(|key| &key.expr), columns, row);
        let last = members.len().min(top.count as usize).checked_sub(1).map(|last| keys(&members[last])).transpose()?;
        for (at, row) in members.into_iter().enumerate() {
            let is_tie = match &last {
                Some(last) if top.with_ties => by_keys(&top.order, last, &keys(&row)?)? == Ordering::Equal,
                _ => false,
            };
            if (at as u64) < top.count || is_tie {
                result.push(row);
            }
        }
    }
    Ok(result)
}

fn deduplicated(dedup: &Dedup, columns: &Columns, rows: &[Vec<Scalar>]) -> Result<Vec<Vec<Scalar>>> {
    // One more value behind the others says where each row stands.
    let numbered: Vec<Vec<Scalar>> =
        rows.iter().enumerate().map(|(at, row)| row.iter().cloned().chain([Scalar::Int(at as i64)]).collect()).collect();
    let by: Vec<Expr> = dedup.by.iter().map(Expr::column).collect();
    let mut kept = Vec::new();
    for (_, mut members) in groups(&by, columns, &numbered)? {
        if dedup.keep_last {
            members.reverse();
        }
        let members = sorted(&dedup.order, columns, members.into_iter().cloned().collect())?;
        kept.extend(members.into_iter().next().and_then(|mut row| row.pop()));
    }
    order::sort(&mut kept, order::compare)?;
    let place = |place: &Scalar| if let Scalar::Int(place) = place { rows.get(*place as usize).cloned() } else { None };
    Ok(kept.iter().filter_map(place).collect())
}

fn unpivoted(unpivot: &Unpivot, known: &Columns, columns: &Columns, rows: &[Vec<Scalar>]) -> Vec<Vec<Scalar>> {
    let is_turned = |at: &usize| unpivot.columns.contains(&known[*at].0);
    let kind = columns.last().map_or(Kind::Null, |(_, kind)| *kind);
    let mut result = Vec::new();
    for row in rows {
        for turned in (0..row.len()).filter(is_turned) {
            let mut new: Vec<Scalar> = (0..row.len()).filter(|at| !is_turned(at)).map(|at| row[at].clone()).collect();
            new.extend([Scalar::Text(known[turned].0.clone()), kind.hold(row[turned].clone())]);
            result.push(new);
        }
    }
    result
}

fn completed(complete: &Complete, known: &Columns, columns: &Columns, rows: &[Vec<Scalar>]) -> Result<Vec<Vec<Scalar>>> {
    let keys: Vec<Expr> = complete.keys.iter().map(Expr::column).collect();
    let present = groups(&keys, known, rows)?;
    // Every combination, the last key changing fastest.
    let mut combinations = vec![Vec::new()];
    for key in &keys {
        let values = groups(std::slice::from_ref(key), known, rows)?;
        let with = |before: &Vec<Scalar>| values.iter().map(|(value, _)| [before.clone(), value.clone()].concat()).collect::<Vec<_>>();
        combinations = combinations.iter().flat_map(with).collect();
    }
    let ascending: Vec<SortKey> = keys.iter().cloned().map(SortKey::from).collect();
    let mut result = Vec::new();
    for combination in combinations {
        let mut found = None;
        for (keys, members) in &present {
            if by_keys(&ascending, keys, &combination)? == Ordering::Equal {
                found = Some(members);
            }
        }
        if let Some(members) = found {
            let held = |row: &&Vec<Scalar>| row.iter().zip(columns).map(|(value, (_, kind))| kind.hold(value.clone())).collect();
            result.extend(members.iter().map(held));
            continue;
        }
        let mut row = vec![Scalar::Null; known.len()];
        for (name, key) in complete.keys.iter().zip(combination) {
            row[place(name, known)?] = key;
        }
        if let Some(value) = &complete.value {
            let value = evaluate(value, known, &row)?;
            for (at, (_, kind)) in columns.iter().enumerate().filter(|(_, (name, _))| !complete.keys.contains(name)) {
                row[at] = kind.hold(value.clone());
            }
        }
        result.push(row);
    }
    Ok(result)
}
