//! Queries in the verb language.

use frame_core::Result;
use frame_engine::{Progress, Tables};
use frame_plan::{Estimate, Input, Mark, Plan, Remark};

use super::{Run, Session};

/// A query before it runs.
///
/// ```
/// # fn main() -> frame::Result<()> {
/// let session = frame::Session::builder().threads(1).build()?;
/// let query = session.query("counts category top 3").input("data/sales.csv");
/// assert!(query.explain()?.contains("scan data/sales.csv"));
/// assert_eq!(query.start()?.to_vec()?[0].num_rows(), 3);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Query {
    session: Session,
    text: String,
    /// What the query reads, one after the other, unless it begins with `from`.
    sources: Vec<Input>,
    progress: Progress,
    is_unordered: bool,
}

impl Query {
    pub(super) fn new(session: Session, text: String) -> Self {
        Self { session, text, sources: Vec::new(), progress: Progress::default(), is_unordered: false }
    }

    /// The file that the query reads, unless it begins with `from`. Each call adds a file or a pattern of files.
    #[must_use]
    pub fn input(self, path: impl Into<String>) -> Self {
        self.input_with(Input { path: path.into(), ..Input::default() })
    }

    /// The file that the query reads, and how to read it. Each call adds a file; their rows come one after the other.
    #[must_use]
    pub fn input_with(mut self, input: Input) -> Self {
        self.sources.push(input);
        self
    }

    /// The order of the rows of the answer does not matter, as if the query ended in `unordered`.
    #[must_use]
    pub fn unordered(mut self) -> Self {
        self.is_unordered = true;
        self
    }

    /// A view on how far the query is; any thread may look at it while the query runs.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// The plan before the optimizer.
    ///
    /// # Errors
    /// What parsing, and looking at an input for its columns, can fail with.
    pub fn plan(&self) -> Result<Plan> {
        self.planner()(&self.session.catalog())
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

    /// Runs the query: everything that needs all rows happens now, the rows of the answer come while they are taken.
    ///
    /// # Errors
    /// What planning and running can fail with.
    pub fn start(&self) -> Result<Run> {
        self.session.engine.start(self.planner(), &self.progress).map(Run::new)
    }

    fn planner(&self) -> impl Fn(&Tables) -> Result<Plan> + Send + Sync + use<> {
        let (text, sources, is_unordered) = (self.text.clone(), self.sources.clone(), self.is_unordered);
        move |tables| {
            let plan = frame_lang::parse(&text, sources.clone(), tables)?;
            Ok(if is_unordered { Plan::Mark(Mark { input: Box::new(plan), remark: Remark::Unordered }) } else { plan })
        }
    }
}
