//! Queries built in Rust. They make the same plans as the verb language, and print as its canonical text.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::DataType;
use frame_core::{Error, Result, Span};
use frame_engine::{Progress, Tables};
use frame_expr::{Expr, SortKey};
use frame_lang::spots;
use frame_lang::verbs::{self, BadValue};
use frame_plan::{
    Dedup, Estimate, Fill, FillFrom, Input, KeyItem, Limit, Mark, Plan, Remark, Sample, SampleSize, Scan, Sort, Tail, Target, Top, Union,
    Write,
};

use super::{AggregateSpec, GroupedFrame, JoinSpec, Run, Session};

/// A query under construction: a plan and the session that will run it. There is a method for each verb.
///
/// A method that needs to know the columns looks at the file. What is wrong with a stage is told by [`Frame::start`] and
/// [`Frame::explain`]; until then the stages behind it are left out of the plan.
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
#[derive(Clone)]
pub struct Frame {
    session: Session,
    source: Plan,
    steps: Vec<Step>,
    /// The files as they were when the columns were first asked for.
    tables: Arc<Tables>,
    /// What the steps made, up to the first that failed.
    plan: Plan,
    error: Option<Error>,
}

/// A stage: what it makes of the plan in front of it. It is asked again whenever the types of the inputs turn out to be others.
type Step = Arc<dyn Fn(Plan, &Tables) -> Result<Plan> + Send + Sync>;

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame").field("plan", &self.plan).field("error", &self.error).finish_non_exhaustive()
    }
}

impl Frame {
    pub(super) fn scan(session: Session, input: Input) -> Self {
        let source = Plan::Scan(Scan::new(input));
        let tables = Arc::new(session.catalog());
        Self { session, plan: source.clone(), source, steps: Vec::new(), tables, error: None }
    }

    /// Adds a stage whose columns are those of its input and others.
    pub(super) fn step(self, step: impl Fn(Plan, &Tables) -> Result<Plan> + Send + Sync + 'static) -> Self {
        self.stage(move |input, tables| with_spots(&step, false, input, tables))
    }

    /// Adds a stage whose columns are those that it names.
    pub(super) fn picking(self, step: impl Fn(Plan, &Tables) -> Result<Plan> + Send + Sync + 'static) -> Self {
        self.stage(move |input, tables| with_spots(&step, true, input, tables))
    }

    fn stage(mut self, step: impl Fn(Plan, &Tables) -> Result<Plan> + Send + Sync + 'static) -> Self {
        if self.error.is_none() {
            match step(self.plan.clone(), &self.tables) {
                Ok(plan) => self.plan = plan,
                Err(error) => self.error = Some(error),
            }
        }
        self.steps.push(Arc::new(step));
        self
    }

    /// Adds a stage that needs no look at the columns.
    pub(super) fn with(self, plan: impl Fn(Box<Plan>) -> Plan + Send + Sync + 'static) -> Self {
        self.step(move |input, _| Ok(plan(Box::new(input))))
    }

    /// Makes the plan for these inputs.
    fn planner(&self) -> impl Fn(&Tables) -> Result<Plan> + Send + Sync + use<> {
        let (source, steps) = (self.source.clone(), self.steps.clone());
        move |tables| steps.iter().try_fold(source.clone(), |plan, step| step(plan, tables))
    }

    /// Keeps the rows for which `predicate` is true: `where predicate`.
    #[must_use]
    pub fn filter(self, predicate: Expr) -> Self {
        self.step(move |input, tables| verbs::kept(input, predicate.clone(), tables))
    }

    /// Replaces the columns by these expressions and names: `select expr as name, …`.
    #[must_use]
    pub fn select<N: Into<String>>(self, items: impl IntoIterator<Item = (Expr, N)>) -> Self {
        let items: Vec<_> = items.into_iter().map(|(expr, name)| (expr, name.into())).collect();
        self.picking(move |input, tables| verbs::selected(input, items.clone(), tables))
    }

    /// Keeps all columns but these: `drop a, b`.
    #[must_use]
    pub fn drop<N: Into<String>>(self, columns: impl IntoIterator<Item = N>) -> Self {
        let names = names(columns);
        self.step(move |input, tables| verbs::dropped(input, &names, tables))
    }

    /// Gives columns other names, each pair the new name and then the old one: `rename new = old, …`.
    #[must_use]
    pub fn rename<N: Into<String>, O: Into<String>>(self, pairs: impl IntoIterator<Item = (N, O)>) -> Self {
        let pairs: Vec<_> = pairs.into_iter().map(|(new, old)| ((new.into(), Span::default()), (old.into(), Span::default()))).collect();
        self.step(move |input, tables| verbs::renamed(input, pairs.clone(), tables))
    }

