//! The sink that writes a stage's rows.

use std::fs::File;
use std::io::BufWriter;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use frame_core::{Batch, Result};
use frame_graph::Scheduler;
use frame_io::formats::{Destination, Out, OutputFormat, Writer, failure};
use frame_io::{Pending, Stop};
use frame_memory::Grant;

use super::Threads;
use super::folder::{Folder, Keys};
use crate::graph::StageSink;
use crate::pipeline::Pipeline;
use crate::report::sentence;
use crate::restart::too_late;
use crate::source::{Batches, Source};
use crate::stream::Stream;

/// Bytes that are handed to the system at a time.
const PIECE: usize = 64 << 10;

/// Writes all rows of a pipeline in order; the next stage gets none of them.
#[derive(Debug)]
pub(crate) struct Write {
    /// The path as it was given.
    pub(crate) path: String,
    pub(crate) format: &'static OutputFormat,
    /// What the rows are told apart by, if the path is a folder.
    pub(crate) keys: Option<Keys>,
    /// The schema of the rows.
    pub(crate) schema: SchemaRef,
    /// Rows to skip and rows to keep.
    pub(crate) limit: Option<(u64, u64)>,
    /// The operator as text.
    pub(crate) text: String,
}

/// One file, or a folder of them, being written.
enum Files<'a> {
    One { writer: Box<dyn Writer>, pending: Option<Pending> },
    Many(Folder<'a>),
}

impl Write {
    fn open(&self, scheduler: &Arc<Scheduler>) -> Result<Files<'_>> {
        let failed = |error| failure(&self.path, &error);
        if let Some(keys) = &self.keys {
            return Ok(Files::Many(Folder::create(&self.path, self.format, keys, &self.schema)?));
        }
        let (file, pending) = Pending::file(&self.path).map_err(failed)?;
        let destination = if pending.is_some() { Destination::File } else { Destination::Stream };
        let mut writer = (self.format.open)(buffered(file), &self.schema, destination).map_err(failed)?;
        writer.share(Arc::new(Threads(scheduler.clone())));
        Ok(Files::One { writer, pending })
    }
}

/// A file that is written in large pieces.
pub(super) fn buffered(file: File) -> Out {
    Box::new(BufWriter::with_capacity(PIECE, file))
}

impl Files<'_> {
    fn write(&mut self, batch: Batch, path: &str) -> Result<()> {
        match self {
            Self::One { writer, .. } => writer.write(&batch.into_record_batch()?).map_err(|error| failure(path, &error)),
            Self::Many(folder) => folder.write(&batch.dense()?),
        }
    }

    fn pending_bytes(&self) -> usize {
        match self {
            Self::One { writer, .. } => writer.pending_bytes(),
            Self::Many(folder) => folder.pending_bytes(),
        }
    }

    /// Halves these bytes at least.
    fn shrink(&mut self, path: &str) -> Result<()> {
        match self {
            Self::One { writer, .. } => writer.shrink().map_err(|error| failure(path, &error)),
            Self::Many(folder) => folder.shrink(),
        }
    }

    /// Whether what is written is read while it is written.
    fn is_stream(&self) -> bool {
        matches!(self, Self::One { pending: None, .. })
    }

    fn finish(self, path: &str) -> Result<Option<Pending>> {
        match self {
            Self::One { writer, pending } => writer.finish().map(|()| pending).map_err(|error| failure(path, &error)),
            Self::Many(folder) => folder.finish().map(Some),
        }
    }
}

impl StageSink for Write {
    fn collect(&self, pipeline: Pipeline, scheduler: &Arc<Scheduler>) -> Result<Arc<dyn Source>, Stop> {
        let cx = pipeline.cx.clone();
        let mut files = self.open(scheduler)?;
        let mut memory = cx.budget.reserve("rows that are not written yet");
        let mut rows = 0;
        let enough = self.limit.map(|(offset, count)| offset.saturating_add(count));
        for piece in Stream::new(pipeline, enough, self.limit, scheduler) {
            let (batch, _memory) = match piece {
                // What went into a pipe cannot be taken back.
                Err(Stop::Restart(restart)) if rows > 0 && files.is_stream() => return Err(too_late(&sentence(&restart), rows).into()),
                piece => piece?,
            };
            cx.cancel.check()?;
            rows += batch.len() as u64;
            if files.is_stream() {
                cx.outputs.set_gone();
            }
            files.write(batch, &self.path)?;
            if memory.resize(files.pending_bytes()) == Grant::Full {
                files.shrink(&self.path)?;
                memory.require(files.pending_bytes())?;
            }
        }
        if let Some(pending) = files.finish(&self.path)? {
            cx.outputs.add(&self.path, pending);
        }
        cx.counters.wrote(rows);
        Ok(Arc::new(Batches::new(Vec::new(), Vec::new())))
    }

    fn is_cut(&self) -> bool {
        self.limit.is_some()
    }

    fn explain(&self) -> String {
        format!("{} in order", self.text)
    }
}
