//! Queries built in Rust. They make the same plans as the verb language, and print as its canonical text.

use frame_core::{Result, Scalar};
use frame_engine::Progress;
use frame_expr::{AggregateCall, Expr, Node, SortKey};
use frame_plan::{
    Aggregate, Dedup, Filter, Input, KeyItem, Limit, Mark, Plan, Project, Remark, Sample, SampleSize, Scan, Sort, Tail, Top, Union,
};

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

    /// Keeps the last rows: `tail count`.
    #[must_use]
    pub fn tail(self, count: u64) -> Self {
        self.with(|input| Plan::Tail(Tail { input, count }))
    }

    /// Keeps the best rows by an order, of each group if there are keys: `top count by order per keys`.
    #[must_use]
    pub fn top<O: Into<SortKey>>(self, count: u64, order: impl IntoIterator<Item = O>, per: impl IntoIterator<Item = Expr>) -> Self {
        let (order, per) = (order.into_iter().map(Into::into).collect(), per.into_iter().collect());
        self.with(|input| Plan::Top(Top { input, count, order, per, with_ties: false }))
    }

    /// Keeps the first of all rows that are equal in these columns: `dedup a, b`.
    #[must_use]
    pub fn dedup<N: Into<String>>(self, by: impl IntoIterator<Item = N>) -> Self {
        let by = by.into_iter().map(Into::into).collect();
        self.with(|input| Plan::Dedup(Dedup { input, by, order: Vec::new(), keep_last: false }))
    }

    /// The different values of these columns, sorted: `distinct a, b`.
    #[must_use]
    pub fn distinct<N: Into<String>>(self, columns: impl IntoIterator<Item = N>) -> Self {
        self.group_by(columns).agg([])
    }

    /// Keeps rows by chance, the same for the same seed: `sample 1% seed 7`, `sample 100 seed 7`.
    #[must_use]
    pub fn sample(self, size: SampleSize, seed: u64) -> Self {
        self.with(|input| Plan::Sample(Sample { input, size, per: Vec::new(), seed }))
    }

    /// The rows of another query behind these, columns matched by name: `union (…)`.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        self.with(|input| Plan::Union(Union { inputs: vec![*input, other.plan], by_position: false }))
    }

    /// The order of the rows does not matter here: `unordered`.
    #[must_use]
    pub fn unordered(self) -> Self {
        self.with(|input| Plan::Mark(Mark { input, remark: Remark::Unordered }))
    }

    /// A label that explain shows: `note 'text'`.
    #[must_use]
    pub fn note(self, text: impl Into<String>) -> Self {
        self.with(|input| Plan::Mark(Mark { input, remark: Remark::Note(text.into()) }))
    }

    /// The query as canonical text, without its source.
    pub fn to_text(&self) -> String {
        frame_lang::print_stages(&self.plan)
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

    /// Only rows for which this is true count: `count where condition`.
    #[must_use]
    pub fn filter(mut self, condition: Expr) -> Self {
        self.0.filter = Some(condition);
        self
    }

    /// The order in which rows count, for aggregates that ask for one: `first x order day`.
    #[must_use]
    pub fn order<O: Into<SortKey>>(mut self, order: impl IntoIterator<Item = O>) -> Self {
        self.0.order = order.into_iter().map(Into::into).collect();
        self
    }

    /// The same aggregate with another name for its column.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.0.name = name.into();
        self
    }
}

/// Any aggregate by its name, its constants first: `aggregate("quantile", [0.9.into()], [col("ms")])`.
///
/// Unknown names, and arguments that do not fit, are errors when the query is planned.
pub fn aggregate(function: &str, constants: impl IntoIterator<Item = Scalar>, arguments: impl IntoIterator<Item = Expr>) -> AggregateSpec {
    let constants = constants.into_iter().collect();
    let call = AggregateCall { constants, ..AggregateCall::new(function, arguments.into_iter().collect(), function) };
    let name = frame_lang::default_name(&call).unwrap_or_else(|| function.to_owned());
    AggregateSpec(AggregateCall { name, ..call })
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
