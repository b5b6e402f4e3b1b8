//! The inputs of a run: opened once, looked at, and remembered with what restarts have taught of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type, SchemaRef, TimeUnit, TimestampMicrosecondType};
use frame_core::{DataError, Error, QueryError, Result, Scalar, Spot, TableFigures};
use frame_io::formats::arrow::{ArrowStreamTable, ArrowTable, FILE_MAGIC, STREAM_MAGIC};
use frame_io::formats::csv::{BadValues, Class, CsvSettings, CsvTable, Learnt, Notation, RaggedRows};
use frame_io::formats::ndjson::{NdjsonSettings, NdjsonTable, Shape};
use frame_io::formats::parquet::ParquetTable;
use frame_io::{Content, Dialect, Encoding, FileAccess, Lesson, Packing, Restart, Table, url};
use frame_plan::{Catalog, FormatName, Input, Plan};

use crate::context::far_chunk_bytes;
use crate::engine::{Engine, Settings};
use crate::folders;
use crate::rejects::{self, Log};
use crate::report::Progress;

/// The opened inputs of one run.
#[derive(Debug)]
pub struct Tables {
    files: Arc<dyn FileAccess>,
    settings: Settings,
    /// Runs what a plan depends on.
    engine: Engine,
    opened: Mutex<Vec<(Input, Arc<dyn Table>)>>,
    /// Of each file, by its path.
    learnt: Mutex<HashMap<String, Lessons>>,
    /// The rows that are left out of inputs that ask for a list of them.
    logs: Mutex<Vec<(Input, Log)>>,
}

/// What restarts have taught of a file.
#[derive(Debug, Clone, Default)]
struct Lessons {
    csv: Learnt,
    /// Columns of JSON lines, in the order in which they were learnt.
    shapes: Vec<(String, Shape)>,
}

impl Tables {
    pub(crate) fn new(files: Arc<dyn FileAccess>, engine: Engine) -> Self {
        Self {
            files,
            settings: engine.settings().clone(),
            engine,
            opened: Mutex::new(Vec::new()),
            learnt: Mutex::default(),
            logs: Mutex::default(),
        }
    }

    /// What is around and in the file of an input, and its format.
    ///
    /// # Errors
    /// What opening the file and looking at it can fail with.
    pub fn content(&self, input: &Input) -> Result<(Content, FormatName)> {
        let encoding = input.csv.encoding.as_deref().map(Encoding::named).transpose()?.flatten();
        let content = Content::of(self.files.open(&input.path)?, encoding)?;
        let format = input.format.unwrap_or_else(|| recognise(&content.first, &input.path));
        Ok((content, format))
    }

    /// The table behind an input; the same one as long as nothing new is learnt of it.
    pub(crate) fn open(&self, input: &Input) -> Result<Arc<dyn Table>> {
        if let Some((_, table)) = self.lock().iter().find(|(opened, _)| opened == input) {
            return Ok(table.clone());
        }
        let table = self.open_new(input).map_err(|error| error.at(input.span))?;
        self.lock().push((input.clone(), table.clone()));
        Ok(table)
    }

    fn open_new(&self, input: &Input) -> Result<Arc<dyn Table>> {
        let (mut content, format) = self.content(input)?;
        let learnt = self.lessons().get(&input.path).cloned().unwrap_or_default();
        let dialect = dialect(input)?;
        if format == FormatName::Csv {
            content.set_dialect(&dialect);
        }
        let mut csv = self.csv_settings(input, content.dialect.as_ref().unwrap_or(&dialect))?;
        let header = (format == FormatName::Csv && csv.has_header).then_some(csv.delimiter);
        if let Some(log) = Log::of(&input.csv, &content, header)? {
            csv.rejects = Some(log.rejects.clone());
            self.logs().push((input.clone(), log));
        }
        Ok(match format {
            FormatName::Csv if content.is_plain() => Arc::new(CsvTable::open(content.file, &csv, &learnt.csv)?),
            FormatName::Csv => Arc::new(CsvTable::open_stream(content, &csv, &learnt.csv)?),
            FormatName::Ndjson => {
                let types = input.csv.types.clone();
                let (partition_bytes, chunk_bytes) = (self.settings.partition_bytes, csv.chunk_bytes);
                let settings = NdjsonSettings { types, bad_values: csv.bad_values, rejects: csv.rejects, partition_bytes, chunk_bytes };
                match content.is_plain() {
                    true => Arc::new(NdjsonTable::open(content.file, &settings, &learnt.shapes)?),
                    false => Arc::new(NdjsonTable::open_stream(content, &settings, &learnt.shapes)?),
                }
            }
            FormatName::Arrow if content.first.starts_with(STREAM_MAGIC) => Arc::new(ArrowStreamTable::open(content)?),
            FormatName::Arrow => Arc::new(ArrowTable::open(whole(&content, "Arrow IPC")?)?),
            FormatName::Parquet => Arc::new(ParquetTable::open(whole(&content, "Parquet")?)?),
        })
    }

