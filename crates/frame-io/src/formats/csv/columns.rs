//! The columns that a query names, and how records become a batch of them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, BooleanBufferBuilder, new_null_array};
use arrow::buffer::Buffer;
use arrow::compute::concat;
use arrow::datatypes::{Schema, SchemaRef};
use frame_core::{Batch, DataError, Error, QueryError, Result, keep_sound};

use super::class::Class;
use super::parse::{self, Misfit, Rows, Texts};
use super::policy::BadValues;
use super::table::{Column, Opened};
use crate::position;
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
        let fields = output.iter().map(|at| table.schema.fields()[named[*at]].clone());
        let fields: Vec<_> = fields.chain(request.spots.iter().map(|spot| Arc::new(spot.field()))).collect();
        Ok(Self { named, output, filter, schema: Arc::new(Schema::new(fields)) })
    }

    /// Whether no column is named.
    pub(super) fn are_none(&self) -> bool {
        self.named.is_empty()
    }

    /// So many rows, if no column is named.
    ///
    /// # Errors
    /// An internal error.
    pub(super) fn without_values(&self, rows: usize) -> Result<Batch> {
        Batch::new(self.schema.clone(), Vec::new(), rows)
    }

    /// Parses records, up to the first that is in trouble or that the filter fails for. `chunk` is the buffer behind `rows`, which `offset` maps
    /// to the file; `spots` say where the rows stand.
    ///
    /// # Errors
    /// An internal error; what is wrong with a row is in the answer.
    pub(super) fn parse(
        &self,
        table: &Opened,
        request: &ScanRequest,
        rows: Rows<'_>,
        chunk: &Buffer,
        offset: u64,
        spots: &[ArrayRef],
    ) -> Result<Parsed> {
        let (mut arrays, trouble, mut bad) = self.typed(table, request, &rows, chunk)?;
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
        bad.retain(|(row, _)| *row < rows.len());
        let rejected = if table.bad_values == BadValues::Reject { reject(table, request, &rows, chunk, offset, bad)? } else { Vec::new() };
        let keep = if rejected.is_empty() { keep } else { Some(without(keep, &rejected, rows.len())) };
        let kept = keep.as_ref().map_or(rows.len(), BooleanArray::true_count);
        let filtered = rows.len() - kept - rejected.len();
        let ledger = RowLedger { read: rows.len() as u64, kept: kept as u64, filtered: filtered as u64, rejected: rejected.len() as u64 };
        if kept == 0 {
            return Ok(Parsed { batch: None, ledger, stop });
        }
        let keep = keep.filter(|_| kept < rows.len());
        let columns = self.output.iter().map(|at| match &arrays[*at] {
            Some(array) => parse::kept(array, keep.as_ref()),
            None => text(&rows, self.named[*at], keep.as_ref(), chunk),
        });
        let columns = columns.chain(spots.iter().map(|spot| parse::kept(&spot.slice(0, rows.len()), keep.as_ref())));
        let batch = Batch::new(self.schema.clone(), columns.collect::<Result<_>>()?, kept)?;
        Ok(Parsed { batch: Some(batch), ledger, stop })
    }

    /// The columns (under a filter not those of text, of which few rows may be wanted), the first field in trouble (its row, column of the
    /// file, place in the chunk), and the fields that are null because they are bad, by row and column.
    #[expect(clippy::type_complexity, reason = "the parts are taken apart where they are made and nowhere else")]
    fn typed(
        &self,
        table: &Opened,
        request: &ScanRequest,
        rows: &Rows<'_>,
        chunk: &Buffer,
    ) -> Result<(Vec<Option<ArrayRef>>, Option<(usize, usize, usize, Trouble)>, Vec<(usize, usize)>)> {
        let mut arrays = Vec::with_capacity(self.named.len());
        let mut bad = Vec::new();
        let mut first: Option<(usize, usize, Trouble)> = None;
        for index in &self.named {
            let class = table.columns[*index].class;
            let found = if class == Class::Text {
                let texts = request.filter.is_none().then(|| Texts::parse(rows, *index, None));
                let is_sound = texts.as_ref().is_some_and(Texts::are_ascii);
                let invalid = if is_sound { None } else { parse::invalid_utf8(rows, *index) };
                // Nothing is made of what is no text.
                arrays.push(texts.filter(|_| invalid.is_none()).map(|texts| finished(texts, chunk)).transpose()?);
                invalid.map(|row| (row, Trouble::Encoding))
            } else {
                let (array, misfit) = match table.bad_values {
                    BadValues::Null | BadValues::Reject => tolerant(rows, *index, &table.columns[*index], &mut bad)?,
                    BadValues::Widen | BadValues::Fail => parse::column(rows, *index, class)?,
                };
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
        Ok((arrays, first, bad))
    }

    /// A named column with every row.
    fn whole(&self, at: usize, arrays: &[Option<ArrayRef>], rows: &Rows<'_>, chunk: &Buffer) -> Result<ArrayRef> {
        arrays[at].clone().map_or_else(|| text(rows, self.named[at], None, chunk), Ok)
    }
}

/// Parses a column in which values that would make it text are null; adds their rows to `bad`.
fn tolerant(rows: &Rows<'_>, index: usize, column: &Column, bad: &mut Vec<(usize, usize)>) -> Result<parse::Parsed> {
    let mut parts: Vec<ArrayRef> = Vec::new();
    let mut from = 0;
    let end = loop {
        let (array, misfit) = parse::column(&rows.from(from), index, column.class)?;
        parts.push(array);
        let Some(Misfit { row, class }) = misfit else { break None };
        let is_bad = column.fixed || (column.class != Class::Null && column.class.join(class) == Class::Text);
        if !is_bad {
            break Some(Misfit { row: from + row, class });
        }
        bad.push((from + row, index));
        parts.push(new_null_array(&column.class.data_type(), 1));
        from += row + 1;
    };
    let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    Ok((if parts.len() == 1 { parts[0].slice(0, parts[0].len()) } else { concat(&parts)? }, end))
}

/// Hands the rows of bad values over; gives the rows, ascending, each once.
fn reject(
    table: &Opened,
    request: &ScanRequest,
    rows: &Rows<'_>,
    chunk: &[u8],
    offset: u64,
    mut bad: Vec<(usize, usize)>,
) -> Result<Vec<usize>> {
    bad.sort_unstable();
    bad.dedup_by_key(|(row, _)| *row);
    for (row, index) in &bad {
        let column = &table.columns[*index];
        let value = String::from_utf8_lossy(rows.field(*row, *index).bytes()).into_owned();
        let reason = format!("'{value}' is no {}", column.class.name());
        let span = rows.record(*row);
        table.reject(offset.wrapping_add(span.start as u64), Some(&column.name), reason, &chunk[span], &request.budget)?;
    }
    Ok(bad.into_iter().map(|(row, _)| row).collect())
}

/// The rows to keep, less those that are rejected.
fn without(keep: Option<BooleanArray>, rejected: &[usize], len: usize) -> BooleanArray {
    let mut bits = BooleanBufferBuilder::new(len);
    match keep {
        Some(keep) => bits.append_buffer(keep.values()),
        None => bits.append_n(len, true),
    }
    rejected.iter().for_each(|row| bits.set_bit(*row, false));
    BooleanArray::new(bits.finish(), None)
}

/// Leaves the first `rows` rows.
fn cut(arrays: &mut [Option<ArrayRef>], rows: usize) {
    for array in arrays.iter_mut().flatten() {
        *array = array.slice(0, rows);
    }
}

fn text(rows: &Rows<'_>, index: usize, keep: Option<&BooleanArray>, chunk: &Buffer) -> Result<ArrayRef> {
    finished(Texts::parse(rows, index, keep), chunk)
}

fn finished(texts: Texts, chunk: &Buffer) -> Result<ArrayRef> {
    let shared = texts.shares_chunk().then_some(chunk);
    Ok(texts.finish(shared, true)?)
}

/// Whether a value that would make its column text ends the run.
fn is_refused(table: &Opened, column: &Column, trouble: &Trouble) -> bool {
    let makes_text = |class: Class| column.class != Class::Null && column.class.join(class) == Class::Text;
    table.bad_values == BadValues::Fail && matches!(trouble, Trouble::Class(class) if makes_text(*class))
}

/// What a field in trouble means for the run.
fn stop(table: &Opened, index: usize, byte: u64, chunk: &[u8], start: usize, trouble: Trouble) -> Stop {
    let column = &table.columns[index];
    let position = || position::locate(table.file.as_ref(), byte, Some((index + 1, column.name.clone())));
    match trouble {
        Trouble::Encoding => Stop::Failed(Error::new(DataError::Encoding { position: position() })),
        Trouble::Class(_) if column.fixed || is_refused(table, column, &trouble) => {
            let value = &chunk[start..];
            let end = value.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(value.len()).min(40);
            let end = memchr::memchr(table.scanner.marks().delimiter, &value[..end]).unwrap_or(end);
            let value = String::from_utf8_lossy(&value[..end]).into_owned();
            let why = if column.fixed { "the type given for this column" } else { "as the values sampled in this column" };
            let expected = format!("{:?}, {why}", column.class).to_lowercase();
            Stop::Failed(Error::new(DataError::Value { position: Some(position()), value, expected }))
        }
        Trouble::Class(class) => {
            let byte = table.file.origin().0 + byte;
            table.restart(Lesson::Widen { column: column.name.clone(), class: column.class.join(class), byte })
        }
    }
}