    /// Adds columns, or computes columns anew; each sees those before it: `derive name = expr, …`.
    ///
    /// ```
    /// # fn main() -> frame::Result<()> {
    /// use frame::{Session, col};
    ///
    /// let session = Session::builder().threads(1).build()?;
    /// let doubled = session.scan("data/sales.csv").derive([("double", col("value") * 2)]).drop(["ts", "note"]).take(3);
    /// let batches = doubled.start()?.to_vec()?;
    /// assert_eq!(batches[0].num_columns(), 4);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn derive<N: Into<String>>(self, assignments: impl IntoIterator<Item = (N, Expr)>) -> Self {
        let assignments: Vec<_> = assignments.into_iter().map(|(name, expr)| (name.into(), expr)).collect();
        self.step(move |input, tables| verbs::derived(input, assignments.clone(), tables))
    }

    /// Converts columns; `bad` says what becomes of a value that has no counterpart: `cast a to int, b to date or reject`.
    #[must_use]
    pub fn cast<N: Into<String>>(self, columns: impl IntoIterator<Item = (N, DataType)>, bad: BadValue) -> Self {
        let casts: Vec<_> = columns.into_iter().map(|(name, to)| (name.into(), to, Span::default())).collect();
        self.step(move |input, tables| verbs::converted(input, &casts, bad, tables))
    }

    /// Puts a value in place of nulls: `fill a, b with value`.
    #[must_use]
    pub fn fill<N: Into<String>>(self, columns: impl IntoIterator<Item = N>, value: impl Into<Expr>) -> Self {
        let (names, value) = (names(columns), value.into());
        self.step(move |input, tables| verbs::filled(input, &names, &value, tables))
    }

    /// Puts values of the rows around them in place of nulls: `fill a, b down`, `up` or `linear`.
    #[must_use]
    pub fn fill_from<N: Into<String>>(self, columns: impl IntoIterator<Item = N>, from: FillFrom) -> Self {
        let names = names(columns);
        self.with(move |input| Plan::Fill(Fill { input, columns: names.clone(), from }))
    }

    /// Groups the rows by columns: `groupby a, b …`.
    #[must_use]
    pub fn group_by<N: Into<String>>(self, columns: impl IntoIterator<Item = N>) -> GroupedFrame {
        GroupedFrame::new(self, keys(names(columns)))
    }

    /// Groups the rows by expressions and gives them names: `groupby expr as name, …`.
    #[must_use]
    pub fn group_by_keys<N: Into<String>>(self, keys: impl IntoIterator<Item = (Expr, N)>) -> GroupedFrame {
        GroupedFrame::new(self, keys.into_iter().map(|(expr, name)| KeyItem { expr, name: name.into() }).collect())
    }

    /// Aggregates all rows into one: `agg …`.
    #[must_use]
    pub fn agg(self, aggregates: impl IntoIterator<Item = AggregateSpec>) -> Self {
        GroupedFrame::new(self, Vec::new()).agg(aggregates)
    }

    /// The number of rows, as a row: `count`.
    #[must_use]
    pub fn count(self) -> Self {
        self.agg([super::count()])
    }

    /// The number of rows for each different value, the most frequent first: `counts a, b`.
    #[must_use]
    pub fn counts<N: Into<String>>(self, columns: impl IntoIterator<Item = N>) -> Self {
        let keys = keys(names(columns));
        self.picking(move |input, _| Ok(verbs::counted(input, keys.clone())))
    }

    /// What is in all columns, in numbers; one row for each: `describe`.
    #[must_use]
    pub fn describe(self) -> Self {
        self.step(|input, tables| verbs::described(input, None, tables))
    }

    /// What is in these columns, in numbers; one row for each: `describe a, b`.
    #[must_use]
    pub fn describe_columns<N: Into<String>>(self, columns: impl IntoIterator<Item = N>) -> Self {
        let names = names(columns);
        self.step(move |input, tables| verbs::described(input, Some(names.clone()), tables))
    }

    /// Orders the rows by a column or expression, smallest first: `sort expr`.
    #[must_use]
    pub fn sort(self, by: Expr) -> Self {
        self.sort_by([by])
    }

    /// Orders the rows, largest first: `sort -expr`.
    #[must_use]
    pub fn sort_descending(self, by: Expr) -> Self {
        self.sort_by([by.descending()])
    }

    /// Orders the rows by several keys, the most significant one first: `sort -a, b nulls first`.
    ///
    /// ```
    /// # fn main() -> frame::Result<()> {
    /// use frame::{Session, col};
    ///
    /// let session = Session::builder().threads(1).build()?;
    /// let sorted = session.scan("data/sales.csv").sort_by([col("category").descending(), col("note").nulls_first()]).take_from(5, 10);
    /// assert_eq!(sorted.to_text(), "sort -category, note nulls first | take 5 from 10");
    /// # assert_eq!(sorted.start()?.to_vec()?.iter().map(|batch| batch.num_rows()).sum::<usize>(), 5);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn sort_by<O: Into<SortKey>>(self, order: impl IntoIterator<Item = O>) -> Self {
        let keys = order_of(order);
        self.with(move |input| Plan::Sort(Sort { input, keys: keys.clone() }))
    }

    /// Keeps the first rows: `take count`.
    #[must_use]
    pub fn take(self, count: u64) -> Self {
        self.take_from(count, 0)
    }

    /// Keeps the first rows behind `offset` others: `take count from offset`.
    #[must_use]
    pub fn take_from(self, count: u64, offset: u64) -> Self {
        self.with(move |input| Plan::Limit(Limit { input, offset, count }))
    }

    /// Keeps the last rows: `tail count`.
    #[must_use]
    pub fn tail(self, count: u64) -> Self {
        self.with(move |input| Plan::Tail(Tail { input, count }))
    }

    /// Keeps the best rows by an order, of each group if there are keys: `top count by order per keys`.
    #[must_use]
    pub fn top<O: Into<SortKey>>(self, count: u64, order: impl IntoIterator<Item = O>, per: impl IntoIterator<Item = Expr>) -> Self {
        self.best(count, order_of(order), per.into_iter().collect(), false)
    }

    /// The same, and the rows that are equal to the last one kept: `top count by order per keys ties`.
    #[must_use]
    pub fn top_with_ties<O: Into<SortKey>>(
        self,
        count: u64,
        order: impl IntoIterator<Item = O>,
        per: impl IntoIterator<Item = Expr>,
    ) -> Self {
        self.best(count, order_of(order), per.into_iter().collect(), true)
    }

    fn best(self, count: u64, order: Vec<SortKey>, per: Vec<Expr>, with_ties: bool) -> Self {
        self.with(move |input| Plan::Top(Top { input, count, order: order.clone(), per: per.clone(), with_ties }))
    }

    /// Keeps the first of all rows that are equal in these columns: `dedup a, b`.
    #[must_use]
    pub fn dedup<N: Into<String>>(self, by: impl IntoIterator<Item = N>) -> Self {
        self.one_of(names(by), Vec::new(), false)
    }

    /// Keeps the last of all rows that are equal in these columns: `dedup a, b keep last`.
    #[must_use]
    pub fn dedup_last<N: Into<String>>(self, by: impl IntoIterator<Item = N>) -> Self {
        self.one_of(names(by), Vec::new(), true)
    }

    /// Keeps the best by an order of all rows that are equal in these columns: `dedup a, b keep max(x)`.
    #[must_use]
    pub fn dedup_best<N: Into<String>>(self, by: impl IntoIterator<Item = N>, order: impl Into<SortKey>) -> Self {
        self.one_of(names(by), vec![order.into()], false)
    }

    fn one_of(self, by: Vec<String>, order: Vec<SortKey>, keep_last: bool) -> Self {
        self.with(move |input| Plan::Dedup(Dedup { input, by: by.clone(), order: order.clone(), keep_last }))
    }

    /// The different values of these columns, sorted: `distinct a, b`.
    #[must_use]
    pub fn distinct<N: Into<String>>(self, columns: impl IntoIterator<Item = N>) -> Self {
        self.group_by(columns).agg([])
    }

    /// The different rows, sorted: `distinct`.
    #[must_use]
    pub fn distinct_rows(self) -> Self {
        self.step(|input, tables| verbs::distinguished(input, None, tables))
    }

    /// Keeps rows by chance, the same for the same seed: `sample 1% seed 7`, `sample 100 seed 7`.
    #[must_use]
    pub fn sample(self, size: SampleSize, seed: u64) -> Self {
        self.sample_per(size, [], seed)
    }

    /// Keeps rows of each group by chance: `sample 10 per a seed 7`.
    #[must_use]
    pub fn sample_per(self, size: SampleSize, per: impl IntoIterator<Item = Expr>, seed: u64) -> Self {
        let per: Vec<_> = per.into_iter().collect();
        self.with(move |input| Plan::Sample(Sample { input, size, per: per.clone(), seed }))
    }

    /// The rows of another query behind these, columns matched by name: `union (…)`.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        self.behind(other, false)
    }

    /// The rows of another query behind these, columns matched by their places: `union (…) by position`.
    #[must_use]
    pub fn union_by_position(self, other: Self) -> Self {
        self.behind(other, true)
    }

    fn behind(self, other: Self, by_position: bool) -> Self {
        let other = other.planner();
        self.step(move |input, tables| Ok(Plan::Union(Union { inputs: vec![input, other(tables)?], by_position })))
    }

    /// The rows of another query beside these: `join (…) on a`. A [`JoinSpec`] says which rows come out, and by what.
    #[must_use]
    pub fn join(self, other: Self, how: JoinSpec) -> Self {
        let other = other.planner();
        self.step(move |input, tables| Ok(how.plan(input, other(tables)?)))
    }

    /// Writes the rows: at the end of a query instead of an answer, elsewhere they go on as well: `write 'path'`. A [`Target`] also says
    /// the format and the partitions.
    ///
    /// ```
    /// # fn main() -> frame::Result<()> {
    /// use frame::{Session, Target, col};
    ///
    /// let session = Session::builder().threads(1).build()?;
    /// # let folder = std::env::temp_dir().join(format!("frame-write-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).expect("a folder");
    /// # let path = |name: &str| folder.join(name).display().to_string();
    /// let high = session.scan("data/sales.csv").filter(col("value").gt(1400)).write(path("high.parquet"));
    /// let report = high.start()?.finish()?;
    /// assert!(report.rows_written > 0 && report.rows_out == 0);
    ///
    /// let parts = session.scan("data/sales.csv").write(Target::new(path("parts")).format("csv").partition(["category"]));
    /// assert_eq!(parts.start()?.finish()?.rows_written, 1000);
    /// # std::fs::remove_dir_all(&folder).expect("the folder");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn write(self, target: impl Into<Target>) -> Self {
        let target = target.into();
        self.with(move |input| Plan::Write(Write { input, target: target.clone() }))
    }

    /// The order of the rows does not matter here: `unordered`.
    #[must_use]
    pub fn unordered(self) -> Self {
        self.with(|input| Plan::Mark(Mark { input, remark: Remark::Unordered }))
    }

    /// A label that explain shows: `note 'text'`.
    #[must_use]
    pub fn note(self, text: impl Into<String>) -> Self {
        let text = text.into();
        self.with(move |input| Plan::Mark(Mark { input, remark: Remark::Note(text.clone()) }))
    }

    /// The query as canonical text, without its source.
    pub fn to_text(&self) -> String {
        frame_lang::print_stages(&self.plan)
    }

    /// The logical plan, up to the first stage that failed.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The plan, the plan after each rule that changed it, and the stages, as text.
    ///
    /// # Errors
    /// What planning can fail with.
    pub fn explain(&self) -> Result<String> {
        self.session.engine.explain(self.planner())
    }

    /// What the query will take, without running it: rows, bytes, memory, what goes to disk, and the smallest limit of memory.
    ///
    /// # Errors
    /// What planning can fail with.
    pub fn estimate(&self) -> Result<Estimate> {
        self.session.engine.estimate(self.planner())
    }

    /// Runs the query.
    ///
    /// # Errors
    /// What planning and running can fail with.
    pub fn start(&self) -> Result<Run> {
        self.session.engine.start(self.planner(), &Progress::default()).map(Run::new)
    }
}