    fn csv_settings(&self, input: &Input, dialect: &Dialect) -> Result<CsvSettings> {
        Ok(CsvSettings {
            delimiter: dialect.delimiter_read(),
            has_header: !input.csv.no_headers,
            notation: notation(input)?,
            names: input.csv.names.clone(),
            types: input.csv.types.clone(),
            partition_bytes: self.settings.partition_bytes,
            chunk_bytes: self.chunk_bytes(input),
            ragged: input.csv.ragged.as_deref().map(RaggedRows::named).transpose()?.unwrap_or_default(),
            bad_values: input.csv.bad_value.as_deref().map(BadValues::named).transpose()?.unwrap_or_default(),
            rejects: None,
        })
    }

    /// Bytes of text that are read and parsed at a time.
    fn chunk_bytes(&self, input: &Input) -> usize {
        let Settings { threads, memory_bytes, chunk_bytes, .. } = self.settings;
        if url::is_url(&input.path) { far_chunk_bytes(memory_bytes, threads, chunk_bytes) } else { chunk_bytes }
    }

    /// Writes the rows that were left out; `read` is the number of rows that were read.
    pub(crate) fn finish(&self, read: u64) -> Result<()> {
        let logs: Vec<Log> = self.logs().iter().map(|(_, log)| log.clone()).collect();
        rejects::finish(&logs, read)
    }

    fn logs(&self) -> MutexGuard<'_, Vec<(Input, Log)>> {
        self.logs.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Remembers what made an attempt stop. Tables are opened anew by the next one.
    pub(crate) fn learn(&self, restart: &Restart) {
        self.lock().clear();
        self.logs().clear();
        let mut lessons = self.lessons();
        let learnt = lessons.entry(restart.file.clone()).or_default();
        match &restart.lesson {
            Lesson::Splits => learnt.csv.exact_splits = true,
            Lesson::Widen { column, class, .. } => {
                learnt.csv.classes.insert(column.clone(), *class);
            }
            Lesson::Reshape { column, shape, .. } => match learnt.shapes.iter_mut().find(|(known, _)| known == column) {
                Some((_, known)) => *known = known.clone().join(shape.clone()),
                None => learnt.shapes.push((column.clone(), shape.clone())),
            },
        }
    }

    /// Gives the columns of several text files the types that hold the values of all of them.
    fn agree(&self, files: &[Input]) -> Result<()> {
        let mut together: Vec<(String, Class)> = Vec::new();
        let mut of_file = Vec::new();
        for input in files {
            let table = self.open(input)?;
            let classes = table.classes();
            for (name, class) in &classes {
                match together.iter_mut().find(|(known, _)| known == name) {
                    Some((_, known)) => *known = known.join(*class),
                    None => together.push((name.clone(), *class)),
                }
            }
            of_file.push(classes);
        }
        for (input, classes) in files.iter().zip(of_file) {
            let wider = |name: &String, class: Class| {
                together.iter().find(|(known, joined)| known == name && joined.data_type() != class.data_type())
            };
            let widened: Vec<(String, Class)> = classes.iter().filter_map(|(name, class)| wider(name, *class)).cloned().collect();
            if widened.is_empty() {
                continue;
            }
            self.lessons().entry(input.path.clone()).or_default().csv.classes.extend(widened);
            self.lock().retain(|(opened, _)| opened != input);
            self.logs().retain(|(opened, _)| opened != input);
        }
        Ok(())
    }

