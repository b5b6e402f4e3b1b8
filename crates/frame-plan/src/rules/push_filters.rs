//! Moves filters towards the scan, so that rows are dropped before anything is computed for them.
//!
//! A filter moves past a projection whose columns it reads unchanged, past a sort, into every input of a union, into the side of a join
//! whose columns it reads unless rows of that side come out beside nulls, and past a grouping if it reads only keys. It never moves past
//! what keeps rows by their place or number, nor past an expression that can fail for a row that the filter would drop, nor past a sum
//! that may be too large for its type: that of a group which the filter drops is an error all the same. Filters that meet are joined by
//! `and`, in the order in which they ran.

use arrow::datatypes::{DataType, Schema};
use frame_core::{Result, Spot};
use frame_expr::{AggregateCall, BinaryOp, Expr, Node, UnaryOp, bind, fold, predicate};

use super::drop_sorts::any_can_fail;
use crate::{Aggregate, Catalog, Expect, Filter, Join, JoinColumn, JoinKind, Plan, Project, Union};

pub(super) fn apply(plan: Plan, catalog: &dyn Catalog) -> Result<Plan> {
    match plan.map_inputs(&mut |input| apply(input, catalog))? {
        Plan::Filter(filter) => push(filter.predicate, *filter.input, catalog),
        other => Ok(other),
    }
}

/// Puts a filter on `input` as far down as it may go.
pub(super) fn push(condition: Expr, input: Plan, catalog: &dyn Catalog) -> Result<Plan> {
    // A filter that can fail must see exactly the rows that it would have seen.
    let can_fail = predicate(&condition, input.schema(catalog)?.as_ref())?.can_fail();
    match input {
        // Lines are counted behind the scan's filter.
        Plan::Scan(scan) if [Spot::Line, Spot::Byte].iter().any(|spot| scan.spots.contains(spot) && names(&condition, spot.name())) => {
            Ok(filtered(Plan::Scan(scan), condition))
        }
        Plan::Scan(mut scan) if scan.limit.is_none() => {
            scan.filter = Some(match scan.filter.take() {
                None => condition,
                Some(earlier) if !can_fail => Expr::binary(BinaryOp::And, earlier, condition),
                Some(earlier) => {
                    scan.filter = Some(earlier);
                    return Ok(filtered(Plan::Scan(scan), condition));
                }
            });
            Ok(Plan::Scan(scan))
        }
        Plan::Project(project) => match through(&condition, &project) {
            Some(below) if !can_fail && !computes(&project) => {
                let input = Box::new(push(below, *project.input, catalog)?);
                Ok(Plan::Project(Project { input, items: project.items }))
            }
            _ => Ok(filtered(Plan::Project(project), condition)),
        },
        Plan::Sort(mut sort) if !can_fail && !any_can_fail(sort.keys.iter().map(|key| &key.expr), &sort.input, catalog)? => {
            sort.input = Box::new(push(condition, *sort.input, catalog)?);
            Ok(Plan::Sort(sort))
        }
        Plan::Mark(mut mark) if !can_fail => {
            mark.input = Box::new(push(condition, *mark.input, catalog)?);
            Ok(Plan::Mark(mark))
        }
        // Every input has the columns of the condition, of the same types.
        Plan::Union(union) if !can_fail && is_meant_alike(&condition, &union, catalog)? => {
            Plan::Union(union).map_inputs(&mut |input| push(condition.clone(), input, catalog))
        }
        Plan::Join(join) if !can_fail => into_sides(condition, join, catalog),
        Plan::Aggregate(mut aggregate) if !can_fail => match keyed(&condition, &aggregate, catalog)? {
            Some(below) => {
                aggregate.input = Box::new(push(below, *aggregate.input, catalog)?);
                Ok(Plan::Aggregate(aggregate))
            }
            None => Ok(filtered(Plan::Aggregate(aggregate), condition)),
        },
        other => Ok(filtered(other, condition)),
    }
}

/// Puts each part of a filter on the side of a join that it is about, if that changes nothing else.
fn into_sides(condition: Expr, mut join: Join, catalog: &dyn Catalog) -> Result<Plan> {
    use JoinKind::{Anti, AsOf, Cross, Inner, Left, Right, Semi};
    let (of_left, of_right) = (join.left.schema(catalog)?, join.right.schema(catalog)?);
    let (columns, schema) = join.columns(&of_left, &of_right)?;
    // A filter must not hide a key that is there twice.
    let is_left_free = matches!(join.kind, Inner | Left | Semi | Anti | Cross | AsOf) && !join.expect.is_some_and(Expect::left_once);
    let is_right_free = matches!(join.kind, Inner | Right | Cross) && !join.expect.is_some_and(Expect::right_once);
    let side = |name: &str| Some(columns[schema.index_of(name).ok()?]);
    let in_left = |name: &str| match side(name)? {
        JoinColumn::Left(place) if is_left_free => Some(Expr::column(of_left.field(place).name())),
        _ => None,
    };
    let in_right = |name: &str| match side(name)? {
        JoinColumn::Right(place) if is_right_free => Some(Expr::column(of_right.field(place).name())),
        _ => None,
    };
    let mut kept: Option<Expr> = None;
    for part in parts(condition) {
        // What reads no column is about neither side.
        let (left, right) = if reads_columns(&part) { (renamed(&part, &in_left), renamed(&part, &in_right)) } else { (None, None) };
        match (left, right) {
            (Some(below), _) => join.left = Box::new(push(below, *join.left, catalog)?),
            (None, Some(below)) => join.right = Box::new(push(below, *join.right, catalog)?),
            (None, None) => {
                kept = Some(match kept {
                    None => part,
                    Some(earlier) => Expr::binary(BinaryOp::And, earlier, part),
                });
            }
        }
    }
    let join = Plan::Join(join);
    Ok(match kept {
        None => join,
        Some(condition) => filtered(join, condition),
    })
}

