//! The columns that a query names, and how records become a batch of them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::buffer::Buffer;
use arrow::datatypes::{Schema, SchemaRef};
use frame_core::{Batch, DataError, Error, QueryError, Result, keep_sound};

use super::class::Class;
use super::parse::{self, Misfit, Rows, Texts};
use super::position;
use super::table::Opened;
use crate::{Lesson, RowLedger, ScanRequest, Stop};

/// The named columns of a file, for one request.
pub(super) struct Columns {
    /// Indices into the columns of the file, each once.
    named: Vec<usize>,
    /// Indices into `named`: what comes out.
    output: Vec<usize>,
    /// Indices into `named`: what the filter reads.
    filter: Vec<usize>,
    schema: SchemaRef,
}

/// Records that became a batch.
pub(super) struct Parsed {
    /// The rows that pass the filter; `None` if there is none.
    pub(super) batch: Option<Batch>,
    /// What became of the records.
    pub(super) ledger: RowLedger,
    /// Why the records behind these do not count.
    pub(super) stop: Option<Stop>,
}

/// What is wrong with a field.
enum Trouble {
    Class(Class),
    Encoding,
}

impl Columns {
    /// Looks the names of a request up.
    ///
    /// # Errors
    /// `QueryError::UnknownColumn`.
    pub(super) fn new(table: &Opened, request: &ScanRequest) -> Result<Self> {
        let mut named = Vec::new();
        let mut place = |name: &String| -> Result<usize> {
            let known = || table.columns.iter().map(|column| column.name.clone()).collect();
            let index = table.columns.iter().position(|column| column.name == *name);
            let index = index.ok_or_else(|| Error::new(QueryError::UnknownColumn { name: name.clone(), known: known() }))?;
            Ok(named.iter().position(|named| *named == index).unwrap_or_else(|| {
                named.push(index);
                named.len() - 1
            }))
        };
        let output: Vec<usize> = request.columns.iter().map(&mut place).collect::<Result<_>>()?;
        let filter = request.filter.as_ref().map_or(&[][..], |filter| filter.columns());
        let filter = filter.iter().map(&mut place).collect::<Result<_>>()?;
        request.checked.iter().map(&mut place).collect::<Result<Vec<_>>>()?;
        let fields: Vec<_> = output.iter().map(|at| table.schema.fields()[named[*at]].clone()).collect();
        Ok(Self { named, output, filter, schema: Arc::new(Schema::new(fields)) })
    }

    /// Parses records, up to the first that is in trouble or that the filter fails for. `chunk` is the buffer behind `rows`, which `offset` maps to the file.
    ///
    /// # Errors
    /// An internal error; what is wrong with a row is in the answer.
    pub(super) fn parse(&self, table: &Opened, request: &ScanRequest, rows: Rows<'_>, chunk: &Buffer, offset: u64) -> Result<Parsed> {
        let (mut arrays, trouble) = self.typed(table, &rows)?;
        let mut rows = rows.first(trouble.as_ref().map_or(rows.len(), |(row, ..)| *row));
        cut(&mut arrays, rows.len());
        let mut stop =
            trouble.map(|(_, index, start, trouble)| stop(table, index, offset.wrapping_add(start as u64), chunk, start, trouble));
        let keep = match &request.filter {
            None => None,
            Some(filter) => {
                let columns: Vec<ArrayRef> = self.filter.iter().map(|at| self.whole(*at, &arrays, &rows, chunk)).collect::<Result<_>>()?;
                let (keep, failure) = keep_sound(filter.as_ref(), &columns, rows.len())?;
                if let Some(failure) = failure {
                    rows = rows.first(keep.len());
                    cut(&mut arrays, rows.len());
                    stop = Some(Stop::Failed(failure));
                }
                Some(keep)
            }
        };
        // A row passes where the predicate is true: null and false both drop it.
        let keep = keep.map(|keep| match keep.nulls() {
            None => keep,
            Some(nulls) => BooleanArray::new(keep.values() & nulls.inner(), None),
        });
        let kept = keep.as_ref().map_or(rows.len(), BooleanArray::true_count);
        let ledger = RowLedger { read: rows.len() as u64, kept: kept as u64, filtered: (rows.len() - kept) as u64, rejected: 0 };
        if kept == 0 {
            return Ok(Parsed { batch: None, ledger, stop });
        }
        let keep = keep.filter(|_| kept < rows.len());
        let columns = self.output.iter().map(|at| match &arrays[*at] {
            Some(array) => parse::kept(array, keep.as_ref()),
            None => text(&rows, self.named[*at], keep.as_ref(), chunk),
        });
        let batch = Batch::new(self.schema.clone(), columns.collect::<Result<_>>()?, kept)?;
        Ok(Parsed { batch: Some(batch), ledger, stop })
    }

