//! An opened CSV file: its names, classes and partitions.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use frame_core::{Error, QueryError, Result, TableFigures};
use frame_memory::MemoryBudget;

use super::class::Class;
use super::notation::Notation;
use super::partition::PartitionReader;
use super::policy::{BadValues, RaggedRows};
use super::rejects::{Reject, Rejects};
use super::structure::{Marks, Scanner};
use super::{figures, header, infer, split};
use crate::position::locate;
use crate::spots::Newlines;
use crate::{BatchReader, Lesson, ReadAt, Restart, ScanRequest, Stop, Table};

/// How to read a file.
#[derive(Debug, Clone)]
pub struct CsvSettings {
    /// Between fields.
    pub delimiter: u8,
    /// Whether the first record names the columns.
    pub has_header: bool,
    /// Names of the columns; empty for those of the header, or `column_1`, `column_2` … without one.
    pub names: Vec<String>,
    /// Columns whose type is given and not inferred.
    pub types: Vec<(String, DataType)>,
    /// How numbers are written.
    pub notation: Notation,
    /// What becomes of rows with too few or too many fields.
    pub ragged: RaggedRows,
    /// What becomes of values that do not fit.
    pub bad_values: BadValues,
    /// Where the rows go that are left out.
    pub rejects: Option<Arc<Rejects>>,
    /// Bytes of the file in a partition.
    pub partition_bytes: u64,
    /// Bytes that are read and parsed at a time.
    pub chunk_bytes: usize,
}

impl Default for CsvSettings {
    fn default() -> Self {
        Self {
            delimiter: b',',
            has_header: true,
            names: Vec::new(),
            types: Vec::new(),
            notation: Notation::default(),
            ragged: RaggedRows::default(),
            bad_values: BadValues::default(),
            rejects: None,
            partition_bytes: 16 << 20,
            chunk_bytes: 256 << 10,
        }
    }
}

/// What earlier attempts at a file have taught.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Learnt {
    /// Classes that columns have at least.
    pub classes: BTreeMap<String, Class>,
    /// Some guess at a record start was wrong: read the file from its start to find them.
    pub exact_splits: bool,
}

/// An opened CSV file.
#[derive(Debug, Clone)]
pub struct CsvTable(Arc<Opened>);

#[derive(Debug)]
pub(super) struct Opened {
    pub(super) file: Arc<dyn ReadAt>,
    pub(super) scanner: Scanner,
    pub(super) schema: SchemaRef,
    pub(super) columns: Vec<Column>,
    pub(super) chunk_bytes: usize,
    pub(super) notation: Notation,
    pub(super) ragged: RaggedRows,
    pub(super) bad_values: BadValues,
    pub(super) rejects: Option<Arc<Rejects>>,
    partition_bytes: u64,
    /// Where the first record begins.
    pub(super) data_start: u64,
    /// Record starts that the classes were inferred from and that the partitions prove, ascending.
    pub(super) samples: Vec<u64>,
    starts: Starts,
    /// How many lines lie in front of a byte.
    pub(super) newlines: Newlines,
}

/// A column of the file.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) class: Class,
    /// The type was given: a value that does not fit is an error and widens nothing.
    pub(super) fixed: bool,
}

/// Where the partitions begin.
#[derive(Debug)]
enum Starts {
    /// Guessed when first asked for, and proved by the partition before.
    Guessed(Vec<OnceLock<u64>>),
    /// Found by reading the file from its start.
    Exact(Vec<u64>),
}

impl CsvTable {
    /// Opens a file: reads its header, and samples of it to infer the types.
    ///
    /// # Errors
    /// `DataError` for an empty file or text that is not UTF-8 in the header; `QueryError` for names or types that do not fit the file.
    pub fn open(file: Arc<dyn ReadAt>, settings: &CsvSettings, learnt: &Learnt) -> Result<Self> {
        let scanner = Scanner::new(Marks { delimiter: settings.delimiter, quote: b'"' });
        let header = header::read(file.as_ref(), scanner.marks(), settings)?;
        let len = file.len();
        let partitions = (len - header.data_start).div_ceil(settings.partition_bytes.max(1)).max(1) as usize;
        let mut table = Opened {
            scanner,
            schema: Arc::new(Schema::empty()),
            columns: header.names.into_iter().map(|name| Column { name, class: Class::Null, fixed: false }).collect(),
            chunk_bytes: settings.chunk_bytes,
            notation: settings.notation,
            ragged: settings.ragged,
            bad_values: settings.bad_values,
            rejects: settings.rejects.clone(),
            partition_bytes: settings.partition_bytes.max(1),
            data_start: header.data_start,
            samples: Vec::new(),
            starts: Starts::Guessed((0..partitions).map(|_| OnceLock::new()).collect()),
            newlines: Newlines::default(),
            file,
        };
        let places = infer::places(table.data_start, len);
        table.samples = if learnt.exact_splits {
            let borders: Vec<u64> = (0..partitions).map(|partition| table.border(partition)).collect();
            table.starts = Starts::Exact(split::exact(&table, &borders)?);
            split::exact(&table, &places)?
        } else {
            places.into_iter().map(|place| split::guess(&table, place)).collect::<Result<_>>()?
        };
        table.samples.dedup();
        infer::classes(&mut table)?;
        table.apply(settings, learnt)?;
        Ok(Self(Arc::new(table)))
    }

    /// What the readers of the table share.
    pub(super) fn opened(&self) -> &Arc<Opened> {
        &self.0
    }
}