/// Whether an expression reads this column.
fn names(expr: &Expr, column: &str) -> bool {
    let mut names = Vec::new();
    expr.collect_columns(&mut names);
    names.iter().any(|name| name == column)
}

fn reads_columns(expr: &Expr) -> bool {
    let mut names = Vec::new();
    expr.collect_columns(&mut names);
    !names.is_empty()
}

/// The conditions that are joined by `and`, in their order.
pub(super) fn parts(condition: Expr) -> Vec<Expr> {
    match condition.node {
        Node::Binary { op: BinaryOp::And, left, right } => {
            let mut all = parts(*left);
            all.extend(parts(*right));
            all
        }
        _ => vec![condition],
    }
}

/// Whether a condition means the same in every input of a union as behind it.
fn is_meant_alike(condition: &Expr, union: &Union, catalog: &dyn Catalog) -> Result<bool> {
    let schemas = union.inputs.iter().map(|input| input.schema(catalog)).collect::<Result<Vec<_>>>()?;
    if union.by_position {
        return Ok(schemas.windows(2).all(|pair| pair[0] == pair[1]));
    }
    let mut names = Vec::new();
    condition.collect_columns(&mut names);
    let type_of = |schema: &Schema, name: &String| schema.field_with_name(name).ok().map(|field| field.data_type().clone());
    Ok(names.iter().all(|name| {
        let first = schemas.first().and_then(|schema| type_of(schema, name));
        first.is_some() && schemas.iter().all(|schema| type_of(schema, name) == first)
    }))
}

fn filtered(input: Plan, predicate: Expr) -> Plan {
    Plan::Filter(Filter { input: Box::new(input), predicate })
}

/// Whether a projection does more than pick and rename: what it computes may fail for rows that the filter would drop.
fn computes(project: &Project) -> bool {
    project.items.iter().any(|(expr, _)| !matches!(expr.node, Node::Column(_) | Node::Literal(_)))
}

/// The condition in terms of a projection's input, if every column it reads is one, or is a constant such as the day in a folder's name.
fn through(condition: &Expr, project: &Project) -> Option<Expr> {
    let below = renamed(condition, &|name| {
        let (expr, _) = project.items.iter().find(|(_, output)| output == name)?;
        matches!(expr.node, Node::Column(_) | Node::Literal(_)).then(|| expr.clone())
    });
    below.map(fold)
}

/// The condition in terms of a grouping's input, if every column it reads is a key that is one.
fn keyed(condition: &Expr, aggregate: &Aggregate, catalog: &dyn Catalog) -> Result<Option<Expr>> {
    // A total is over all rows.
    if aggregate.keys.is_empty() || aggregate.with_total {
        return Ok(None);
    }
    let keys = aggregate.keys.iter().map(|key| &key.expr);
    if any_can_fail(keys.chain(aggregate.aggregates.iter().flat_map(AggregateCall::expressions)), &aggregate.input, catalog)? {
        return Ok(None);
    }
    let schema = aggregate.input.schema(catalog)?;
    for call in &aggregate.aggregates {
        if call.bind(&schema)?.aggregate.can_overflow() {
            return Ok(None);
        }
    }
    let below = renamed(condition, &|name| {
        let key = aggregate.keys.iter().find(|key| key.name == name)?;
        matches!(key.expr.node, Node::Column(_)).then(|| key.expr.clone())
    });
    Ok(below.filter(|below| treats_equals_alike(below, &schema)))
}

/// Whether the condition has one value for all values that are one key: -0.0 and 0.0, and every NaN. Comparisons do; a division does not.
pub(super) fn treats_equals_alike(condition: &Expr, schema: &Schema) -> bool {
    let is_exact = |expr: &Expr| {
        let mut names = Vec::new();
        expr.collect_columns(&mut names);
        let types = names.iter().filter_map(|name| schema.field_with_name(name).ok()).map(|field| field.data_type());
        types.into_iter().all(|data_type| !data_type.is_floating() && !data_type.is_nested() && !is_of_floats(data_type))
    };
    // A column as it is, or one converted to be compared.
    let is_plain = |expr: &Expr| is_exact(expr) || matches!(expr.node, Node::Column(_));
    let is_alike = |expr: &Expr| treats_equals_alike(expr, schema);
    match &condition.node {
        _ if is_exact(condition) => true,
        Node::Binary { op: BinaryOp::And | BinaryOp::Or, left, right } => is_alike(left) && is_alike(right),
        Node::Unary { op: UnaryOp::Not, operand } => is_alike(operand),
        Node::Binary { .. } if bind(condition, schema).is_ok_and(|bound| *bound.data_type() != DataType::Boolean) => false,
        Node::Binary { .. } | Node::IsNull { .. } | Node::In { .. } | Node::Between { .. } => {
            condition.children().into_iter().all(is_plain)
        }
        _ => false,
    }
}

fn is_of_floats(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Dictionary(_, values) if values.is_floating())
}

pub(super) fn renamed(expr: &Expr, column: &dyn Fn(&str) -> Option<Expr>) -> Option<Expr> {
    if let Node::Column(name) = &expr.node {
        return column(name);
    }
    let mut expr = expr.clone();
    for child in expr.children_mut() {
        *child = renamed(child, column)?;
    }
    Some(expr)
}