    /// The columns that are not text, and the first field in trouble: its row, column of the file, place in the chunk.
    #[expect(clippy::type_complexity, reason = "the four parts are taken apart where they are made and nowhere else")]
    fn typed(&self, table: &Opened, rows: &Rows<'_>) -> Result<(Vec<Option<ArrayRef>>, Option<(usize, usize, usize, Trouble)>)> {
        let mut arrays = Vec::with_capacity(self.named.len());
        let mut first: Option<(usize, usize, Trouble)> = None;
        for index in &self.named {
            let class = table.columns[*index].class;
            let found = if class == Class::Text {
                arrays.push(None);
                parse::invalid_utf8(rows, *index).map(|row| (row, Trouble::Encoding))
            } else {
                let (array, misfit) = parse::column(rows, *index, class)?;
                arrays.push(Some(array));
                misfit.map(|Misfit { row, class }| (row, Trouble::Class(class)))
            };
            if let Some((row, trouble)) = found
                && first.as_ref().is_none_or(|(first_row, first_index, _)| (row, *index) < (*first_row, *first_index))
            {
                first = Some((row, *index, trouble));
            }
        }
        let first = first.map(|(row, index, trouble)| (row, index, rows.field(row, index).start, trouble));
        Ok((arrays, first))
    }

    /// A named column with every row.
    fn whole(&self, at: usize, arrays: &[Option<ArrayRef>], rows: &Rows<'_>, chunk: &Buffer) -> Result<ArrayRef> {
        arrays[at].clone().map_or_else(|| text(rows, self.named[at], None, chunk), Ok)
    }
}

/// Leaves the first `rows` rows.
fn cut(arrays: &mut [Option<ArrayRef>], rows: usize) {
    for array in arrays.iter_mut().flatten() {
        *array = array.slice(0, rows);
    }
}

fn text(rows: &Rows<'_>, index: usize, keep: Option<&BooleanArray>, chunk: &Buffer) -> Result<ArrayRef> {
    let texts = Texts::parse(rows, index, keep);
    let shared = texts.shares_chunk().then_some(chunk);
    Ok(texts.finish(shared, true)?)
}

/// What a field in trouble means for the run.
fn stop(table: &Opened, index: usize, byte: u64, chunk: &[u8], start: usize, trouble: Trouble) -> Stop {
    let column = &table.columns[index];
    let position = || position::locate(table.file.as_ref(), byte, Some((index + 1, column.name.clone())));
    match trouble {
        Trouble::Encoding => Stop::Failed(Error::new(DataError::Encoding { position: position() })),
        Trouble::Class(_) if column.fixed => {
            let value = &chunk[start..];
            let end = value.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(value.len()).min(40);
            let end = memchr::memchr(table.scanner.marks().delimiter, &value[..end]).unwrap_or(end);
            let value = String::from_utf8_lossy(&value[..end]).into_owned();
            let expected = format!("{:?}, the type given for this column", column.class).to_lowercase();
            Stop::Failed(Error::new(DataError::Value { position: Some(position()), value, expected }))
        }
        Trouble::Class(class) => table.restart(Lesson::Widen { column: column.name.clone(), class: column.class.join(class), byte }),
    }
}
