//! The inputs of a run: opened once, looked at, and remembered with what restarts have taught of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type, SchemaRef, TimeUnit, TimestampMicrosecondType};
use frame_core::{Error, Result, Scalar};
use frame_io::formats::csv::{CsvSettings, CsvTable, Learnt};
use frame_io::formats::parquet::ParquetTable;
use frame_io::{FileAccess, Lesson, ReadAt, Restart, Table};
use frame_plan::{Catalog, FormatName, Input, Plan};

use crate::engine::{Engine, Settings};
use crate::report::Progress;

/// The opened inputs of one run.
#[derive(Debug)]
pub struct Tables {
    files: Arc<dyn FileAccess>,
    settings: Settings,
    /// Runs what a plan depends on.
    engine: Engine,
    opened: Mutex<Vec<(Input, Arc<dyn Table>)>>,
    learnt: HashMap<String, Learnt>,
}

impl Tables {
    pub(crate) fn new(files: Arc<dyn FileAccess>, engine: Engine) -> Self {
        Self { files, settings: engine.settings().clone(), engine, opened: Mutex::new(Vec::new()), learnt: HashMap::new() }
    }

    /// The table behind an input; the same one as long as nothing new is learnt of it.
    pub(crate) fn open(&self, input: &Input) -> Result<Arc<dyn Table>> {
        if let Some((_, table)) = self.lock().iter().find(|(opened, _)| opened == input) {
            return Ok(table.clone());
        }
        let file = self.files.open(&input.path).map_err(|error| error.at(input.span))?;
        let table: Arc<dyn Table> = match input.format.map_or_else(|| recognise(file.as_ref()), Ok)? {
            FormatName::Parquet => Arc::new(ParquetTable::open(file).map_err(|error| error.at(input.span))?),
            FormatName::Csv => {
                let nothing = Learnt::default();
                let learnt = self.learnt.get(&input.path).unwrap_or(&nothing);
                Arc::new(CsvTable::open(file, &self.csv_settings(input), learnt).map_err(|error| error.at(input.span))?)
            }
        };
        self.lock().push((input.clone(), table.clone()));
        Ok(table)
    }

    fn csv_settings(&self, input: &Input) -> CsvSettings {
        let by_name = if input.path.ends_with(".tsv") { b'\t' } else { b',' };
        CsvSettings {
            delimiter: input.csv.delimiter.unwrap_or(by_name),
            has_header: !input.csv.no_headers,
            names: input.csv.names.clone(),
            types: input.csv.types.clone(),
            partition_bytes: self.settings.partition_bytes,
            chunk_bytes: self.settings.chunk_bytes,
        }
    }

    /// Remembers what made an attempt stop. Tables are opened anew by the next one.
    pub(crate) fn learn(&mut self, restart: &Restart) {
        self.lock().clear();
        let learnt = self.learnt.entry(restart.file.clone()).or_default();
        match &restart.lesson {
            Lesson::Splits => learnt.exact_splits = true,
            Lesson::Widen { column, class, .. } => {
                learnt.classes.insert(column.clone(), *class);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Input, Arc<dyn Table>)>> {
        self.opened.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// The format of a file by its first bytes.
fn recognise(file: &dyn ReadAt) -> Result<FormatName> {
    let mut magic = [0; 4];
    let read = file.read_at(&mut magic, 0)?;
    Ok(if read == 4 && magic == *b"PAR1" { FormatName::Parquet } else { FormatName::Csv })
}

impl Catalog for Tables {
    fn schema(&self, input: &Input) -> Result<SchemaRef> {
        Ok(self.open(input)?.schema().clone())
    }

    fn expand(&self, input: Input) -> Result<Vec<Input>> {
        let files = self.files.expand(&input.path).map_err(|error| error.at(input.span))?;
        Ok(files.into_iter().map(|path| Input { path, ..input.clone() }).collect())
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