    fn lessons(&self) -> MutexGuard<'_, HashMap<String, Lessons>> {
        self.learnt.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Input, Arc<dyn Table>)>> {
        self.opened.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// How the text of an input is delimited.
fn dialect(input: &Input) -> Result<Dialect> {
    let by_name = if Packing::stripped(url::named(&input.path)).ends_with(".tsv") { "\t" } else { "," };
    let byte = |what: &str, text: &Option<String>| match text.as_deref().map(str::as_bytes) {
        None | Some([]) => Ok(None),
        Some([byte]) if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Ok(Some(*byte)),
        Some(_) => Err(Error::new(QueryError::Usage(format!("the {what} must be one letter of ASCII"))).hint("for example ' or \\")),
    };
    let delimiter = input.csv.delimiter.as_deref().unwrap_or(by_name);
    if delimiter.is_empty() || delimiter.contains(['"', '\n', '\r']) {
        return Err(Error::new(QueryError::Usage(format!("{delimiter:?} is no delimiter"))).hint("for example ; or \\t or ||"));
    }
    Ok(Dialect {
        delimiter: delimiter.as_bytes().to_vec(),
        quote: if input.csv.quote.is_none() { Some(b'"') } else { byte("quote", &input.csv.quote)? },
        escape: byte("escape", &input.csv.escape)?,
        comment: input.csv.comment.as_ref().filter(|comment| !comment.is_empty()).map(|comment| comment.as_bytes().to_vec()),
        nulls: input.csv.nulls.clone(),
        skip: input.csv.skip,
        returns: false,
        has_header: !input.csv.no_headers,
    })
}

/// How the numbers of an input are written.
fn notation(input: &Input) -> Result<Notation> {
    let mark = |what: &str, text: &Option<String>| match text.as_deref().map(str::as_bytes) {
        None | Some([]) => Ok(None),
        Some([byte @ (b'.' | b',' | b' ' | b'\'' | b'_')]) => Ok(Some(*byte)),
        Some(_) => {
            let error = Error::new(QueryError::Usage(format!("the mark for {what} must be a point, a comma, a space, ' or _")));
            Err(error.hint("for example --decimal , --thousands ."))
        }
    };
    let (decimal, thousands) = (mark("decimals", &input.csv.decimal)?, mark("thousands", &input.csv.thousands)?);
    let notation = Notation { decimal: decimal.unwrap_or(b'.'), thousands };
    if thousands == Some(notation.decimal) {
        let error = Error::new(QueryError::Usage("one mark cannot stand for decimals and for thousands".to_owned()));
        return Err(error.hint("for example --decimal , --thousands ."));
    }
    Ok(notation)
}

/// The format of a file by its first bytes, and if they may be text, by its name.
fn recognise(first: &[u8], path: &str) -> FormatName {
    let path = Packing::stripped(url::named(path));
    let is_called = |endings: &[&str]| endings.iter().any(|ending| path.to_ascii_lowercase().ends_with(ending));
    let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first).trim_ascii_start();
    match first {
        _ if first.starts_with(b"PAR1") => FormatName::Parquet,
        // Encrypted. A column may well be called PARENT, but text has no other control characters than these.
        _ if first.starts_with(b"PARE") && first.iter().take(256).any(|byte| *byte < b' ' && !b"\t\n\r".contains(byte)) => {
            FormatName::Parquet
        }
        _ if first.starts_with(FILE_MAGIC) || first.starts_with(STREAM_MAGIC) => FormatName::Arrow,
        // A header in braces is possible; a quote behind the brace is a key.
        _ if text.strip_prefix(b"{").is_some_and(|rest| matches!(rest.trim_ascii_start().first(), Some(b'"' | b'}'))) => FormatName::Ndjson,
        _ if is_called(&[".ndjson", ".jsonl"]) => FormatName::Ndjson,
        _ => FormatName::Csv,
    }
}

