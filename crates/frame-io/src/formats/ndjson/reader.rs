//! Reading a stretch of JSON lines: from the first line that begins in it to the one that begins behind its end.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::compute::filter;
use arrow::datatypes::{Schema, SchemaRef};
use frame_core::{Batch, DataError, Error, ErrorKind, QueryError, Result, keep_sound};
use frame_memory::Reservation;

use super::column::{Column, Refusal, find};
use super::json::{Fault, Json, Kind};
use super::shape::Shape;
use super::table::Lines;
use crate::formats::csv::{BadValues, Reject};
use crate::position::locate;
use crate::spots::{Newlines, Spots};
use crate::streams::last_line;
use crate::{BatchReader, Lesson, ReadAt, Restart, RowLedger, ScanRequest, Stop};

/// The largest line that is accepted.
const LINE_BYTES_MAX: usize = 1 << 30;

/// The first line start at or behind `place`, which is not the start of the file.
pub(super) fn line_start(file: &dyn ReadAt, place: u64) -> Result<u64> {
    let mut from = place - 1;
    let mut bytes = vec![0; 64 << 10];
    loop {
        let read = file.read_at(&mut bytes, from)?;
        match memchr::memchr(b'\n', &bytes[..read]) {
            Some(at) => return Ok(from + at as u64 + 1),
            None if read == 0 => return Ok(file.len()),
            None => from += read as u64,
        }
    }
}

/// Reads the lines that begin in a stretch of a file.
pub(super) struct LineReader {
    file: Arc<dyn ReadAt>,
    lines: Arc<Lines>,
    request: Arc<ScanRequest>,
    wanted: Wanted,
    /// The byte of the file at which the next line begins; lines that begin at or behind the second one are not ours.
    stretch: Range<u64>,
    bytes: Vec<u8>,
    /// What of `bytes` is whole lines that were not read yet.
    ready: Range<usize>,
    /// Up to where `bytes` is UTF-8.
    valid: usize,
    /// The byte of the file that stands first in `bytes`.
    offset: u64,
    /// Where the rows stand, if anyone asks.
    spots: Spots,
    ledger: RowLedger,
    /// Told once the rows in front of it are out.
    stop: Option<Stop>,
    memory: Reservation,
    /// The file is a piece of a stream.
    is_piece: bool,
}

/// The columns that a request names.
struct Wanted {
    /// Their places in the file's list, each once.
    named: Vec<usize>,
    /// Places in `named`: what comes out, and what the filter reads.
    output: Vec<usize>,
    filter: Vec<usize>,
    schema: SchemaRef,
    /// All columns are named, so a new key would be one more.
    is_all: bool,
}

impl Wanted {
    fn new(lines: &Lines, request: &ScanRequest) -> Result<Self> {
        let mut named: Vec<usize> = Vec::new();
        let mut place = |name: &String| -> Result<usize> {
            let known = || lines.columns.iter().map(|column| column.name.clone()).collect();
            let at = lines.columns.iter().position(|column| column.name == *name);
            let at = at.ok_or_else(|| Error::new(QueryError::UnknownColumn { name: name.clone(), known: known() }))?;
            Ok(named.iter().position(|named| *named == at).unwrap_or_else(|| {
                named.push(at);
                named.len() - 1
            }))
        };
        let output: Vec<usize> = request.columns.iter().map(&mut place).collect::<Result<_>>()?;
        let filter = request.filter.as_ref().map_or(&[][..], |filter| filter.columns()).iter().map(&mut place).collect::<Result<_>>()?;
        request.checked.iter().map(&mut place).collect::<Result<Vec<_>>>()?;
        let fields = output.iter().map(|at| lines.schema.fields()[named[*at]].clone());
        let fields: Vec<_> = fields.chain(request.spots.iter().map(|spot| Arc::new(spot.field()))).collect();
        let is_all = named.len() == lines.columns.len();
        Ok(Self { named, output, filter, schema: Arc::new(Schema::new(fields)), is_all })
    }
}

