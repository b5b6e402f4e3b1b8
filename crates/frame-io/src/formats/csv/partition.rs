//! Reading a partition: chunk by chunk, from its first record to the one that begins behind its end.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::buffer::Buffer;
use frame_core::{Batch, DataError, Error, Result};
use frame_memory::Reservation;

use super::columns::Columns;
use super::parse::Rows;
use super::records::{self, LastRecord, Ragged, Stretch};
use super::structure::PADDING;
use super::table::Opened;
use crate::spots::Spots;
use crate::{BatchReader, Lesson, RowLedger, ScanRequest, Stop, position};

/// How much is read at a time behind the end of a partition, to finish its last record.
const BEHIND_THE_END: usize = 16 << 10;

/// Reads one partition.
pub(super) struct PartitionReader {
    table: Arc<Opened>,
    partition: usize,
    request: Arc<ScanRequest>,
    columns: Columns,
    /// Records that begin at or behind this byte belong to the next partition.
    end: u64,
    chunk: Chunk,
    /// Where the rows stand, if anyone asks.
    spots: Spots,
    /// Nobody asks for more than how many records there are, and so far that could be told without the bounds of their fields.
    only_counts: bool,
    ledger: RowLedger,
    /// Told once the rows in front of it are out.
    stop: Option<Stop>,
    is_done: bool,
    memory: Reservation,
}

/// The bytes in hand, and what is known of them.
struct Chunk {
    /// Padding, bytes of the file, padding. Batches may share it.
    bytes: Buffer,
    bounds: Vec<u32>,
    /// How many of the bounds stand in the order of the file; behind them are those of records that were filled up.
    in_order: usize,
    /// Good records that are not out yet.
    stretches: VecDeque<Stretch>,
    /// The same without bounds.
    counted: usize,
    /// The record that the chunk does not finish: where it begins in `bytes`, and its length.
    rest: (usize, usize),
    /// The byte of the file at which the next read begins.
    position: u64,
    /// The byte of the file that stands first in `bytes`, behind the padding.
    offset: u64,
}

impl PartitionReader {
    /// Starts at the first record of the partition.
    ///
    /// # Errors
    /// What looking for it can fail with.
    pub(super) fn new(table: Arc<Opened>, partition: usize, request: Arc<ScanRequest>) -> Result<Self> {
        let start = table.start(partition)?;
        let columns = Columns::new(&table, &request)?;
        let chunk = Chunk {
            bytes: Buffer::from_vec(Vec::<u8>::new()),
            bounds: Vec::new(),
            in_order: 0,
            stretches: VecDeque::new(),
            counted: 0,
            rest: (PADDING, 0),
            position: start,
            offset: start,
        };
        Ok(Self {
            only_counts: columns.are_none() && request.filter.is_none() && request.spots.is_empty(),
            columns,
            spots: Spots::new(&request.spots, table.file.as_ref(), start, &table.newlines)?,
            end: table.end(partition),
            chunk,
            ledger: RowLedger::default(),
            stop: None,
            is_done: false,
            memory: request.budget.reserve("reading CSV"),
            table,
            partition,
            request,
        })
    }

    /// Reads and scans until a record is complete, or to the end of the partition.
    fn next_chunk(&mut self) -> Result<()> {
        if self.chunk.position - self.chunk.rest.1 as u64 >= self.end {
            return self.finish();
        }
        let mut size = self.table.chunk_bytes.max(1);
        loop {
            self.request.cancel.check()?;
            let is_last = self.fill(size)?;
            if self.scan(is_last)? {
                return Ok(());
            }
            // Not one record ended: the next try holds twice as much.
            size = LastRecord::grown(self.chunk.rest.1.max(size)).ok_or_else(|| self.too_large())?;
        }
    }

    /// Puts the unfinished record and up to `size` more bytes of the file into a buffer; answers whether the file ends there.
    fn fill(&mut self, size: usize) -> Result<bool> {
        let len = self.table.file.len();
        let (rest_start, rest) = self.chunk.rest;
        self.spots.pass(&self.chunk.bytes, self.chunk.offset.wrapping_sub(PADDING as u64), rest_start);
        let left = len - self.chunk.position;
        let wanted = if self.chunk.position < self.end {
            (self.end - self.chunk.position).min(size as u64)
        } else {
            left.min(size.max(BEHIND_THE_END).min(BEHIND_THE_END.max(rest)) as u64)
        } as usize;
        let filled = rest + wanted;
        // One byte more for the newline that the last record of a file may lack.
        let capacity = PADDING + filled + 1 + PADDING + self.table.slack();
        let bounds_max = (filled + 66) * size_of::<u32>();
        self.memory.require(capacity + self.chunk.bytes.capacity() + bounds_max)?;
        let old = std::mem::replace(&mut self.chunk.bytes, Buffer::from_vec(Vec::<u8>::new()));
        let mut bytes = match old.into_vec::<u8>() {
            Ok(mut bytes) => {
                bytes.resize(bytes.len().max(capacity), 0);
                bytes.copy_within(rest_start..rest_start + rest, PADDING);
                bytes.truncate(capacity);
                bytes
            }
            // A batch still looks at the old one.
            Err(old) => {
                let mut bytes = vec![0; capacity];
                bytes[PADDING..PADDING + rest].copy_from_slice(&old[rest_start..rest_start + rest]);
                bytes
            }
        };
        self.table.file.read_exact_at(&mut bytes[PADDING + rest..PADDING + filled], self.chunk.position)?;
        self.chunk.offset = self.chunk.position - rest as u64;
        self.chunk.position += wanted as u64;
        let is_last = self.chunk.position == len && filled > 0;
        if is_last {
            bytes[PADDING + filled] = b'\n';
        }
        self.chunk.rest = (PADDING, filled);
        self.chunk.bytes = Buffer::from_vec(bytes);
        Ok(is_last)
    }

