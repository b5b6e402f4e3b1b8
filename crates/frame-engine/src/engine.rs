//! The engine of a session: its threads, its budget, its settings.

use std::path::PathBuf;
use std::sync::Arc;

use frame_core::error::without_secrets;
use frame_core::{CancelToken, Result};
use frame_graph::Scheduler;
use frame_io::{FileAccess, LocalFiles};
use frame_memory::{LocalScratch, MemoryBudget, Process, ScratchAccess, SpillDir};
use frame_plan::{Estimate, Means, Plan};

use crate::context::{Context, Counters, batch_rows, join_slice_rows, numbered_bytes, piece_bytes, slice_rows};
use crate::lower::lower;
use crate::report::Progress;
use crate::run::Run;
use crate::tables::Tables;

/// Sizes and switches. None of them changes an answer.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Threads.
    pub threads: usize,
    /// Bytes that may be reserved.
    pub memory_bytes: usize,
    /// The process, if the limit is one for all that it holds, and not for what is reserved alone.
    pub process: Option<Process>,
    /// The folder for what does not fit into memory.
    pub spill_dir: PathBuf,
    /// Bytes that may be in that folder at once.
    pub spill_bytes_max: u64,
    /// Bytes that an operator of one worker gathers before it puts them on disk even if memory is left.
    pub gathered_bytes: usize,
    /// The most bytes of a piece in which rows go to disk.
    pub piece_bytes: usize,
    /// The most rows of a batch.
    pub batch_rows: usize,
    /// The groups that a worker's table holds before it is emptied into buckets.
    pub table_groups: usize,
    /// The rows, about, of a slice of a table that lies in the order of a key.
    pub slice_rows: u64,
    /// Bytes of a CSV file in a partition.
    pub partition_bytes: u64,
    /// Bytes of a CSV file that are read and parsed at a time.
    pub chunk_bytes: usize,
    /// Whether plans are rewritten before they run.
    pub optimize: bool,
}

impl Default for Settings {
    /// One thread, 1 GiB, `/var/tmp`.
    fn default() -> Self {
        Self {
            threads: 1,
            memory_bytes: 1 << 30,
            process: None,
            spill_dir: PathBuf::from("/var/tmp"),
            spill_bytes_max: u64::MAX,
            gathered_bytes: usize::MAX,
            piece_bytes: 1 << 20,
            batch_rows: 8192,
            table_groups: 1 << 15,
            slice_rows: 1 << 17,
            partition_bytes: 16 << 20,
            chunk_bytes: 256 << 10,
            optimize: true,
        }
    }
}

/// What runs plans. Cheap to clone; clones share threads and budget.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(crate) settings: Settings,
    pub(crate) scheduler: Arc<Scheduler>,
    pub(crate) budget: MemoryBudget,
    pub(crate) spill: SpillDir,
    pub(crate) cancel: CancelToken,
    files: Arc<dyn FileAccess>,
    /// Memory was short before: operators keep no more than they must.
    is_short: bool,
}

/// Makes a plan, given the inputs; called again whenever the types of the inputs turn out to be others.
pub(crate) type Planner = Box<dyn Fn(&Tables) -> Result<Plan> + Send + Sync>;

impl Engine {
    /// An engine with its own threads that reads the files of the system.
    ///
    /// # Errors
    /// An error if the system gives no thread.
    pub fn new(settings: Settings) -> Result<Self> {
        let files = Arc::new(LocalFiles::keeping_pipes_in(&settings.spill_dir));
        Self::with_files(settings, files)
    }

    /// An engine that reads files through `files`.
    ///
    /// # Errors
    /// See [`Engine::new`].
    pub fn with_files(settings: Settings, files: Arc<dyn FileAccess>) -> Result<Self> {
        let scratch = Arc::new(LocalScratch::new(&settings.spill_dir));
        Self::with_access(settings, files, scratch)
    }

    /// An engine that reads files through `files` and spills through `scratch`.
    ///
    /// # Errors
    /// See [`Engine::new`].
    pub fn with_access(settings: Settings, files: Arc<dyn FileAccess>, scratch: Arc<dyn ScratchAccess>) -> Result<Self> {
        let budget = match settings.process {
            Some(process) => MemoryBudget::of_process(settings.memory_bytes, process),
            None => MemoryBudget::new(settings.memory_bytes),
        };
        Ok(Self {
            scheduler: Arc::new(Scheduler::new(settings.threads)?),
            budget,
            spill: SpillDir::new(scratch, settings.spill_bytes_max),
            cancel: CancelToken::new(),
            settings,
            files,
            is_short: false,
        })
    }

    /// The same engine with another budget, such as one that refuses; for before the first run.
    #[must_use]
    pub fn with_budget(self, budget: MemoryBudget) -> Self {
        Self { budget, ..self }
    }