impl LineReader {
    /// Starts at the first byte of `stretch`, where a line begins.
    ///
    /// # Errors
    /// `QueryError::UnknownColumn`; what counting the lines before it can fail with.
    pub(super) fn new(
        file: Arc<dyn ReadAt>,
        lines: Arc<Lines>,
        stretch: Range<u64>,
        newlines: &Newlines,
        request: Arc<ScanRequest>,
    ) -> Result<Self> {
        Ok(Self {
            spots: Spots::new(&request.spots, file.as_ref(), stretch.start, newlines)?,
            wanted: Wanted::new(&lines, &request)?,
            offset: stretch.start,
            memory: request.budget.reserve("reading JSON"),
            bytes: Vec::new(),
            ready: 0..0,
            valid: 0,
            ledger: RowLedger::default(),
            stop: None,
            is_piece: false,
            file,
            lines,
            request,
            stretch,
        })
    }

    /// The same in a piece of a stream.
    pub(super) fn in_piece(self) -> Self {
        Self { is_piece: true, ..self }
    }

    /// Reads until there is a whole line in hand; answers whether there is one.
    fn fill(&mut self) -> Result<bool> {
        self.spots.pass(&self.bytes, self.offset, self.ready.end);
        let mut size = self.lines.chunk_bytes;
        loop {
            self.request.cancel.check()?;
            if self.stretch.start >= self.stretch.end.min(self.file.len()) {
                return Ok(false);
            }
            let rest = self.file.len() - self.stretch.start;
            let wanted = (size as u64).min(rest) as usize;
            self.memory.require(2 * wanted)?;
            self.bytes.resize(wanted, 0);
            self.file.read_exact_at(&mut self.bytes, self.stretch.start)?;
            self.offset = self.stretch.start;
            let end = if wanted as u64 == rest { Some(wanted) } else { last_line(&self.bytes) };
            match end {
                Some(end) => {
                    self.ready = 0..end;
                    self.stretch.start += end as u64;
                    self.cut();
                    self.valid =
                        simdutf8::compat::from_utf8(&self.bytes[self.ready.clone()]).map_or_else(|error| error.valid_up_to(), str::len);
                    return Ok(true);
                }
                None if size >= LINE_BYTES_MAX => {
                    let position = locate(self.file.as_ref(), self.offset, None);
                    return Err(Error::new(DataError::RecordTooLarge { position, limit: LINE_BYTES_MAX as u64 }));
                }
                None => size = (size * 2).min(LINE_BYTES_MAX),
            }
        }
    }

    /// Leaves the lines that begin behind the end to the next partition.
    fn cut(&mut self) {
        let ours = self.stretch.end.saturating_sub(self.offset) as usize;
        if ours < self.ready.end {
            // The line that holds the last of our bytes is ours.
            let behind = memchr::memchr(b'\n', &self.bytes[ours.saturating_sub(1)..self.ready.end]);
            self.ready.end = behind.map_or(self.ready.end, |at| ours.saturating_sub(1) + at + 1);
        }
    }

    /// The next rows as columns and the places at which their lines begin, up to a batch of them or the first that does not count.
    fn rows(&mut self) -> (Vec<Column>, Vec<usize>) {
        let fresh = |at: &usize| (self.lines.columns[*at].name.clone(), Column::new(&self.lines.columns[*at].shape));
        let mut columns: Vec<(String, Column)> = self.wanted.named.iter().map(fresh).collect();
        let mut starts = Vec::new();
        while starts.len() < self.request.batch_rows.max(1) && !self.ready.is_empty() {
            let rest = &self.bytes[self.ready.clone()];
            let len = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
            if self.ready.start + len > self.valid {
                let position = locate(self.file.as_ref(), self.offset + self.valid as u64, None);
                self.stop = Some(Stop::Failed(Error::new(DataError::Encoding { position })));
                break;
            }
            let line = &rest[..len];
            if !line.iter().all(u8::is_ascii_whitespace) {
                if let Err(refusal) = push_row(&mut columns, starts.len(), line, self.wanted.is_all) {
                    let stop = self.refused(refusal, line);
                    match stop {
                        // The line is left out; the next batch begins behind it.
                        Stop::Failed(error) if self.lines.bad_values == BadValues::Reject => {
                            let (at, line) = (self.ready.start, line.to_vec());
                            self.ready.start += len;
                            self.ledger.add(RowLedger { read: 1, rejected: 1, ..RowLedger::default() });
                            self.stop = self.reject(at, &line, &error).err().map(Stop::Failed);
                        }
                        stop => self.stop = Some(stop),
                    }
                    break;
                }
                starts.push(self.ready.start);
            }
            self.ready.start += len;
        }
        (columns.into_iter().map(|(_, column)| column).collect(), starts)
    }