    /// Finds the records of a filled buffer; answers whether it got anywhere.
    fn scan(&mut self, is_last: bool) -> Result<bool> {
        if self.only_counts && !is_last && self.count() {
            return Ok(true);
        }
        let Chunk { bytes, bounds, rest, offset, in_order, .. } = &mut self.chunk;
        let fields = self.table.columns.len();
        let data_end = PADDING + rest.1;
        // The newline that the last record of a file lacks counts.
        let scan_end = data_end + usize::from(is_last && bytes[data_end - 1] != b'\n');
        let found = self.table.scanner.scan(bytes, PADDING, scan_end, bounds);
        *in_order = bounds.len();
        let records = records::split(bytes, bounds, found.newlines, fields, self.table.ragged);
        let byte = *offset + u64::from(records.rest) - PADDING as u64;
        // A ragged record in front of the quote is told first; a record behind the end is told by the next partition.
        if is_last && found.inside && records.ragged.is_none() && byte < self.end {
            let position = position::locate(self.table.file.as_ref(), byte, None);
            self.stop = Some(Stop::Failed(Error::new(DataError::UnclosedQuote { position })));
        }
        if records.stretches.is_empty() && records.ragged.is_none() && records.rest as usize == PADDING && self.stop.is_none() {
            return Ok(is_last);
        }
        *rest = (records.rest as usize, data_end.saturating_sub(records.rest as usize));
        self.prove_samples();
        self.chunk.stretches = records.stretches.into();
        if self.chunk.offset + (data_end - PADDING) as u64 > self.end || records.ragged.is_some() {
            self.cut(records.ragged, &records.rejected);
        }
        for ragged in records.rejected {
            self.reject(ragged)?;
        }
        Ok(true)
    }

    /// Counts the records of a filled buffer, if that is all there is to know of them; answers whether it did.
    fn count(&mut self) -> bool {
        let Chunk { bytes, rest, offset, position, .. } = &self.chunk;
        let samples = &self.table.samples;
        let has_sample = samples.get(samples.partition_point(|sample| sample < offset)).is_some_and(|sample| sample < position);
        if *position > self.end || has_sample {
            return false;
        }
        let data_end = PADDING + rest.1;
        let counted = self.table.scanner.count(bytes, PADDING, data_end, self.table.columns.len());
        // Where one chunk is odd, others will be.
        self.only_counts = counted.is_some();
        let Some(counted) = counted.filter(|counted| counted.records > 0) else { return false };
        self.chunk.counted = counted.records;
        self.chunk.rest = (counted.rest as usize, data_end - counted.rest as usize);
        true
    }

    /// Leaves a record with the wrong number of fields out, if it is ours.
    fn reject(&mut self, ragged: Ragged) -> Result<()> {
        let byte = self.chunk.offset + u64::from(ragged.start) - PADDING as u64;
        if byte >= self.end {
            return Ok(());
        }
        self.ledger.add(RowLedger { read: 1, rejected: 1, ..RowLedger::default() });
        let reason = format!("{} fields where the header has {}", ragged.found, self.table.columns.len());
        let raw = &self.chunk.bytes[ragged.start as usize..ragged.end as usize];
        self.table.reject(byte, None, reason, raw, &self.request.budget)
    }

    /// Leaves the records that begin behind the end to the next partition.
    fn cut(&mut self, ragged: Option<(u32, usize)>, rejected: &[Ragged]) {
        let fields = self.table.columns.len();
        let byte_of = |at: u32| self.chunk.offset + u64::from(at) - PADDING as u64;
        let mut next = None;
        for stretch in &mut self.chunk.stretches {
            let starts = self.chunk.bounds[stretch.bound..stretch.bound + stretch.records * fields].iter().step_by(fields);
            let ours = starts.clone().take_while(|start| byte_of(**start) < self.end).count();
            if ours < stretch.records && next.is_none() {
                next = starts.clone().nth(ours).copied();
            }
            stretch.records = ours;
        }
        // A record that is left out may be the first one behind the end.
        if let Some(ragged) = rejected.iter().find(|ragged| byte_of(ragged.start) >= self.end) {
            next = Some(next.map_or(ragged.start, |next: u32| next.min(ragged.start)));
        }
        match (next, ragged) {
            (Some(_), _) => {}
            (None, Some((start, found))) if byte_of(start) < self.end => {
                let position = position::locate(self.table.file.as_ref(), byte_of(start), None);
                self.stop.get_or_insert(Stop::Failed(Error::new(DataError::Ragged { position, expected: fields, found })));
            }
            (None, Some((start, _))) => next = Some(start),
            // Only blank lines may lie between the end and what is left. The newline that a file lacks is no byte of it.
            (None, None) => {
                let left = self.chunk.rest.0.min((self.chunk.position - self.chunk.offset) as usize + PADDING) as u32;
                next = (byte_of(left) >= self.end).then_some(left);
            }
        }
        if let Some(next) = next {
            // The first record behind the end: its place is all that is needed of it.
            let behind = self.first_line_behind(next);
            self.chunk.rest = (behind as usize, 0);
            self.chunk.position = byte_of(behind);
        }
    }