/// The file of a format that is read anywhere in it: a pipe is read and kept first.
fn whole(content: &Content, format: &str) -> Result<Arc<dyn frame_io::ReadAt>> {
    if let Some(packing) = content.packing {
        let what = format!("{format} inside of {}", packing.name());
        let error = Error::new(DataError::Unsupported { file: content.file.path().to_owned(), what });
        return Err(error.hint("unpack it first; the format compresses its columns itself"));
    }
    content.file.read_all()?;
    Ok(content.file.clone())
}

impl Catalog for Tables {
    fn schema(&self, input: &Input) -> Result<SchemaRef> {
        Ok(self.open(input)?.schema().clone())
    }

    fn figures(&self, input: &Input) -> Result<TableFigures> {
        self.open(input)?.figures()
    }

    /// What is far away, and what says nothing of its rows without being read from its start, would have to be read for it.
    fn has_figures(&self, input: &Input) -> bool {
        !url::is_url(&input.path) && self.open(input).is_ok_and(|table| table.has_figures())
    }

    fn has_ranges(&self, input: &Input, column: &str) -> bool {
        let is_known = |table: Arc<dyn Table>| (0..table.partitions()).any(|partition| table.range(partition, column).is_some());
        self.open(input).is_ok_and(is_known)
    }

    fn expand(&self, inputs: Vec<Input>) -> Result<Vec<Input>> {
        let mut files = Vec::new();
        for input in inputs {
            let paths = self.files.expand(&input.path).map_err(|error| error.at(input.span))?;
            let root = input.path.clone();
            files.extend(paths.into_iter().map(|path| Input { keys: folders::keys(&root, &path), path, ..input.clone() }));
        }
        folders::settle(&mut files);
        if files.len() > 1 {
            self.agree(&files)?;
        }
        Ok(files)
    }

    fn check_spot(&self, input: &Input, spot: Spot) -> Result<()> {
        let (content, format) = self.content(input)?;
        let why = match format {
            _ if spot == Spot::File => return Ok(()),
            FormatName::Parquet | FormatName::Arrow => "holds its rows column by column, so a row has no place in it".to_owned(),
            _ if content.encoding.is_some() && spot == Spot::Byte => "is turned into UTF-8 while it is read".to_owned(),
            _ => return Ok(()),
        };
        let error = Error::new(QueryError::Usage(format!("there is no `{}` of rows of {}, which {why}", spot.name(), input.path)));
        Err(error.hint("`_file` is known of every row; `row_number() over ()` numbers rows"))
    }

    fn values(&self, plan: &Plan) -> Result<Vec<Scalar>> {
        let plan = plan.clone();
        let mut values = Vec::new();
        for batch in self.engine.start(move |_| Ok(plan.clone()), &Progress::default())? {
            values.extend(scalars(batch?.column(0))?);
        }
        Ok(values)
    }
}

/// The values of a column of an everyday type.
fn scalars(column: &ArrayRef) -> Result<Vec<Scalar>> {
    let simple = match column.data_type() {
        DataType::Dictionary(_, values) => values.as_ref(),
        other => other,
    };
    let to = match simple {
        text if text.is_string() => DataType::Utf8View,
        integer if integer.is_integer() => DataType::Int64,
        float if float.is_floating() => DataType::Float64,
        DataType::Timestamp(_, None) => DataType::Timestamp(TimeUnit::Microsecond, None),
        other => other.clone(),
    };
    let column = cast(column, &to)?;
    let value: &dyn Fn(usize) -> Scalar = match &to {
        DataType::Null => &|_| Scalar::Null,
        DataType::Boolean => &|row| Scalar::Bool(column.as_boolean().value(row)),
        DataType::Int64 => &|row| Scalar::Int(column.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => &|row| Scalar::Float(column.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8View => &|row| Scalar::Text(column.as_string_view().value(row).to_owned()),
        DataType::Date32 => &|row| Scalar::Date(column.as_primitive::<Date32Type>().value(row)),
        DataType::Timestamp(..) => &|row| Scalar::Timestamp(column.as_primitive::<TimestampMicrosecondType>().value(row)),
        other => return Err(Error::internal(format!("there are no constants of {other}"))),
    };
    Ok((0..column.len()).map(|row| if column.is_null(row) { Scalar::Null } else { value(row) }).collect())
}
