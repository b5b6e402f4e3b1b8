//! A sort of which only the first rows are taken keeps only those: it becomes a top.

use frame_core::Result;

use crate::{Catalog, Limit, Plan, Top};

pub(super) fn apply(plan: Plan, catalog: &dyn Catalog) -> Result<Plan> {
    let plan = plan.map_inputs(&mut |input| apply(input, catalog))?;
    let Plan::Limit(Limit { input, offset, count }) = plan else { return Ok(plan) };
    let Plan::Sort(sort) = *input else { return Ok(Plan::Limit(Limit { input, offset, count })) };
    let kept = offset.saturating_add(count);
    let top = Plan::Top(Top { input: sort.input, count: kept, order: sort.keys, per: Vec::new(), with_ties: false });
    Ok(if offset == 0 { top } else { Plan::Limit(Limit { input: Box::new(top), offset, count }) })
}