    /// Lists a line that is left out: it begins at `at` of the bytes in hand.
    fn reject(&self, at: usize, line: &[u8], error: &Error) -> Result<()> {
        let Some(rejects) = &self.lines.rejects else { return Ok(()) };
        let (column, reason) = match error.kind() {
            ErrorKind::Data(DataError::Json { reason, .. }) => (None, (*reason).to_owned()),
            ErrorKind::Data(DataError::Value { position, value, .. }) => {
                let column = position.as_ref().and_then(|position| position.column.clone());
                let class = column.as_ref().and_then(|(number, _)| self.lines.columns[number - 1].shape.data_type_name());
                (column.map(|(_, name)| name), format!("{value} is no {}", class.unwrap_or("such value")))
            }
            _ => return Err(error.clone()),
        };
        let byte = self.offset + at as u64;
        let (before, _) = self.file.origin();
        // A piece of a stream is small; the lines of a file are counted in one go when all rows are known.
        let number = if self.is_piece { locate(self.file.as_ref(), byte, None).line } else { None };
        let raw = line.strip_suffix(b"\n").unwrap_or(line);
        let raw = raw.strip_suffix(b"\r").unwrap_or(raw).to_vec();
        rejects.add(self.file.path(), before + byte, Reject { line: number, column, reason, raw }, &self.request.budget)
    }

    /// What a row that was not taken means for the run.
    fn refused(&self, refusal: Refused, line: &[u8]) -> Stop {
        let byte = |at: usize| self.offset + (self.ready.start + at) as u64;
        let fault = |at: usize, reason| {
            let position = locate(self.file.as_ref(), byte(at.min(line.trim_ascii_end().len())), None);
            Stop::Failed(Error::new(DataError::Json { position, reason }))
        };
        // What is no JSON has no shape, and would teach nothing.
        let lesson = |column: String, known: Shape, start: usize| match Shape::of(&mut Json::new(&line[start..])) {
            Err(refused) => fault(start + refused.at, refused.reason),
            Ok(shape) => {
                let lesson = Lesson::Reshape { column, shape: known.join(shape), byte: self.file.origin().0 + byte(start) };
                Stop::Restart(Restart { file: self.file.path().to_owned(), lesson })
            }
        };
        match refusal {
            Refused::Fault(refused) => fault(refused.at, refused.reason),
            Refused::Unknown { key, start } => lesson(key, Shape::NULL, start),
            Refused::Misfit { column, start } => {
                let index = self.wanted.named[column];
                let column = &self.lines.columns[index];
                if !column.fixed {
                    return lesson(column.name.clone(), column.shape.clone(), start);
                }
                let mut json = Json::new(&line[start..]);
                let value = json.skip().map(|()| String::from_utf8_lossy(json.since(0)).into_owned()).unwrap_or_default();
                let expected = format!("{:?}, the type given for this column", column.shape.data_type()).to_lowercase();
                let position = locate(self.file.as_ref(), byte(start), Some((index + 1, column.name.clone())));
                Stop::Failed(Error::new(DataError::Value { position: Some(position), value, expected }))
            }
        }
    }

