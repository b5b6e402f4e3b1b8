//! Joins behind each other, taken apart and put together again.

use arrow::datatypes::{Schema, SchemaRef};
use frame_core::Result;
use frame_expr::Expr;

use super::unique::can_fan_out;
use super::{Order, Seen, can_fail, can_fail_on_the_way, is_movable, is_sure, rank, seen_right};
use crate::{Catalog, Expect, Filter, Join, Plan, Project, Union};

/// The gain that makes it worth while to go another way than the one that is written.
const GAIN: f64 = 0.9;

/// Joins and filters behind each other, the first of them a join.
pub(super) struct Chain {
    /// What comes into the first step.
    pub(super) base: Plan,
    pub(super) steps: Vec<Step>,
}

/// What is done to each row.
pub(super) enum Step {
    /// A join without its left side.
    Join(Join),
    /// The condition of a filter that cannot fail.
    Filter(Expr),
}

/// What there is to know of a step before it may move.
pub(super) struct Facts {
    /// The columns that it reads.
    reads: Vec<String>,
    /// The columns that it adds, and the right columns of these that stand behind the alias.
    gives: Vec<String>,
    prefixed: Vec<String>,
    /// Whether it can give several rows for one.
    fans_out: bool,
    /// Whether it can end in an error before a row goes through it.
    can_fail: bool,
}

/// Stands for an input that was taken out.
fn nothing() -> Plan {
    Plan::Union(Union { inputs: Vec::new(), by_position: false })
}

fn take(plan: &mut Plan) -> Plan {
    std::mem::replace(plan, nothing())
}

impl Step {
    /// The step behind these rows.
    fn on(self, input: Plan) -> Plan {
        let input = Box::new(input);
        match self {
            Self::Join(join) => Plan::Join(Join { left: input, ..join }),
            Self::Filter(predicate) => Plan::Filter(Filter { input, predicate }),
        }
    }

    /// What there is to know of the step behind rows of this schema, and the schema of its own rows.
    fn facts(&self, input: &SchemaRef, catalog: &dyn Catalog) -> Result<(Facts, SchemaRef)> {
        let mut reads = Vec::new();
        let join = match self {
            Self::Join(join) => join,
            Self::Filter(condition) => {
                condition.collect_columns(&mut reads);
                let facts = Facts { reads, gives: Vec::new(), prefixed: Vec::new(), fans_out: false, can_fail: false };
                return Ok((facts, input.clone()));
            }
        };
        let right = join.right.schema(catalog)?;
        let schema = join.columns(input, &right)?.1;
        let pairs = join.keys.iter().chain(join.as_of.iter().map(|as_of| &as_of.on));
        reads.extend(pairs.map(|pair| pair.left.clone()));
        let facts = Facts {
            reads,
            gives: names(&schema).skip(input.fields().len()).collect(),
            prefixed: join.collisions(input, &right),
            fans_out: can_fan_out(join, input, &right),
            can_fail: join.expect.is_some_and(Expect::right_once) || can_fail(&join.right, catalog)?,
        };
        Ok((facts, schema.into()))
    }
}

impl Facts {
    /// Whether the step has to stay behind an earlier one.
    fn stays_behind(&self, earlier: &Self, seen: Seen) -> bool {
        self.reads.iter().any(|name| earlier.gives.contains(name))
            || seen.order != Order::Nothing && self.fans_out && earlier.fans_out
            || self.can_fail && earlier.can_fail
    }

    pub(super) fn gives(&self, column: &str) -> bool {
        self.gives.iter().any(|name| name == column)
    }

    /// What a right column is called behind the join.
    pub(super) fn output(&self, join: &Join, column: &str) -> String {
        match self.prefixed.iter().any(|name| name == column) {
            true => format!("{}.{column}", join.prefix()),
            false => column.to_owned(),
        }
    }
}

