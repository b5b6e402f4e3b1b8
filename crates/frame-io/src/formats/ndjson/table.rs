//! An opened file of JSON lines: its columns, found in samples spread over the file, and its partitions.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use frame_core::{DataError, Error, QueryError, Result, TableFigures};

use super::json::{Fault, Json, Kind};
use super::reader::{self, LineReader};
use super::shape::{Shape, fields_of, join_fields};
use crate::formats::csv::{BadValues, Class, Rejects};
use crate::position::locate;
use crate::sample::Sample;
use crate::spots::Newlines;
use crate::streams::{Cutter, Pieced, last_line};
use crate::{BatchReader, Content, MemoryFile, ReadAt, ScanRequest, Stop, StreamTable, Table};

/// Samples per file, and how large each may be.
const SAMPLES: u64 = 16;
const SAMPLE_BYTES: u64 = 64 << 10;
/// The largest first line of a sample.
const LINE_BYTES_MAX: u64 = 64 << 20;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How to read a file.
#[derive(Debug, Clone)]
pub struct NdjsonSettings {
    /// Columns whose type is given and not inferred.
    pub types: Vec<(String, DataType)>,
    /// What becomes of lines that are no JSON, and of values that do not fit a type that was given: `Reject` leaves the line out, else it
    /// ends the run.
    pub bad_values: BadValues,
    /// Where the lines go that are left out.
    pub rejects: Option<Arc<Rejects>>,
    /// Bytes of the file in a partition.
    pub partition_bytes: u64,
    /// Bytes that are read at a time.
    pub chunk_bytes: usize,
}

/// An opened file of JSON lines.
#[derive(Debug, Clone)]
pub struct NdjsonTable {
    file: Arc<dyn ReadAt>,
    lines: Arc<Lines>,
    partition_bytes: u64,
    /// Where the first line begins.
    data_start: u64,
    /// How many lines lie in front of a byte.
    newlines: Arc<Newlines>,
}

/// What all readers of a table share.
#[derive(Debug, Clone)]
pub(super) struct Lines {
    pub(super) schema: SchemaRef,
    pub(super) columns: Vec<Column>,
    pub(super) chunk_bytes: usize,
    pub(super) bad_values: BadValues,
    pub(super) rejects: Option<Arc<Rejects>>,
}

/// A column of the file.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) shape: Shape,
    /// The type was given: a value that does not fit is an error and widens nothing.
    pub(super) fixed: bool,
}

impl NdjsonTable {
    /// Opens a file: samples of it tell names and types. `learnt` is what earlier attempts have taught of its columns.
    ///
    /// # Errors
    /// `DataError` for an empty file; `QueryError` for types that do not fit the file.
    pub fn open(file: Arc<dyn ReadAt>, settings: &NdjsonSettings, learnt: &[(String, Shape)]) -> Result<Self> {
        let mut mark = [0; 3];
        let read = file.read_at(&mut mark, 0)?;
        let data_start = if mark[..read] == *BYTE_ORDER_MARK { BYTE_ORDER_MARK.len() as u64 } else { 0 };
        let mut fields = Vec::new();
        let step = (file.len() - data_start) / SAMPLES;
        let places = if step < SAMPLE_BYTES { 1 } else { SAMPLES };
        for sample in 0..places {
            let size = if places == 1 { SAMPLE_BYTES * SAMPLES } else { SAMPLE_BYTES };
            look(file.as_ref(), data_start + sample * step, size, sample > 0, &mut fields)?;
        }
        join_fields(&mut fields, learnt.to_vec());
        let mut columns: Vec<Column> = fields.into_iter().map(|(name, shape)| Column { name, shape, fixed: false }).collect();
        for (name, data_type) in &settings.types {
            let known = || columns.iter().map(|column| column.name.clone()).collect();
            let Some(at) = columns.iter().position(|column| column.name == *name) else {
                return Err(Error::new(QueryError::UnknownColumn { name: name.clone(), known: known() }));
            };
            columns[at].shape = Shape::Single(Class::given(name, data_type)?);
            columns[at].fixed = true;
        }
        if columns.is_empty() {
            let mut first = vec![0; file.len().min(4 << 10) as usize];
            file.read_exact_at(&mut first, 0)?;
            if !first.trim_ascii().is_empty() {
                let position = locate(file.as_ref(), data_start, None);
                return Err(Error::new(DataError::Json { position, reason: "each line must be an object" }));
            }
            let error = Error::new(DataError::Empty { file: file.path().to_owned() });
            return Err(error.hint("a file of JSON lines has an object on each line: {\"a\": 1, \"b\": \"x\"}"));
        }
        let schema = columns.iter().map(|column| Field::new(&column.name, column.shape.data_type(), true)).collect::<Vec<_>>();
        let lines = Lines {
            schema: Arc::new(Schema::new(schema)),
            columns,
            chunk_bytes: settings.chunk_bytes.max(1),
            bad_values: settings.bad_values,
            rejects: settings.rejects.clone(),
        };
        Ok(Self { file, lines: Arc::new(lines), partition_bytes: settings.partition_bytes.max(1), data_start, newlines: Arc::default() })
    }

    /// Opens lines that can only be read from their start.
    ///
    /// # Errors
    /// Those of [`NdjsonTable::open`]; `DataError::Damaged` for what cannot be unpacked.
    pub fn open_stream(content: Content, settings: &NdjsonSettings, learnt: &[(String, Shape)]) -> Result<StreamTable> {
        StreamTable::new(content, settings.partition_bytes, &LineEnds, |head| Ok(Arc::new(Self::open(head, settings, learnt)?)))
    }

