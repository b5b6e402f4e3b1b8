//! Queries built in Rust. They make the same plans as the verb language, and print as its canonical text.

use frame_core::Result;
use frame_engine::Progress;
use frame_expr::{AggregateCall, Expr, Node, SortKey};
use frame_plan::{Aggregate, Filter, Input, KeyItem, Limit, Plan, Project, Scan, Sort};

use super::{Run, Session};

/// A query under construction: a plan and the session that will run it.
///
/// ```
/// # fn main() -> frame::Result<()> {
/// use frame::{Session, col, count, mean};
///
/// let session = Session::builder().build()?;
/// let means = session
///     .scan("data/sales.csv")
///     .filter(col("value").gt(1200))
///     .group_by(["category"])
///     .agg([mean("value"), count().named("n")]);
/// assert_eq!(means.to_text(), "where value > 1200 | groupby category mean value, count as n");
/// let batches = means.start()?.to_vec()?;
/// # assert!(!batches.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Frame {
    session: Session,
    plan: Plan,
}

/// A frame whose rows are grouped: only aggregates can follow.
#[derive(Debug, Clone)]
pub struct GroupedFrame {
    frame: Frame,
    keys: Vec<KeyItem>,
}

/// An aggregate for [`GroupedFrame::agg`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AggregateSpec(AggregateCall);

impl Frame {
    pub(super) fn scan(session: Session, input: Input) -> Self {
        Self { session, plan: Plan::Scan(Scan::new(input)) }
    }

    fn with(self, plan: impl FnOnce(Box<Plan>) -> Plan) -> Self {
        Self { plan: plan(Box::new(self.plan)), session: self.session }
    }

    /// Keeps the rows for which `predicate` is true: `where predicate`.
    #[must_use]
    pub fn filter(self, predicate: Expr) -> Self {
        self.with(|input| Plan::Filter(Filter { input, predicate }))
    }

    /// Replaces the columns by these expressions and names: `select expr as name, …`.
    #[must_use]
    pub fn select<N: Into<String>>(self, items: impl IntoIterator<Item = (Expr, N)>) -> Self {
        let items = items.into_iter().map(|(expr, name)| (expr, name.into())).collect();
        self.with(|input| Plan::Project(Project { input, items }))
    }

    /// Groups the rows by columns: `groupby a, b …`.
    #[must_use]
    pub fn group_by<N: Into<String>>(self, columns: impl IntoIterator<Item = N>) -> GroupedFrame {
        let key = |name: String| KeyItem { expr: Expr::column(name.clone()), name };
        GroupedFrame { keys: columns.into_iter().map(|name| key(name.into())).collect(), frame: self }
    }

    /// Aggregates all rows into one: `agg …`.
    #[must_use]
    pub fn agg(self, aggregates: impl IntoIterator<Item = AggregateSpec>) -> Self {
        GroupedFrame { frame: self, keys: Vec::new() }.agg(aggregates)
    }

    /// Orders the rows by a column or expression, smallest first: `sort expr`.
    #[must_use]
    pub fn sort(self, by: Expr) -> Self {
        self.sorted(by, false)
    }

    /// Orders the rows, largest first: `sort -expr`.
    #[must_use]
    pub fn sort_descending(self, by: Expr) -> Self {
        self.sorted(by, true)
    }

    fn sorted(self, expr: Expr, descending: bool) -> Self {
        self.with(|input| Plan::Sort(Sort { input, keys: vec![SortKey { expr, descending, nulls_first: false }] }))
    }

    /// Keeps the first rows: `take count`.
    #[must_use]
    pub fn take(self, count: u64) -> Self {
        self.with(|input| Plan::Limit(Limit { input, offset: 0, count }))
    }

    /// The query as canonical text, without its source.
    pub fn to_text(&self) -> String {
        frame_lang::print(&self.plan)
    }

    /// The logical plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The plan, the plan after each rule that changed it, and the stages, as text.
    ///
    /// # Errors
    /// What planning can fail with.
    pub fn explain(&self) -> Result<String> {
        self.session.engine.explain(|_| Ok(self.plan.clone()))
    }

    /// Runs the query.
    ///
    /// # Errors
    /// What planning and running can fail with.
    pub fn start(&self) -> Result<Run> {
        let plan = self.plan.clone();
        self.session.engine.start(move |_| Ok(plan.clone()), &Progress::default()).map(Run::new)
    }
}

impl GroupedFrame {
    /// One row per group: the keys, then the aggregates; sorted by key.
    #[must_use]
    pub fn agg(self, aggregates: impl IntoIterator<Item = AggregateSpec>) -> Frame {
        let aggregates = aggregates.into_iter().map(|spec| spec.0).collect();
        let keys = self.keys;
        self.frame.with(|input| Plan::Aggregate(Aggregate { input, keys, aggregates, with_total: false }))
    }
}

impl AggregateSpec {
    fn of(function: &str, argument: Option<Expr>) -> Self {
        let name = match argument.as_ref().map(|argument| &argument.node) {
            Some(Node::Column(column)) => format!("{function}_{column}"),
            Some(_) | None => function.to_owned(),
        };
        Self(AggregateCall::new(function, argument.into_iter().collect(), name))
    }

    /// The same aggregate with another name for its column.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.0.name = name.into();
        self
    }
}

/// The number of rows.
pub fn count() -> AggregateSpec {
    AggregateSpec::of("count", None)
}

/// The exact sum of a column.
pub fn sum(column: impl Into<String>) -> AggregateSpec {
    AggregateSpec::of("sum", Some(Expr::column(column)))
}

/// The mean of a column, exact and rounded once.
pub fn mean(column: impl Into<String>) -> AggregateSpec {
    AggregateSpec::of("mean", Some(Expr::column(column)))
}

/// The smallest value of a column.
pub fn min(column: impl Into<String>) -> AggregateSpec {
    AggregateSpec::of("min", Some(Expr::column(column)))
}

/// The largest value of a column.
pub fn max(column: impl Into<String>) -> AggregateSpec {
    AggregateSpec::of("max", Some(Expr::column(column)))
}