    /// The same engine with one task at a time, which takes the least memory, when those at hand have ended.
    pub(crate) fn alone(&self) -> Result<Self> {
        self.scheduler.everywhere(|| ());
        let settings = Settings { threads: 1, ..self.settings.clone() };
        Ok(Self { scheduler: Arc::new(Scheduler::new(1)?), settings, is_short: true, ..self.clone() })
    }

    /// The token that stops every run of this engine.
    pub fn cancel_token(&self) -> CancelToken {
        self.cancel.clone()
    }

    /// Bytes that are reserved now; none when no run is left.
    pub fn reserved_bytes(&self) -> usize {
        self.budget.used_bytes()
    }

    /// Bytes that lie in spill files now; none when no run is left.
    pub fn spilled_bytes(&self) -> u64 {
        self.spill.used_bytes()
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The inputs as this engine opens them.
    pub fn tables(&self) -> Tables {
        Tables::new(self.files.clone(), self.clone())
    }

    /// Runs the plan that `planner` makes; stages run now, the rows of the answer while they are taken.
    /// `progress` shows how far the run is.
    ///
    /// # Errors
    /// Whatever planning and running can fail with.
    pub fn start(&self, planner: impl Fn(&Tables) -> Result<Plan> + Send + Sync + 'static, progress: &Progress) -> Result<Run> {
        Run::start(self.clone(), Box::new(planner), progress.clone())
    }

    /// The plan, the plan after each rule that changed it, and the stages, as text without the secrets of URLs.
    ///
    /// # Errors
    /// Whatever planning can fail with.
    pub fn explain(&self, planner: impl Fn(&Tables) -> Result<Plan>) -> Result<String> {
        let tables = self.tables();
        let plan = planner(&tables)?;
        plan.schema(&tables)?;
        let mut text = format!("plan\n{}", frame_plan::explain(&plan));
        let (optimized, changes) = self.optimized(plan, &tables)?;
        for change in changes {
            text.push_str(&format!("\nafter {}\n{}", change.rule, frame_plan::explain(&change.plan)));
        }
        let graph = lower(&optimized, &tables, &self.context())?;
        text.push_str(&format!("\n{}", graph.explain()));
        Ok(without_secrets(&text))
    }

    /// What the plan will take, without running it.
    ///
    /// # Errors
    /// Whatever planning can fail with.
    pub fn estimate(&self, planner: impl Fn(&Tables) -> Result<Plan>) -> Result<Estimate> {
        let tables = self.tables();
        let plan = planner(&tables)?;
        plan.schema(&tables)?;
        let (plan, _) = self.optimized(plan, &tables)?;
        frame_plan::estimate(&plan, &tables, &self.means())
    }

    /// What a run may use.
    fn means(&self) -> Means {
        let settings = &self.settings;
        Means {
            threads: settings.threads.max(1),
            memory_bytes: settings.memory_bytes,
            beside_bytes: settings.process.and_then(|process| (process.resident_bytes)()).unwrap_or_default(),
            headroom_bytes: frame_memory::headroom_bytes(settings.memory_bytes, settings.process.is_some()),
            batch_rows: batch_rows(settings.memory_bytes, settings.threads, settings.batch_rows),
            table_groups: settings.table_groups.max(1),
            piece_bytes: piece_bytes(settings.memory_bytes, settings.piece_bytes),
            least_piece_bytes: piece_bytes(0, settings.piece_bytes),
        }
    }

    pub(crate) fn optimized(&self, plan: Plan, tables: &Tables) -> Result<(Plan, Vec<frame_plan::Change>)> {
        let plan = plan.with_named_columns(tables)?;
        if self.settings.optimize { frame_plan::optimize(plan, tables) } else { Ok((plan, Vec::new())) }
    }

    pub(crate) fn context(&self) -> Context {
        Context {
            batch_rows: batch_rows(self.settings.memory_bytes, self.settings.threads, self.settings.batch_rows),
            table_groups: self.settings.table_groups.max(1),
            slice_rows: slice_rows(self.settings.memory_bytes, self.settings.threads, self.settings.slice_rows),
            join_slice_rows: join_slice_rows(self.settings.memory_bytes, self.settings.threads, self.settings.slice_rows.max(1)),
            cancel: self.cancel.clone(),
            gathered_bytes: self.settings.gathered_bytes,
            numbered_bytes: numbered_bytes(self.settings.memory_bytes, self.settings.threads),
            is_short: self.is_short,
            piece_bytes: piece_bytes(self.budget.limit_bytes(), self.settings.piece_bytes),
            budget: self.budget.clone(),
            spill: self.spill.clone(),
            counters: Arc::new(Counters::default()),
            outputs: Arc::default(),
        }
    }
}
