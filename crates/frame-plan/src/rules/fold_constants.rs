//! Computes the constant parts of expressions once, before any row is read.

use frame_core::Scalar;
use frame_expr::{Expr, Node, fold};

use crate::Plan;

pub(super) fn apply(mut plan: Plan) -> Plan {
    for expr in plan.expressions_mut() {
        let taken = std::mem::replace(expr, Expr::literal(Scalar::Null));
        *expr = fold(taken);
    }
    match plan {
        // A filter that is always true keeps every row.
        Plan::Filter(filter) if filter.predicate.node == Node::Literal(Scalar::Bool(true)) => *filter.input,
        other => other,
    }
}