    /// The whole lines of a sample, and where they begin.
    fn sampled(&self, sample: u64, step: u64) -> Result<Vec<u8>> {
        let place = self.data_start + sample * step;
        let mut bytes = vec![0; SAMPLE_BYTES.min(self.file.len() - place) as usize];
        self.file.read_exact_at(&mut bytes, place)?;
        let start = if sample > 0 { memchr::memchr(b'\n', &bytes).map_or(bytes.len(), |at| at + 1) } else { 0 };
        let is_all = place + bytes.len() as u64 == self.file.len();
        let end = if is_all { bytes.len() } else { last_line(&bytes).unwrap_or_default() };
        Ok(bytes[start..end.max(start)].to_vec())
    }

    fn border(&self, partition: usize) -> u64 {
        (self.data_start + partition as u64 * self.partition_bytes).min(self.file.len())
    }
}

/// Joins the shapes of the whole lines at `place` into `fields`. What is no JSON is left to the readers, which know its line.
fn look(file: &dyn ReadAt, place: u64, size: u64, is_inside: bool, fields: &mut Vec<(String, Shape)>) -> Result<()> {
    let mut size = size;
    loop {
        let rest = file.len() - place;
        let mut bytes = vec![0; size.min(rest) as usize];
        file.read_exact_at(&mut bytes, place)?;
        let is_all = bytes.len() as u64 == rest;
        let start = if is_inside { memchr::memchr(b'\n', &bytes).map(|at| at + 1) } else { Some(0) };
        let end = if is_all { Some(bytes.len()) } else { last_line(&bytes) };
        match (start, end) {
            (Some(start), Some(end)) if start < end || is_all => {
                for line in bytes[start.min(end)..end].split(|byte| *byte == b'\n') {
                    if let Ok(found) = fields_of_line(line) {
                        join_fields(fields, found);
                    }
                }
                return Ok(());
            }
            _ if is_all || size >= LINE_BYTES_MAX => return Ok(()),
            _ => size *= 8,
        }
    }
}

fn fields_of_line(line: &[u8]) -> Result<Vec<(String, Shape)>, Fault> {
    let mut json = Json::new(line);
    match json.kind()? {
        Kind::Object => fields_of(&mut json),
        _ => Ok(Vec::new()),
    }
}

/// Every newline ends a line: within texts JSON escapes them.
#[derive(Debug)]
struct LineEnds;

impl Cutter for LineEnds {
    fn cut(&self, bytes: &[u8], end: usize) -> Option<usize> {
        last_line(&bytes[..end])
    }
}

impl Cutter for NdjsonTable {
    fn cut(&self, bytes: &[u8], end: usize) -> Option<usize> {
        LineEnds.cut(bytes, end)
    }
}

impl Pieced for NdjsonTable {
    fn schema(&self) -> &SchemaRef {
        &self.lines.schema
    }

    fn figures(&self) -> Result<TableFigures> {
        Table::figures(self)
    }

    fn read(&self, piece: Arc<dyn ReadAt>, is_first: bool, request: &Arc<ScanRequest>) -> Result<Box<dyn BatchReader>, Stop> {
        let start = if is_first { self.data_start } else { 0 };
        let end = piece.len();
        Ok(Box::new(LineReader::new(piece, self.lines.clone(), start..end, &Newlines::default(), request.clone())?.in_piece()))
    }
}

impl Table for NdjsonTable {
    fn schema(&self) -> &SchemaRef {
        &self.lines.schema
    }

    fn partitions(&self) -> usize {
        (self.file.len() - self.data_start).div_ceil(self.partition_bytes).max(1) as usize
    }

    fn partition_bytes(&self, partition: usize) -> u64 {
        self.border(partition + 1) - self.border(partition)
    }

    fn rows(&self) -> Option<u64> {
        None
    }

    fn has_figures(&self) -> bool {
        true
    }

    fn figures(&self) -> Result<TableFigures> {
        let bytes = self.file.len() - self.data_start;
        let step = bytes / SAMPLES;
        let places = if step < SAMPLE_BYTES { 1 } else { SAMPLES };
        let mut sample = Sample::new(&self.lines.schema);
        // The run tells what is wrong with a line.
        let lines_read = Arc::new(Lines { rejects: None, ..(*self.lines).clone() });
        for place in 0..places {
            let lines = self.sampled(place, step)?;
            let len = lines.len();
            let file: Arc<dyn ReadAt> = Arc::new(MemoryFile::new(self.file.path(), lines));
            sample.add(len, usize::MAX, |request| {
                let newlines = Newlines::default();
                Ok(Box::new(LineReader::new(file, lines_read.clone(), 0..len as u64, &newlines, request.clone())?))
            });
        }
        let rows = sample.rows_of(bytes as f64).unwrap_or_default();
        // A chunk, and room for the rest of its last line.
        let reading_bytes = 2.0 * (self.lines.chunk_bytes as f64).min(bytes as f64);
        Ok(TableFigures { bytes, partitions: self.partitions(), reading_bytes, ..sample.figures(rows) })
    }

    fn open(&self, partition: usize, request: &Arc<ScanRequest>) -> Result<Box<dyn BatchReader>, Stop> {
        let border = self.border(partition);
        let start = if partition == 0 { border } else { reader::line_start(self.file.as_ref(), border)? };
        let stretch = start..self.border(partition + 1);
        Ok(Box::new(LineReader::new(self.file.clone(), self.lines.clone(), stretch, &self.newlines, request.clone())?))
    }

    fn close(&self) -> Result<(), Stop> {
        Ok(self.file.check_unchanged()?)
    }
}
