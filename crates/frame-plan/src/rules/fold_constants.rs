//! Computes the constant parts of expressions once, before any row is read.

use frame_core::{Result, Scalar};
use frame_expr::{Expr, Node, fold};

use crate::{Catalog, Plan};

pub(super) fn apply(mut plan: Plan, catalog: &dyn Catalog) -> Result<Plan> {
    for expr in plan.expressions_mut() {
        let taken = std::mem::replace(expr, Expr::literal(Scalar::Null));
        *expr = fold(taken);
    }
    let plan = plan.map_inputs(&mut |input| apply(input, catalog))?;
    Ok(match plan {
        // A filter that is always true keeps every row.
        Plan::Filter(filter) if filter.predicate.node == Node::Literal(Scalar::Bool(true)) => *filter.input,
        other => other,
    })
}
