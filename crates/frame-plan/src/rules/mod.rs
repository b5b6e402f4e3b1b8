//! The optimizer: rules that rewrite a plan without changing its answer, one per file, in one ordered list.
//!
//! No rule may change rows, their order, or which columns are named ([`Plan::with_named_columns`] is asked before any rule runs).

mod drop_sorts;
mod fold_constants;
mod narrow_columns;
mod order_joins;
mod push_aggregates;
mod push_filters;
mod push_limits;
mod share_filters;
mod top_rows;

use frame_core::Result;

use crate::{Catalog, Plan};

/// A rewriting of plans.
struct Rule {
    name: &'static str,
    apply: Apply,
}

/// How a rule goes over a plan.
enum Apply {
    /// Looks at one operator at a time, inputs first.
    Each(fn(Plan) -> Plan),
    /// Walks the plan itself, and may ask about inputs.
    Whole(fn(Plan, &dyn Catalog) -> Result<Plan>),
}

impl Apply {
    fn apply(&self, plan: Plan, catalog: &dyn Catalog) -> Result<Plan> {
        match self {
            Self::Each(apply) => Ok(apply(plan.map_inputs(&mut |input| self.apply(input, catalog))?)),
            Self::Whole(apply) => apply(plan, catalog),
        }
    }
}

/// Every rule, in the order in which they run.
const RULES: &[Rule] = &[
    Rule { name: "fold constants", apply: Apply::Each(fold_constants::apply) },
    Rule { name: "push filters", apply: Apply::Whole(push_filters::apply) },
    Rule { name: "share filters", apply: Apply::Whole(share_filters::apply) },
    Rule { name: "drop sorts", apply: Apply::Whole(drop_sorts::apply) },
    Rule { name: "top rows", apply: Apply::Each(top_rows::apply) },
    Rule { name: "order joins", apply: Apply::Whole(order_joins::apply) },
    Rule { name: "push aggregates", apply: Apply::Whole(push_aggregates::apply) },
    Rule { name: "narrow columns", apply: Apply::Whole(narrow_columns::apply) },
    Rule { name: "push limits", apply: Apply::Whole(push_limits::apply) },
];

/// What a rule made of the plan.
#[derive(Debug, Clone)]
pub struct Change {
    /// The rule.
    pub rule: &'static str,
    /// The plan behind it.
    pub plan: Plan,
}

/// Applies every rule once, in order; gives the last plan and each one on the way that differed from the one before.
///
/// # Errors
/// What looking at an input can fail with.
pub fn optimize(mut plan: Plan, catalog: &dyn Catalog) -> Result<(Plan, Vec<Change>)> {
    let mut changes = Vec::new();
    for rule in RULES {
        let before = plan.clone();
        plan = rule.apply.apply(plan, catalog)?;
        if plan != before {
            changes.push(Change { rule: rule.name, plan: plan.clone() });
        }
    }
    Ok((plan, changes))
}
