//! Running queries as readers of Arrow record batches.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use frame_core::Result;
use frame_engine::Report;
use frame_io::formats::Workers;
use frame_plan::Target;

/// A running query: an iterator over the record batches of its answer, in order.
///
/// After an error the iterator ends. Dropping it stops the run.
///
/// ```
/// # fn main() -> frame::Result<()> {
/// let session = frame::Session::builder().threads(1).build()?;
/// let mut run = session.query("cast note to int or reject | take 3").input("data/sales.csv").start()?;
/// for batch in run.by_ref() {
///     println!("{} rows", batch?.num_rows());
/// }
/// let report = run.finish()?;
/// assert_eq!(report.rows_read, report.rows_kept + report.rows_filtered + report.rows_rejected);
/// # Ok(())
/// # }
/// ```
pub struct Run(frame_engine::Run);

impl Run {
    pub(super) fn new(run: frame_engine::Run) -> Self {
        Self(run)
    }

    /// Names and types of the answer.
    pub fn schema(&self) -> SchemaRef {
        self.0.schema().clone()
    }

    /// The session's threads, for whoever writes the answer: the command does.
    #[doc(hidden)]
    pub fn workers(&self) -> Arc<dyn Workers> {
        self.0.workers()
    }

    /// Where the rows go if the query ends with `write`: no batch comes out then, unless the path is `-`, which is left to the caller.
    pub fn target(&self) -> Option<&Target> {
        self.0.target()
    }

    /// The same run for somebody who can forget rows, such as the writer of a file that nobody sees before it is complete. Whenever
    /// [`Run::restarts`] is another number after a batch or at the end, all rows come again from the first one on, perhaps with another
    /// [`Run::schema`]. Otherwise rows that are out must come again as they were, or the run ends with an error.
    #[must_use]
    pub fn taken_back(self) -> Self {
        Self(self.0.taken_back())
    }

    /// How often the run has begun again: what a file was taken for turned out to be wrong, or memory was short for several tasks at once.
    pub fn restarts(&self) -> usize {
        self.0.restarts()
    }

    /// All batches at once.
    ///
    /// # Errors
    /// The error that the run ends with.
    pub fn to_vec(self) -> Result<Vec<RecordBatch>> {
        let mut run = self.taken_back();
        let (mut batches, mut restarts) = (Vec::new(), run.restarts());
        loop {
            let batch = run.next().transpose()?;
            if run.restarts() != restarts {
                restarts = run.restarts();
                batches.clear();
            }
            let Some(batch) = batch else { return Ok(batches) };
            batches.push(batch);
        }
    }

    /// Takes what is left of the answer and tells what the run did.
    ///
    /// # Errors
    /// The error that the run ends with.
    pub fn finish(self) -> Result<Report> {
        self.0.finish()
    }
}

impl Iterator for Run {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}
