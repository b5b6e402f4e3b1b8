//! Drops sorts whose order nobody sees: behind them the rows are sorted again by everything that matters, or only counted together.
//!
//! A sort stays where something can fail: without it a failing key would not be seen, or another row would be the first to fail.

use frame_core::Result;
use frame_expr::{AggregateCall, Expr, bind};

use crate::{Aggregate, Catalog, Plan, Remark};

pub(super) fn apply(plan: Plan, catalog: &dyn Catalog) -> Result<Plan> {
    let plan = plan.map_inputs(&mut |input| apply(input, catalog))?;
    Ok(match plan {
        Plan::Aggregate(mut aggregate) if is_order_free(&aggregate, catalog)? => {
            aggregate.input = Box::new(without_order(*aggregate.input, catalog)?);
            Plan::Aggregate(aggregate)
        }
        Plan::Mark(mut mark) if mark.remark == Remark::Unordered => {
            mark.input = Box::new(without_order(*mark.input, catalog)?);
            Plan::Mark(mark)
        }
        other => other,
    })
}

/// Whether no aggregate asks for the order of the rows, and none can fail for one row before another.
pub(super) fn is_order_free(aggregate: &Aggregate, catalog: &dyn Catalog) -> Result<bool> {
    if !aggregate.is_order_free(catalog)? {
        return Ok(false);
    }
    let keys = aggregate.keys.iter().map(|key| &key.expr);
    Ok(!any_can_fail(keys.chain(aggregate.aggregates.iter().flat_map(AggregateCall::expressions)), &aggregate.input, catalog)?)
}

/// Whether an expression can fail for rows of `input`.
pub(super) fn any_can_fail<'a>(expressions: impl Iterator<Item = &'a Expr>, input: &Plan, catalog: &dyn Catalog) -> Result<bool> {
    let schema = input.schema(catalog)?;
    for expr in expressions {
        if bind(expr, &schema)?.can_fail() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The plan less the sorts that only operators row by row stand behind.
fn without_order(plan: Plan, catalog: &dyn Catalog) -> Result<Plan> {
    Ok(match plan {
        Plan::Sort(sort) if !any_can_fail(sort.keys.iter().map(|key| &key.expr), &sort.input, catalog)? => {
            without_order(*sort.input, catalog)?
        }
        Plan::Filter(mut filter) if !any_can_fail([&filter.predicate].into_iter(), &filter.input, catalog)? => {
            filter.input = Box::new(without_order(*filter.input, catalog)?);
            Plan::Filter(filter)
        }
        Plan::Project(mut project) if !any_can_fail(project.items.iter().map(|(expr, _)| expr), &project.input, catalog)? => {
            project.input = Box::new(without_order(*project.input, catalog)?);
            Plan::Project(project)
        }
        other => other,
    })
}
