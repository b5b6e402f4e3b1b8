//! Computes the constant parts of expressions once, before any row is read.

use frame_core::{Result, Scalar};
use frame_expr::{Expr, Node, fold};

use crate::{Catalog, Plan};

pub(super) fn apply(mut plan: Plan, _: &dyn Catalog) -> Result<Plan> {
    let mut next = Some(&mut plan);
    while let Some(plan) = next {
        for expr in plan.expressions_mut() {
            let taken = std::mem::replace(expr, Expr::literal(Scalar::Null));
            *expr = fold(taken);
        }
        next = plan.input_mut();
    }
    Ok(without_true_filters(plan))
}

/// A filter that is always true keeps every row.
fn without_true_filters(mut plan: Plan) -> Plan {
    while let Plan::Filter(filter) = &plan {
        if filter.predicate.node != Node::Literal(Scalar::Bool(true)) {
            break;
        }
        plan = filter.input.as_ref().clone();
    }
    if let Some(input) = plan.input_mut() {
        let taken = input.clone();
        *input = without_true_filters(taken);
    }
    plan
}
