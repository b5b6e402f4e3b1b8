//! The inputs of a run: opened once, looked at, and remembered with what restarts have taught of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use arrow::datatypes::SchemaRef;
use frame_core::Result;
use frame_io::formats::csv::{CsvSettings, CsvTable, Learnt};
use frame_io::formats::parquet::ParquetTable;
use frame_io::{FileAccess, Lesson, ReadAt, Restart, Table};
use frame_plan::{Catalog, FormatName, Input};

use crate::engine::Settings;

/// The opened inputs of one run.
#[derive(Debug)]
pub struct Tables {
    files: Arc<dyn FileAccess>,
    settings: Settings,
    opened: Mutex<Vec<(Input, Arc<dyn Table>)>>,
    learnt: HashMap<String, Learnt>,
}

impl Tables {
    pub(crate) fn new(files: Arc<dyn FileAccess>, settings: Settings) -> Self {
        Self { files, settings, opened: Mutex::new(Vec::new()), learnt: HashMap::new() }
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
}