impl Chain {
    /// Whether a plan ends in a chain.
    pub(super) fn is_end_of(plan: &Plan, catalog: &dyn Catalog) -> Result<bool> {
        match plan {
            Plan::Join(join) => Ok(is_movable(join)),
            Plan::Filter(filter) => Ok(Self::is_end_of(&filter.input, catalog)? && is_sure(&filter.predicate, &filter.input, catalog)?),
            _ => Ok(false),
        }
    }

    /// The chain that a plan ends in.
    pub(super) fn of(mut plan: Plan, catalog: &dyn Catalog) -> Result<Self> {
        let mut steps = Vec::new();
        while Self::is_end_of(&plan, catalog)? {
            plan = match plan {
                Plan::Join(mut join) => {
                    let left = take(&mut join.left);
                    steps.push(Step::Join(join));
                    left
                }
                Plan::Filter(filter) => {
                    steps.push(Step::Filter(filter.predicate));
                    *filter.input
                }
                other => other,
            };
        }
        steps.reverse();
        Ok(Self { base: plan, steps })
    }

    /// The chain with its inputs replaced by what `change` makes of them, who knows what is seen of each.
    pub(super) fn map_inputs(mut self, seen: Seen, change: &dyn Fn(Plan, Seen) -> Result<Plan>) -> Result<Self> {
        for step in &mut self.steps {
            if let Step::Join(join) = step {
                let below = seen_right(join, seen);
                *join.right = change(take(&mut join.right), below)?;
            }
        }
        self.base = change(self.base, seen)?;
        Ok(self)
    }

    /// The plan with the steps as they are written.
    fn written(self) -> Plan {
        self.steps.into_iter().fold(self.base, |plan, step| step.on(plan))
    }

    /// The plan with the steps in their best order.
    pub(super) fn ordered(self, seen: Seen, catalog: &dyn Catalog) -> Result<Plan> {
        let joins = self.steps.iter().filter(|step| matches!(step, Step::Join(_))).count();
        // Where rows stop being taken, those behind them are not to fail: how far the left side is read ahead may change.
        if joins < 2 || can_fail_on_the_way(&self.base, catalog)? {
            return Ok(self.written());
        }
        let mut schema = self.base.schema(catalog)?;
        let mut facts = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let (of_step, next) = step.facts(&schema, catalog)?;
            facts.push(of_step);
            schema = next;
        }
        let is_fixed = |earlier: usize, later: usize| facts[later].stays_behind(&facts[earlier], seen);
        if (1..facts.len()).all(|later| is_fixed(later - 1, later)) {
            return Ok(self.written());
        }
        let Some(weights) = rank::weights(&self, &facts, catalog)? else { return Ok(self.written()) };
        let order = rank::order(&weights, &is_fixed);
        let as_written: Vec<usize> = (0..weights.len()).collect();
        if rank::cost(&weights, &order) > GAIN * rank::cost(&weights, &as_written) {
            return Ok(self.written());
        }
        Ok(self.put(&order, &facts, &schema, seen))
    }

    /// The plan with the steps in this order, and columns where they were.
    fn put(self, order: &[usize], facts: &[Facts], schema: &Schema, seen: Seen) -> Plan {
        let is_moved = {
            let given = order.iter().filter(|at| !facts[**at].gives.is_empty());
            !given.is_sorted()
        };
        let mut steps: Vec<Option<Step>> = self.steps.into_iter().map(Some).collect();
        let mut plan = self.base;
        for at in order {
            let Some(mut step) = steps[*at].take() else { continue };
            if let Step::Join(join) = &mut step {
                // Names that were told apart from those of an earlier side stay as they are.
                join.prefixed = Some(facts[*at].prefixed.clone());
            }
            plan = step.on(plan);
        }
        if !is_moved || !seen.places {
            return plan;
        }
        let items = names(schema).map(|name| (Expr::column(&name), name)).collect();
        Plan::Project(Project { input: Box::new(plan), items })
    }
}

fn names(schema: &Schema) -> impl Iterator<Item = String> {
    schema.fields().iter().map(|field| field.name().clone())
}
