//! Puts joins that stand behind each other in the order of what they make of the rows: those that drop most of them first, those that
//! make several rows of one last. `a | join b | join c` becomes `a | join c | join b`, and every row is looked up in fewer tables.
//!
//! Each join of a chain does something to each left row on its own, so they can run in any order in which the columns that one of them
//! reads are there; the answer stays the same bit for bit:
//!
//! * **names**: which right columns stand behind the alias is written down before anything moves, so every column keeps its name; where
//!   the places of columns are seen, a projection puts them back;
//! * **order**: joins that give several rows for one stay in their order among each other, unless nobody sees the order of the rows.
//!   Whatever gives one row at most does not change the order of the others;
//! * **errors**: what can fail for a row is no part of a chain, so nothing moves past it; right sides that can fail, and those whose keys
//!   are checked, stay in their order. A join that expects left keys to be there once sees the rows that it saw.
//!
//! Joins stay as they are written where figures are not known, and where the other order promises little. How large and how different
//! the tables are is asked for chains alone that can be in another order; a single join reads nothing more than it did.

mod chain;
mod rank;
mod unique;

use frame_core::Result;
use frame_expr::{Expr, predicate};

use self::chain::Chain;
pub(super) use self::unique::is_text;
use super::drop_sorts::{any_can_fail, is_order_free};
use crate::{Catalog, Expect, Join, Plan, Remark};

pub(super) fn apply(plan: Plan, catalog: &dyn Catalog) -> Result<Plan> {
    ordered(plan, Seen { order: Order::Answer, places: true }, catalog)
}

/// What is seen of the rows of a plan.
#[derive(Debug, Clone, Copy)]
struct Seen {
    order: Order,
    /// Whether the places of columns are seen, or their names alone.
    places: bool,
}

/// What the order of rows is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// For the answer: `unordered` waives it.
    Answer,
    /// For an operator that looks at it.
    Needed,
    /// For nothing.
    Nothing,
}

/// The plan with its chains of joins in their best order.
fn ordered(plan: Plan, seen: Seen, catalog: &dyn Catalog) -> Result<Plan> {
    if Chain::is_end_of(&plan, catalog)? {
        let chain = Chain::of(plan, catalog)?.map_inputs(seen, &|input, below| ordered(input, below, catalog))?;
        return chain.ordered(seen, catalog);
    }
    if let Plan::Join(mut join) = plan {
        let (left, right) = (seen_left(&join, seen), seen_right(&join, seen));
        join.left = Box::new(ordered(*join.left, left, catalog)?);
        join.right = Box::new(ordered(*join.right, right, catalog)?);
        return Ok(Plan::Join(join));
    }
    let below = seen_below(&plan, seen, catalog)?;
    plan.map_inputs(&mut |input| ordered(input, below, catalog))
}

/// What an operator that is no part of a chain sees of its input, beside what is seen of its own rows.
fn seen_below(plan: &Plan, seen: Seen, catalog: &dyn Catalog) -> Result<Seen> {
    // Of several rows that fail the first one is told.
    let unless = |fails: bool, order: Order| if fails { Order::Needed } else { order };
    Ok(match plan {
        Plan::Filter(filter) => {
            let fails = any_can_fail([&filter.predicate].into_iter(), &filter.input, catalog)?;
            Seen { order: unless(fails, seen.order), ..seen }
        }
        Plan::Project(project) => {
            let fails = any_can_fail(project.items.iter().map(|(expr, _)| expr), &project.input, catalog)?;
            Seen { order: unless(fails, seen.order), places: false }
        }
        Plan::Aggregate(aggregate) => Seen { order: unless(!is_order_free(aggregate, catalog)?, Order::Nothing), places: false },
        Plan::Mark(mark) if mark.remark == Remark::Unordered && seen.order == Order::Answer => Seen { order: Order::Nothing, ..seen },
        Plan::Mark(_) => seen,
        Plan::Union(_) => Seen { places: true, ..seen },
        _ => Seen { order: Order::Needed, places: true },
    })
}

/// What a join sees of its left side: of keys that are there twice the first one is told.
fn seen_left(join: &Join, seen: Seen) -> Seen {
    let order = if join.expect.is_some_and(Expect::left_once) { Order::Needed } else { seen.order };
    Seen { order, ..seen }
}

