//! Tells the scan below a limit how many rows anyone will take. The limit itself stays.

use frame_core::Result;

use crate::{Catalog, Plan};

pub(super) fn apply(mut plan: Plan, _: &dyn Catalog) -> Result<Plan> {
    push(&mut plan, None);
    Ok(plan)
}

fn push(plan: &mut Plan, limit: Option<u64>) {
    let below = match plan {
        Plan::Limit(found) => {
            let own = found.offset.saturating_add(found.count);
            Some(limit.map_or(own, |limit| own.min(limit.saturating_add(found.offset))))
        }
        // A projection gives a row for a row; of a union's rows the first come from the first inputs.
        Plan::Project(_) | Plan::Union(_) | Plan::Mark(_) => limit,
        Plan::Scan(scan) => {
            scan.limit = limit;
            None
        }
        _ => None,
    };
    plan.inputs_mut().into_iter().for_each(|input| push(input, below));
}