impl Opened {
    /// Widens the inferred classes by what is known of them, and makes the schema.
    fn apply(&mut self, settings: &CsvSettings, learnt: &Learnt) -> Result<()> {
        for (name, data_type) in &settings.types {
            let known = || self.columns.iter().map(|column| column.name.clone()).collect();
            let Some(at) = self.columns.iter().position(|column| column.name == *name) else {
                return Err(Error::new(QueryError::UnknownColumn { name: name.clone(), known: known() }));
            };
            self.columns[at].class = Class::given(name, data_type)?;
            self.columns[at].fixed = true;
        }
        for column in self.columns.iter_mut().filter(|column| !column.fixed) {
            column.class = learnt.classes.get(&column.name).map_or(column.class, |class| column.class.join(*class));
        }
        let fields: Vec<Field> = self.columns.iter().map(|column| Field::new(&column.name, column.class.data_type(), true)).collect();
        self.schema = Arc::new(Schema::new(fields));
        Ok(())
    }

    /// A piece of the file, read like the whole of it: it begins with a record, behind the header if it is the first one.
    pub(super) fn piece(&self, file: Arc<dyn ReadAt>, is_first: bool) -> Self {
        let data_start = if is_first { self.data_start.min(file.len()) } else { 0 };
        Self {
            file,
            scanner: self.scanner,
            schema: self.schema.clone(),
            columns: self.columns.clone(),
            chunk_bytes: self.chunk_bytes,
            notation: self.notation,
            ragged: self.ragged,
            bad_values: self.bad_values,
            rejects: self.rejects.clone(),
            partition_bytes: u64::MAX,
            data_start,
            samples: Vec::new(),
            starts: Starts::Exact(vec![data_start]),
            newlines: Newlines::default(),
        }
    }

    /// The byte from which on records belong to partition `partition`.
    fn border(&self, partition: usize) -> u64 {
        (self.data_start + partition as u64 * self.partition_bytes).min(self.file.len())
    }

    pub(super) fn partitions(&self) -> usize {
        match &self.starts {
            Starts::Guessed(starts) => starts.len(),
            Starts::Exact(starts) => starts.len(),
        }
    }

    /// The byte from which on records belong to the partition after `partition`.
    pub(super) fn end(&self, partition: usize) -> u64 {
        if partition + 1 == self.partitions() { self.file.len() } else { self.border(partition + 1) }
    }

    /// The first record start at or behind the border of a partition, as far as anyone can tell from there.
    pub(super) fn start(&self, partition: usize) -> Result<u64> {
        match &self.starts {
            Starts::Exact(starts) => Ok(starts[partition]),
            Starts::Guessed(starts) => match starts[partition].get() {
                Some(start) => Ok(*start),
                None => split::guess(self, self.border(partition)).map(|start| *starts[partition].get_or_init(|| start)),
            },
        }
    }

    /// Readable bytes behind the padding of a buffer: fields that a record lacks reach a byte each behind its end.
    pub(super) fn slack(&self) -> usize {
        if self.ragged == RaggedRows::Pad { self.columns.len() + 1 } else { 0 }
    }

    /// Leaves a row out that begins at `byte` of the file.
    pub(super) fn reject(&self, byte: u64, column: Option<&str>, reason: String, raw: &[u8], budget: &MemoryBudget) -> Result<()> {
        let Some(rejects) = &self.rejects else { return Ok(()) };
        let (before, _) = self.file.origin();
        // A piece of a stream is small, and its line is known; the lines of a file are counted in one go when all rows are known.
        let is_near = (before > 0 || self.partition_bytes == u64::MAX) && !self.file.is_turned();
        let line = if is_near { locate(self.file.as_ref(), byte, None).line } else { None };
        let raw = raw.strip_suffix(b"\n").unwrap_or(raw);
        let raw = raw.strip_suffix(b"\r").unwrap_or(raw).to_vec();
        rejects.add(self.file.path(), before + byte, Reject { line, column: column.map(str::to_owned), reason, raw }, budget)
    }

    /// The stop of a reader that has learnt something of the file.
    pub(super) fn restart(&self, lesson: Lesson) -> Stop {
        Stop::Restart(Restart { file: self.file.path().to_owned(), lesson })
    }

    /// Whether the record starts are known and not guessed.
    pub(super) fn has_exact_splits(&self) -> bool {
        matches!(self.starts, Starts::Exact(_))
    }
}

impl Table for CsvTable {
    fn schema(&self) -> &SchemaRef {
        &self.0.schema
    }

    fn partitions(&self) -> usize {
        self.0.partitions()
    }

    fn partition_bytes(&self, partition: usize) -> u64 {
        self.0.end(partition) - self.0.border(partition)
    }

    fn classes(&self) -> Vec<(String, Class)> {
        self.0.columns.iter().filter(|column| !column.fixed).map(|column| (column.name.clone(), column.class)).collect()
    }

    fn rows(&self) -> Option<u64> {
        None
    }

    fn has_figures(&self) -> bool {
        true
    }

    fn figures(&self) -> frame_core::Result<TableFigures> {
        figures::figures(&self.0)
    }

    fn open(&self, partition: usize, request: &Arc<ScanRequest>) -> Result<Box<dyn BatchReader>, Stop> {
        Ok(Box::new(PartitionReader::new(self.0.clone(), partition, request.clone())?))
    }

    fn close(&self) -> Result<(), Stop> {
        Ok(self.0.file.check_unchanged()?)
    }
}
