//! Drops sorts whose order nobody sees: behind them the rows are sorted again by everything that matters, or only counted together.

use frame_core::Result;

use crate::{Catalog, Plan, Remark};

pub(super) fn apply(plan: Plan, catalog: &dyn Catalog) -> Result<Plan> {
    let plan = plan.map_inputs(&mut |input| apply(input, catalog))?;
    Ok(match plan {
        Plan::Aggregate(mut aggregate) if aggregate.is_order_free(catalog)? => {
            aggregate.input = Box::new(without_order(*aggregate.input));
            Plan::Aggregate(aggregate)
        }
        Plan::Mark(mut mark) if mark.remark == Remark::Unordered => {
            mark.input = Box::new(without_order(*mark.input));
            Plan::Mark(mark)
        }
        other => other,
    })
}

/// The plan less the sorts that only operators row by row stand behind.
fn without_order(plan: Plan) -> Plan {
    match plan {
        Plan::Sort(sort) => without_order(*sort.input),
        Plan::Filter(mut filter) => {
            filter.input = Box::new(without_order(*filter.input));
            Plan::Filter(filter)
        }
        Plan::Project(mut project) => {
            project.input = Box::new(without_order(*project.input));
            Plan::Project(project)
        }
        other => other,
    }
}
