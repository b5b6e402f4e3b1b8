//! Makes the scan give only the columns that someone above it wants.

use frame_core::Result;

use crate::operators::Wanted;
use crate::{Catalog, Plan};

pub(super) fn apply(mut plan: Plan, catalog: &dyn Catalog) -> Result<Plan> {
    narrow(&mut plan, &None, catalog)?;
    Ok(plan)
}

fn narrow(plan: &mut Plan, wanted: &Wanted, catalog: &dyn Catalog) -> Result<()> {
    if let Plan::Join(join) = plan {
        // Names must stay when columns that they were told apart from are gone.
        join.prefixed = Some(join.collisions(join.left.schema(catalog)?.as_ref(), join.right.schema(catalog)?.as_ref()));
    }
    let below = plan.wanted_of_inputs(wanted, catalog)?;
    match plan {
        Plan::Scan(scan) => {
            if let Some(wanted) = wanted {
                let all = scan.all_columns(catalog)?;
                let names: Vec<String> =
                    all.fields().iter().map(|field| field.name().clone()).filter(|name| wanted.contains(name)).collect();
                scan.columns = (names.len() < all.fields().len()).then_some(names);
            }
            Ok(())
        }
        other => other.inputs_mut().into_iter().zip(&below).try_for_each(|(input, below)| narrow(input, below, catalog)),
    }
}
