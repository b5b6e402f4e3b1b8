//! Queries in the verb language.

use frame_core::{Error, QueryError, Result};
use frame_engine::{Progress, Tables};
use frame_plan::{Input, Plan};

use super::{Run, Session};

/// A query before it runs.
#[derive(Debug, Clone)]
pub struct Query {
    session: Session,
    text: String,
    source: Option<Input>,
    progress: Progress,
}

impl Query {
    pub(super) fn new(session: Session, text: String) -> Self {
        Self { session, text, source: None, progress: Progress::default() }
    }

    /// The file that the query reads, unless it begins with `from`.
    #[must_use]
    pub fn input(self, path: impl Into<String>) -> Self {
        self.input_with(Input { path: path.into(), ..Input::default() })
    }

    /// The file that the query reads, and how to read it.
    #[must_use]
    pub fn input_with(mut self, input: Input) -> Self {
        self.source = Some(input);
        self
    }

    /// A view on how far the query is; any thread may look at it while the query runs.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// The plan, the plan after each rule that changed it, and the stages, as text.
    ///
    /// # Errors
    /// What planning can fail with.
    pub fn explain(&self) -> Result<String> {
        self.session.engine.explain(self.planner())
    }

    /// Runs the query: everything that needs all rows happens now, the rows of the answer come while they are taken.
    ///
    /// # Errors
    /// What planning and running can fail with.
    pub fn start(&self) -> Result<Run> {
        self.session.engine.start(self.planner(), &self.progress).map(Run::new)
    }

    fn planner(&self) -> impl Fn(&Tables) -> Result<Plan> + Send + Sync + use<> {
        let (text, source) = (self.text.clone(), self.source.clone());
        move |tables| {
            let begins_with_from = text.trim_start().starts_with("from ");
            if source.is_none() && !begins_with_from {
                let error = Error::new(QueryError::Usage("the query reads nothing".to_owned()));
                return Err(error.hint("name a file, or begin the query with from 'file.csv'"));
            }
            frame_lang::parse(&text, source.clone(), tables)
        }
    }
}
