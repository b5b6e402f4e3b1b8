//! A sort of which only the first rows are taken keeps only those: it becomes a top.

use crate::{Limit, Plan, Top};

/// With more rows than this a sort does as well, and it can go to disk.
const ROWS_MAX: u64 = 100_000;

pub(super) fn apply(plan: Plan) -> Plan {
    let Plan::Limit(Limit { input, offset, count }) = plan else { return plan };
    let Plan::Sort(sort) = *input else { return Plan::Limit(Limit { input, offset, count }) };
    let kept = offset.saturating_add(count);
    if kept > ROWS_MAX {
        return Plan::Limit(Limit { input: Box::new(Plan::Sort(sort)), offset, count });
    }
    let top = Plan::Top(Top { input: sort.input, count: kept, order: sort.keys, per: Vec::new(), with_ties: false });
    if offset == 0 { top } else { Plan::Limit(Limit { input: Box::new(top), offset, count }) }
}
