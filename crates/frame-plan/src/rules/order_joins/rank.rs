//! The order of least work: guesses of what each step costs and leaves.
//!
//! Steps whose numbers of rows do not depend on each other take the least work in the order of (rows out for a row in − 1) ÷ work for a
//! row in: Ibaraki and Kameda, "On the optimal nesting order for computing N-relational joins" (1984). Here the first of those that may
//! come next is taken each time, which is not the best order of all where steps have to stay behind others.

use frame_core::Result;

use super::chain::{Chain, Facts, Step};
use crate::estimate::{self, Matches, Rows};
use crate::{Catalog, Join, JoinKind};

/// Work for a row: a condition, a look into a table that the caches hold, and making a row of what was found.
const CONDITION: f64 = 0.5;
const LOOK: f64 = 1.0;
const ROW: f64 = 2.0;
/// A table of so many rows is in the caches; a look into one twice as large takes so much longer.
const NEAR_ROWS: f64 = 32_768.0;
/// The part that an anti join leaves at least: that every key has a match is nothing that figures can tell.
const LEFT_OVER: f64 = 0.1;

/// What a step does to the rows, on average.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weight {
    /// Rows out for a row in.
    times: f64,
    /// Work for a row in.
    cost: f64,
}

/// What the steps of a chain do, if all figures that it takes are known.
pub(super) fn weights(chain: &Chain, facts: &[Facts], catalog: &dyn Catalog) -> Result<Option<Vec<Weight>>> {
    let joins = || chain.steps.iter().filter_map(|step| if let Step::Join(join) = step { Some(&*join.right) } else { None });
    if joins().chain([&chain.base]).flat_map(|plan| plan.sources()).any(|input| !catalog.has_figures(input)) {
        return Ok(None);
    }
    let mut rows = estimate::rows(&chain.base, catalog)?;
    if rows.rows < 1.0 {
        return Ok(None);
    }
    let mut weights = Vec::with_capacity(facts.len());
    for (step, facts) in chain.steps.iter().zip(facts) {
        weights.push(match step {
            Step::Filter(condition) => Weight { times: estimate::selectivity(condition, &rows), cost: CONDITION },
            Step::Join(join) => {
                let right = estimate::rows(&join.right, catalog)?;
                let Some(weight) = of_join(join, &rows, &right) else { return Ok(None) };
                let given = right.columns.into_iter().map(|mut column| {
                    column.name = facts.output(join, &column.name);
                    column
                });
                rows.columns.extend(given.filter(|column| facts.gives(&column.name)));
                weight
            }
        });
    }
    Ok(Some(weights))
}

fn of_join(join: &Join, left: &Rows, right: &Rows) -> Option<Weight> {
    let is_known = |rows: &Rows, column: &str| rows.find(column).is_some_and(|column| column.distinct.is_some());
    if !join.keys.iter().all(|pair| is_known(left, &pair.left) && is_known(right, &pair.right)) || right.columns.is_empty() {
        return None;
    }
    let times = Matches::new(&join.keys, left, right).times(join.kind);
    let times = if join.kind == JoinKind::Anti { times.max(LEFT_OVER) } else { times };
    let look = LOOK * (1.0 + (1.0 + right.rows / NEAR_ROWS).log2());
    Some(Weight { times, cost: look + if join.kind.is_filter() { 0.0 } else { ROW * times } })
}

/// The order of the steps, of which some have to stay behind earlier ones.
pub(super) fn order(weights: &[Weight], is_fixed: &dyn Fn(usize, usize) -> bool) -> Vec<usize> {
    let rank = |at: usize| (weights[at].times - 1.0) / weights[at].cost;
    let mut order = Vec::with_capacity(weights.len());
    let mut open: Vec<usize> = (0..weights.len()).collect();
    while !open.is_empty() {
        let is_next = |at: &usize| open.iter().all(|earlier| earlier >= at || !is_fixed(*earlier, *at));
        // Of equals the one that is written first; the first open one may always come next.
        let next = open.iter().copied().filter(is_next).min_by(|a, b| rank(*a).total_cmp(&rank(*b))).unwrap_or(open[0]);
        open.retain(|at| *at != next);
        order.push(next);
    }
    order
}

/// Work for a row that comes into the chain.
pub(super) fn cost(weights: &[Weight], order: &[usize]) -> f64 {
    let (mut rows, mut cost) = (1.0, 0.0);
    for weight in order.iter().map(|at| weights[*at]) {
        cost += rows * weight.cost;
        rows *= weight.times;
    }
    cost
}