/// The plan of a stage; one that fails for want of `_file`, `_line` or `_byte` is made again with them.
fn with_spots(step: &dyn Fn(Plan, &Tables) -> Result<Plan>, picks: bool, input: Plan, tables: &Tables) -> Result<Plan> {
    let plan = step(input.clone(), tables);
    let named = match &plan {
        Ok(plan) => plan.named_spots(),
        Err(error) => spots::missing(error).map(|(spot, _)| spot).into_iter().collect(),
    };
    if named.is_empty() {
        return plan;
    }
    let plan = plan.and_then(|plan| plan.schema(tables).map(|_| plan));
    let Some((spot, _)) = plan.as_ref().err().and_then(spots::missing) else { return plan };
    let found = spots::found(input.clone(), &named, tables)?.ok_or_else(|| spots::lost(spot))?;
    let asked = spots::added(&input, &found, tables)?;
    let plan = step(found, tables)?;
    if picks { Ok(plan) } else { spots::hidden(plan, &asked, tables) }
}

pub(super) fn names<N: Into<String>>(columns: impl IntoIterator<Item = N>) -> Vec<String> {
    columns.into_iter().map(Into::into).collect()
}

fn keys(names: Vec<String>) -> Vec<KeyItem> {
    names.into_iter().map(|name| KeyItem { expr: Expr::column(name.clone()), name }).collect()
}

fn order_of<O: Into<SortKey>>(order: impl IntoIterator<Item = O>) -> Vec<SortKey> {
    order.into_iter().map(Into::into).collect()
}
