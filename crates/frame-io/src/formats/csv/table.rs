//! An opened CSV file: its names, classes and partitions.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use frame_core::{Error, QueryError, Result};

use super::class::Class;
use super::partition::PartitionReader;
use super::structure::{Marks, Scanner};
use super::{header, infer, split};
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
    /// Bytes of the file in a partition.
    pub partition_bytes: u64,
    /// Bytes that are read and parsed at a time.
    pub chunk_bytes: usize,
}

impl Default for CsvSettings {
    fn default() -> Self {
        Self { delimiter: b',', has_header: true, names: Vec::new(), types: Vec::new(), partition_bytes: 16 << 20, chunk_bytes: 256 << 10 }
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
    partition_bytes: u64,
    /// Where the first record begins.
    pub(super) data_start: u64,
    /// Record starts that the classes were inferred from and that the partitions prove, ascending.
    pub(super) samples: Vec<u64>,
    starts: Starts,
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
            partition_bytes: settings.partition_bytes.max(1),
            data_start: header.data_start,
            samples: Vec::new(),
            starts: Starts::Guessed((0..partitions).map(|_| OnceLock::new()).collect()),
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
}

impl Opened {
    /// Widens the inferred classes by what is known of them, and makes the schema.
    fn apply(&mut self, settings: &CsvSettings, learnt: &Learnt) -> Result<()> {
        for (name, data_type) in &settings.types {
            let known = || self.columns.iter().map(|column| column.name.clone()).collect();
            let Some(at) = self.columns.iter().position(|column| column.name == *name) else {
                return Err(Error::new(QueryError::UnknownColumn { name: name.clone(), known: known() }));
            };
            self.columns[at].class = given_class(name, data_type)?;
            self.columns[at].fixed = true;
        }
        for column in self.columns.iter_mut().filter(|column| !column.fixed) {
            column.class = learnt.classes.get(&column.name).map_or(column.class, |class| column.class.join(*class));
        }
        let fields: Vec<Field> = self.columns.iter().map(|column| Field::new(&column.name, column.class.data_type(), true)).collect();
        self.schema = Arc::new(Schema::new(fields));
        Ok(())
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

    /// The stop of a reader that has learnt something of the file.
    pub(super) fn restart(&self, lesson: Lesson) -> Stop {
        Stop::Restart(Restart { file: self.file.path().to_owned(), lesson })
    }

    /// Whether the record starts are known and not guessed.
    pub(super) fn has_exact_splits(&self) -> bool {
        matches!(self.starts, Starts::Exact(_))
    }
}

/// The class that holds the values of a type given with `--types`.
fn given_class(column: &str, data_type: &DataType) -> Result<Class> {
    match data_type {
        DataType::Boolean => Ok(Class::Bool),
        DataType::Int64 => Ok(Class::Int),
        DataType::Float64 => Ok(Class::Float),
        DataType::Date32 => Ok(Class::Date),
        DataType::Timestamp(_, None) => Ok(Class::Timestamp),
        DataType::Utf8View | DataType::Utf8 => Ok(Class::Text),
        other => Err(Error::new(QueryError::Usage(format!("column `{column}` of a CSV cannot be read as {other}")))
            .hint("bool, int, float, date, timestamp or text; cast in the query for other types")),
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

    fn rows(&self) -> Option<u64> {
        None
    }

    fn open(&self, partition: usize, request: &Arc<ScanRequest>) -> Result<Box<dyn BatchReader>, Stop> {
        Ok(Box::new(PartitionReader::new(self.0.clone(), partition, request.clone())?))
    }

    fn close(&self) -> Result<(), Stop> {
        Ok(self.0.file.check_unchanged()?)
    }
}