    /// The next rows that pass the filter, if there are lines in hand.
    fn batch(&mut self) -> Result<Option<Batch>> {
        let (columns, starts) = self.rows();
        let mut rows = starts.len();
        let spots = self.spots.of_rows(self.file.as_ref(), &self.bytes, self.offset, starts.into_iter());
        let mut arrays = columns.into_iter().map(|column| column.finish(rows)).collect::<Result<Vec<ArrayRef>>>()?;
        let keep = match &self.request.filter {
            None => None,
            Some(filter) => {
                let columns: Vec<ArrayRef> = self.wanted.filter.iter().map(|at| arrays[*at].clone()).collect();
                let (keep, failure) = keep_sound(filter.as_ref(), &columns, rows)?;
                if let Some(failure) = failure {
                    rows = keep.len();
                    arrays.iter_mut().for_each(|array| *array = array.slice(0, rows));
                    self.stop = Some(Stop::Failed(failure));
                }
                Some(keep)
            }
        };
        // A row passes where the predicate is true: null and false both drop it.
        let keep = keep.map(|keep| match keep.nulls() {
            None => keep,
            Some(nulls) => BooleanArray::new(keep.values() & nulls.inner(), None),
        });
        let kept = keep.as_ref().map_or(rows, BooleanArray::true_count);
        self.ledger.add(RowLedger { read: rows as u64, kept: kept as u64, filtered: (rows - kept) as u64, rejected: 0 });
        if kept == 0 {
            return Ok(None);
        }
        let spots: Vec<ArrayRef> = spots.iter().map(|spot| spot.slice(0, rows)).collect();
        let output = self.wanted.output.iter().map(|at| &arrays[*at]).chain(&spots);
        let output = output.map(|array| match keep.as_ref().filter(|_| kept < rows) {
            None => Ok(array.clone()),
            Some(keep) => Ok(filter(array, keep)?),
        });
        Ok(Some(Batch::new(self.wanted.schema.clone(), output.collect::<Result<_>>()?, kept)?))
    }
}

/// Why a row was not taken; places are bytes of its line.
enum Refused {
    Fault(Fault),
    /// A value that does not fit its column.
    Misfit {
        column: usize,
        start: usize,
    },
    /// A key without a column.
    Unknown {
        key: String,
        start: usize,
    },
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Adds the object of a line to the columns, which have `row` values so far. Keys without a column are stepped over unless `is_all`.
fn push_row(columns: &mut [(String, Column)], row: usize, line: &[u8], is_all: bool) -> Result<(), Refused> {
    let mut json = Json::new(line);
    if json.kind().ok() != Some(Kind::Object) {
        return Err(Fault { at: json.at(), reason: "each line must be an object" }.into());
    }
    // Keys mostly come in the same order.
    let mut next = 0;
    json.object(|json, key| -> Result<(), Refused> {
        let at = find(columns, &mut next, &key);
        json.kind()?;
        let start = json.at();
        let Some(at) = at else {
            return if is_all {
                Err(Refused::Unknown { key: String::from_utf8_lossy(&key).into_owned(), start })
            } else {
                Ok(json.skip()?)
            };
        };
        if columns[at].1.len() > row {
            return Err(Fault { at: start, reason: "a key stands twice in its object" }.into());
        }
        columns[at].1.push(json).map_err(|refusal| match refusal {
            Refusal::Fault(fault) => Refused::Fault(fault),
            Refusal::Misfit => Refused::Misfit { column: at, start },
        })
    })?;
    json.end()?;
    for (_, column) in columns {
        if column.len() == row {
            column.push_null();
        }
    }
    Ok(())
}

impl BatchReader for LineReader {
    fn next(&mut self) -> Result<Option<Batch>, Stop> {
        loop {
            if let Some(stop) = self.stop.clone() {
                return Err(stop);
            }
            if self.ready.is_empty() && !self.fill()? {
                return Ok(None);
            }
            if let Some(batch) = self.batch()? {
                return Ok(Some(batch));
            }
        }
    }

    fn ledger(&self) -> RowLedger {
        self.ledger
    }
}