    /// The first line that begins at or behind the end: a blank one may come before the record at `next`.
    fn first_line_behind(&self, next: u32) -> u32 {
        let end = self.end.saturating_sub(self.chunk.offset) as usize + PADDING;
        let bounds = &self.chunk.bounds[..self.chunk.in_order];
        let at = bounds.partition_point(|bound| (*bound as usize) < end);
        let lines = bounds[at..].iter().copied();
        lines.take_while(|bound| *bound < next).find(|bound| self.chunk.bytes[*bound as usize - 1] == b'\n').unwrap_or(next)
    }

    /// Checks that the samples within the chunk begin records.
    fn prove_samples(&mut self) {
        let chunk = &self.chunk;
        let (first, last) = (chunk.offset, chunk.offset + (chunk.rest.0 - PADDING) as u64);
        let samples = &self.table.samples;
        let from = samples.partition_point(|sample| *sample < first);
        for sample in samples[from..].iter().take_while(|sample| **sample < last.min(self.end)) {
            let at = (sample - first) as usize + PADDING;
            let is_start =
                chunk.bounds[..chunk.in_order].binary_search(&(at as u32)).is_ok() && (at == PADDING || chunk.bytes[at - 1] == b'\n');
            if !is_start {
                self.stop.get_or_insert(self.table.restart(Lesson::Splits));
            }
        }
    }

    /// The end of the partition: the next one must begin where this one stopped.
    fn finish(&mut self) -> Result<()> {
        self.is_done = true;
        let stopped = self.chunk.position - self.chunk.rest.1 as u64;
        if self.partition + 1 == self.table.partitions() || self.table.start(self.partition + 1)? == stopped {
            return Ok(());
        }
        if self.table.has_exact_splits() {
            let reason = format!("a record that began at byte {stopped} does not any more");
            return Err(Error::new(DataError::Changed { file: self.table.file.path().to_owned(), reason }));
        }
        self.stop = Some(self.table.restart(Lesson::Splits));
        Ok(())
    }

    fn too_large(&self) -> Error {
        let position = position::locate(self.table.file.as_ref(), self.chunk.offset, None);
        Error::new(DataError::RecordTooLarge { position, limit: LastRecord::BYTES_MAX as u64 })
    }

    /// The next records as a batch, if there are any in hand.
    fn next_batch(&mut self) -> Result<Option<Batch>> {
        let fields = self.table.columns.len();
        if self.chunk.counted > 0 {
            let count = self.chunk.counted.min(self.request.batch_rows.max(1));
            self.chunk.counted -= count;
            self.ledger.add(RowLedger { read: count as u64, kept: count as u64, ..RowLedger::default() });
            return self.columns.without_values(count).map(Some);
        }
        while let Some(stretch) = self.chunk.stretches.front_mut() {
            let count = stretch.records.min(self.request.batch_rows.max(1));
            let first = stretch.bound;
            stretch.bound += count * fields;
            stretch.records -= count;
            if stretch.records == 0 {
                self.chunk.stretches.pop_front();
            }
            if count == 0 {
                continue;
            }
            let rows = Rows::new(&self.chunk.bytes, &self.chunk.bounds[first..=first + count * fields], fields).noted(self.table.notation);
            let offset = self.chunk.offset.wrapping_sub(PADDING as u64);
            let starts = (0..count).map(|row| self.chunk.bounds[first + row * fields] as usize);
            let spots = self.spots.of_rows(self.table.file.as_ref(), &self.chunk.bytes, offset, starts);
            let parsed = self.columns.parse(&self.table, &self.request, rows, &self.chunk.bytes, offset, &spots)?;
            self.ledger.add(parsed.ledger);
            if let Some(stop) = parsed.stop {
                self.chunk.stretches.clear();
                self.stop = Some(stop);
            }
            if parsed.batch.is_some() {
                return Ok(parsed.batch);
            }
        }
        Ok(None)
    }
}

impl BatchReader for PartitionReader {
    fn next(&mut self) -> Result<Option<Batch>, Stop> {
        loop {
            if let Some(batch) = self.next_batch()? {
                return Ok(Some(batch));
            }
            if let Some(stop) = self.stop.clone() {
                return Err(stop);
            }
            if self.is_done {
                return Ok(None);
            }
            self.next_chunk()?;
        }
    }

    fn ledger(&self) -> RowLedger {
        self.ledger
    }
}