/// What a join sees of its right side: the order of the matches of a row, unless it takes no right columns.
fn seen_right(join: &Join, seen: Seen) -> Seen {
    match join.kind.is_filter() && !join.expect.is_some_and(Expect::right_once) {
        true => Seen { order: Order::Nothing, places: false },
        false => Seen { order: Order::Needed, places: seen.places },
    }
}

/// Whether a join may change places with others: it does something to each left row on its own.
fn is_movable(join: &Join) -> bool {
    !join.kind.keeps_right() && !join.expect.is_some_and(Expect::left_once)
}

/// Whether a condition fails for no row of `input`.
fn is_sure(condition: &Expr, input: &Plan, catalog: &dyn Catalog) -> Result<bool> {
    Ok(!predicate(condition, input.schema(catalog)?.as_ref())?.can_fail())
}

/// Whether gathering the rows of a plan can end in an error that its text does not rule out. What any file may have in it does not count.
pub(super) fn can_fail(plan: &Plan, catalog: &dyn Catalog) -> Result<bool> {
    let is_unsure = match plan {
        Plan::Scan(scan) => match &scan.filter {
            Some(filter) => predicate(filter, scan.all_columns(catalog)?.as_ref())?.can_fail(),
            None => false,
        },
        Plan::Filter(filter) => !is_sure(&filter.predicate, &filter.input, catalog)?,
        Plan::Project(project) => any_can_fail(project.items.iter().map(|(expr, _)| expr), &project.input, catalog)?,
        Plan::Sort(sort) => any_can_fail(sort.keys.iter().map(|key| &key.expr), &sort.input, catalog)?,
        Plan::Aggregate(aggregate) => !is_order_free(aggregate, catalog)? || overflows(aggregate, catalog)?,
        Plan::Join(join) => join.expect.is_some_and(|expect| expect.left_once() || expect.right_once()),
        Plan::Limit(_) | Plan::Tail(_) | Plan::Mark(_) => false,
        Plan::Dedup(dedup) => !dedup.order.is_empty(),
        Plan::Union(union) => union.by_position,
        _ => true,
    };
    Ok(is_unsure || plan.inputs().into_iter().map(|input| can_fail(input, catalog)).collect::<Result<Vec<_>>>()?.contains(&true))
}

/// Whether a total may be too large for its type.
fn overflows(aggregate: &crate::Aggregate, catalog: &dyn Catalog) -> Result<bool> {
    let schema = aggregate.input.schema(catalog)?;
    let one = |call: &frame_expr::AggregateCall| Ok(call.bind(&schema)?.aggregate.can_overflow());
    Ok(aggregate.aggregates.iter().map(one).collect::<Result<Vec<_>>>()?.contains(&true))
}

/// Whether rows of a plan can fail on their way out of it: those that an operator gathers have failed before.
fn can_fail_on_the_way(plan: &Plan, catalog: &dyn Catalog) -> Result<bool> {
    match plan {
        Plan::Scan(_) => can_fail(plan, catalog),
        Plan::Filter(filter) => Ok(!is_sure(&filter.predicate, &filter.input, catalog)? || can_fail_on_the_way(&filter.input, catalog)?),
        Plan::Project(project) => {
            let items = project.items.iter().map(|(expr, _)| expr);
            Ok(any_can_fail(items, &project.input, catalog)? || can_fail_on_the_way(&project.input, catalog)?)
        }
        Plan::Mark(mark) => can_fail_on_the_way(&mark.input, catalog),
        Plan::Join(join) => can_fail_on_the_way(&join.left, catalog),
        Plan::Union(union) if !union.by_position => {
            let inputs = union.inputs.iter().map(|input| can_fail_on_the_way(input, catalog));
            Ok(inputs.collect::<Result<Vec<_>>>()?.contains(&true))
        }
        Plan::Aggregate(_) | Plan::Sort(_) | Plan::Limit(_) | Plan::Tail(_) | Plan::Top(_) | Plan::Dedup(_) | Plan::Window(_) => Ok(false),
        _ => Ok(true),
    }
}
