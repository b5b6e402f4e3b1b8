//! Tells the scan below a limit how many rows anyone will take. The limit itself stays.

use frame_core::Result;

use crate::{Catalog, Plan};

pub(super) fn apply(mut plan: Plan, _: &dyn Catalog) -> Result<Plan> {
    let mut next = Some(&mut plan);
    let mut limit = None;
    while let Some(plan) = next {
        match plan {
            Plan::Limit(found) => limit = Some(found.offset.saturating_add(found.count)),
            // A projection gives a row for a row.
            Plan::Project(_) => {}
            Plan::Scan(scan) => scan.limit = limit,
            _ => limit = None,
        }
        next = plan.input_mut();
    }
    Ok(plan)
}
