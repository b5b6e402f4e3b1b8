//! An answer as rows of text: the writer of every text format. A file gets them from several threads that put batches into text, while
//! one of them writes the texts of those before; a stream gets each batch when it comes.

use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::RecordBatch;
use frame_core::memory_bytes;

use super::{RowWriter, Spelling};
use crate::formats::writer::each;
use crate::formats::{Destination, Out, Workers, Writer};

/// Batches that are put into text at a time.
const GROUP: usize = 8;

/// Rows, what was pushed before them, and what comes behind them.
pub(crate) struct Rows<S> {
    rows: RowWriter<Out, S>,
    end: &'static [u8],
    destination: Destination,
    /// Those who help, if it is a file.
    workers: Option<Arc<dyn Workers>>,
    /// Batches that are no text yet.
    batches: Vec<RecordBatch>,
    /// Texts that are not written yet.
    texts: Vec<Vec<u8>>,
    /// Room for more.
    spare: Vec<Vec<u8>>,
}

/// What one of those who help does.
enum Part<'a> {
    Write(&'a mut Out, Vec<Vec<u8>>),
    Format(RecordBatch, Vec<u8>),
}

impl<S: Spelling> Rows<S> {
    /// An answer of rows whose columns are set, with `end` behind the last one.
    pub(crate) fn new(rows: RowWriter<Out, S>, end: &'static [u8], destination: Destination) -> Self {
        Self { rows, end, destination, workers: None, batches: Vec::new(), texts: Vec::new(), spare: Vec::new() }
    }
}

impl<S: Spelling + Sync> Rows<S> {
    /// Writes the texts that are ready, and makes those of the batches that wait.
    fn advance(&mut self, workers: &dyn Workers) -> io::Result<()> {
        let (out, form) = (&mut self.rows.out, &self.rows.form);
        let mut parts = vec![Part::Write(out, std::mem::take(&mut self.texts))];
        parts.extend(self.batches.drain(..).map(|batch| Part::Format(batch, self.spare.pop().unwrap_or_default())));
        let done = each(parts, workers, |part| match part {
            Part::Write(out, mut texts) => {
                texts.iter().try_for_each(|text| out.write_all(text))?;
                texts.iter_mut().for_each(Vec::clear);
                Ok(texts)
            }
            Part::Format(batch, mut text) => {
                form.append(&batch, &mut Vec::new(), &mut text, |_| Ok(()))?;
                Ok(vec![text])
            }
        });
        let mut done = done.into_iter().map(|done| done.unwrap_or_else(|| Err(io::Error::other("rows that nobody has put into text"))));
        self.spare.extend(done.next().transpose()?.into_iter().flatten());
        for texts in done {
            self.texts.extend(texts?);
        }
        Ok(())
    }

    /// Writes everything.
    fn settle(&mut self) -> io::Result<()> {
        let Some(workers) = self.workers.clone() else { return Ok(()) };
        if !self.batches.is_empty() {
            self.advance(workers.as_ref())?;
        }
        self.advance(workers.as_ref())
    }
}

impl<S: Spelling + Sync> Writer for Rows<S> {
    fn share(&mut self, workers: Arc<dyn Workers>) {
        self.workers = (self.destination == Destination::File).then_some(workers);
    }

    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let Some(workers) = self.workers.clone() else { return self.rows.write(batch) };
        self.batches.push(batch.clone());
        if self.batches.len() < GROUP { Ok(()) } else { self.advance(workers.as_ref()) }
    }

    fn pending_bytes(&self) -> usize {
        let of_batches = self.batches.iter().flat_map(RecordBatch::columns).map(memory_bytes).sum::<usize>();
        of_batches + self.texts.iter().chain(&self.spare).map(Vec::capacity).sum::<usize>()
    }

    fn shrink(&mut self) -> io::Result<()> {
        self.settle()?;
        self.spare.clear();
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.settle()?;
        self.rows.push(self.end)?;
        self.rows.into_inner().flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use arrow::array::Int64Array;

    use super::*;
    use crate::formats::{Alone, by_name};

    /// Bytes that stay when the writer has gone.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn shared_work_gives_the_same_text() {
        let batch = |first: i64, rows: i64| {
            RecordBatch::try_from_iter([("n", Arc::new(Int64Array::from_iter_values(first..first + rows)) as _)]).expect("a batch")
        };
        let batches: Vec<_> = (0..3 * GROUP as i64 + 1).map(|at| batch(at * 5000, at % 3 * 1500)).collect();
        let written = |name: &str, destination: Destination, shrinks: bool| {
            let (kept, format) = (Kept::default(), by_name(name).expect("a format"));
            let mut writer = (format.open)(Box::new(kept.clone()), &batches[0].schema(), destination).expect("a writer");
            writer.share(Arc::new(Alone));
            for batch in &batches {
                writer.write(batch).expect("memory");
                let pending = writer.pending_bytes();
                assert!(destination == Destination::File || pending == 0, "a stream waits for nothing");
                if shrinks {
                    writer.shrink().expect("memory");
                    assert_eq!(writer.pending_bytes(), 0);
                }
            }
            writer.finish().expect("memory");
            let text = kept.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
            String::from_utf8(text).expect("text")
        };
        for name in ["csv", "tsv", "ndjson", "markdown", "html"] {
            let plain = written(name, Destination::Stream, false);
            assert!(plain.contains("6499"), "the last row of the second batch: {name}");
            assert_eq!(written(name, Destination::File, false), plain, "{name}");
            assert_eq!(written(name, Destination::File, true), plain, "{name}");
        }
    }
}
