//! Samples of a table: a few rows of it that are looked at before a run, to tell how large all of them are and how different.
//!
//! A sample never fails: what cannot be read is left to the run, which says why.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type, SchemaRef, TimeUnit, TimestampMicrosecondType};
use arrow::row::{RowConverter, SortField};
use frame_core::{CancelToken, ColumnFigures, Scalar, TableFigures, hash, memory_bytes};
use frame_memory::MemoryBudget;

use crate::{BatchReader, ScanRequest, Stop};

/// Memory that a sample may take: it is small, and no run waits for it.
const BUDGET: usize = 1 << 30;
/// The most rows of a batch.
const BATCH_ROWS: usize = 8192;
/// With fewer repetitions among the rows of a sample, chance has brought them together.
const REPEATED_MIN: f64 = 0.01;

/// Rows that were looked at.
pub(crate) struct Sample {
    request: Arc<ScanRequest>,
    columns: Vec<Seen>,
    rows: f64,
    /// Rows and bytes of the pieces that were read to their end.
    whole: (f64, f64),
}

/// What was seen of a column.
struct Seen {
    name: String,
    bytes: f64,
    nulls: f64,
    /// How often each value came, by its hash.
    counts: HashMap<u64, u32>,
    min: Option<(Box<[u8]>, Scalar)>,
    max: Option<(Box<[u8]>, Scalar)>,
    /// Whether values of this type can be told apart.
    is_known: bool,
}

impl Sample {
    /// No rows of a table with these columns.
    pub(crate) fn new(schema: &SchemaRef) -> Self {
        let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
        let seen = |name: &String| Seen {
            name: name.clone(),
            bytes: 0.0,
            nulls: 0.0,
            counts: HashMap::new(),
            min: None,
            max: None,
            is_known: true,
        };
        let columns = names.iter().map(seen).collect();
        let request = ScanRequest {
            columns: names,
            spots: Vec::new(),
            checked: Vec::new(),
            filter: None,
            batch_rows: BATCH_ROWS,
            cancel: CancelToken::new(),
            budget: MemoryBudget::new(BUDGET),
        };
        Self { request: Arc::new(request), columns, rows: 0.0, whole: (0.0, 0.0) }
    }

    /// Looks at the rows that `open` gives, up to so many; all of them were made of `bytes` bytes of the file.
    pub(crate) fn add(
        &mut self,
        bytes: usize,
        rows_max: usize,
        open: impl FnOnce(&Arc<ScanRequest>) -> Result<Box<dyn BatchReader>, Stop>,
    ) {
        let Ok(mut reader) = open(&self.request) else { return };
        let mut rows = 0;
        while let Ok(batch) = reader.next() {
            let Some(batch) = batch else {
                self.whole = (self.whole.0 + rows as f64, self.whole.1 + bytes as f64);
                return;
            };
            rows += batch.len();
            self.rows += batch.len() as f64;
            self.columns.iter_mut().zip(batch.columns()).for_each(|(seen, column)| seen.add(column));
            if rows >= rows_max {
                return;
            }
        }
    }

    /// Rows in so many bytes of the file, if some were read.
    pub(crate) fn rows_of(&self, bytes: f64) -> Option<f64> {
        (self.whole.0 > 0.0 && self.whole.1 > 0.0).then(|| bytes * self.whole.0 / self.whole.1)
    }

    /// Bytes of memory of a row.
    pub(crate) fn width(&self) -> f64 {
        self.columns.iter().map(|seen| seen.bytes).sum::<f64>() / self.rows.max(1.0)
    }

    /// What the sample says of a table of so many rows.
    pub(crate) fn figures(self, rows: f64) -> TableFigures {
        let sampled = self.rows;
        // All of the rows were looked at if the sample is as large as the table.
        let rows = if self.whole.0 == sampled { rows.max(sampled) } else { rows };
        TableFigures {
            rows,
            columns: self.columns.into_iter().map(|seen| seen.figures(sampled, rows)).collect(),
            ..TableFigures::default()
        }
    }
}

impl Seen {
    fn add(&mut self, column: &ArrayRef) {
        self.bytes += memory_bytes(column) as f64;
        self.nulls += column.logical_null_count() as f64;
        let rows = RowConverter::new(vec![SortField::new(column.data_type().clone())]);
        let Ok(rows) = rows.and_then(|converter| converter.convert_columns(std::slice::from_ref(column))) else {
            self.is_known = false;
            return;
        };
        let nulls = column.logical_nulls();
        let (mut least, mut most): (Option<usize>, Option<usize>) = (None, None);
        for row in (0..column.len()).filter(|row| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(*row))) {
            let key = rows.row(row);
            *self.counts.entry(hash::bytes(key.as_ref())).or_default() += 1;
            if least.is_none_or(|least| key < rows.row(least)) {
                least = Some(row);
            }
            if most.is_none_or(|most| key > rows.row(most)) {
                most = Some(row);
            }
        }
        let bound = |row: usize| Some((Box::from(rows.row(row).as_ref()), scalar(&column.slice(row, 1))?));
        if let Some(found) = least.and_then(bound)
            && self.min.as_ref().is_none_or(|min| found.0 < min.0)
        {
            self.min = Some(found);
        }
        if let Some(found) = most.and_then(bound)
            && self.max.as_ref().is_none_or(|max| found.0 > max.0)
        {
            self.max = Some(found);
        }
    }

    fn figures(self, sampled: f64, rows: f64) -> ColumnFigures {
        let sampled = sampled.max(1.0);
        let valid = sampled - self.nulls;
        let once = self.counts.values().filter(|count| **count == 1).count() as f64;
        let distinct = distinct(self.counts.len() as f64, once, valid, rows * valid / sampled);
        ColumnFigures {
            width: self.bytes / sampled,
            distinct: self.is_known.then_some(distinct),
            nulls: self.nulls / sampled,
            min: self.min.map(|(_, value)| value),
            max: self.max.map(|(_, value)| value),
            name: self.name,
            ..ColumnFigures::default()
        }
    }
}

/// About how many different values `rows` rows have, of which `sampled` have `found`, `once` of them only once: the estimator Duj1 of Haas
/// and Stokes, "Estimating the number of classes in a finite population" (1998).
fn distinct(found: f64, once: f64, sampled: f64, rows: f64) -> f64 {
    if sampled <= 0.0 || sampled >= rows {
        return found;
    }
    let repeated = sampled - found;
    if repeated < REPEATED_MIN * sampled {
        // Pairs of equal values among all pairs of rows.
        return if repeated <= 0.0 { rows } else { (sampled * sampled / (2.0 * repeated)).clamp(found, rows) };
    }
    (found / (1.0 - (1.0 - sampled / rows) * once / sampled)).clamp(found, rows)
}

/// The value of a column of one row, if it is of an everyday type.
fn scalar(column: &ArrayRef) -> Option<Scalar> {
    let to = match column.data_type() {
        DataType::Dictionary(_, values) if values.is_string() => DataType::Utf8View,
        text if text.is_string() => DataType::Utf8View,
        integer if integer.is_integer() => DataType::Int64,
        float if float.is_floating() => DataType::Float64,
        DataType::Timestamp(_, None) => DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Boolean => DataType::Boolean,
        DataType::Date32 => DataType::Date32,
        _ => return None,
    };
    let value = cast(column, &to).ok().filter(|value| value.is_valid(0))?;
    Some(match to {
        DataType::Utf8View => Scalar::Text(value.as_string_view().value(0).to_owned()),
        DataType::Int64 => Scalar::Int(value.as_primitive::<Int64Type>().value(0)),
        DataType::Float64 => Scalar::Float(value.as_primitive::<Float64Type>().value(0)),
        DataType::Boolean => Scalar::Bool(value.as_boolean().value(0)),
        DataType::Date32 => Scalar::Date(value.as_primitive::<Date32Type>().value(0)),
        _ => Scalar::Timestamp(value.as_primitive::<TimestampMicrosecondType>().value(0)),
    })
}

/// The first rows say how large the rows of a file are that says nothing of itself.
pub(crate) fn of_first_rows(
    schema: &SchemaRef,
    bytes: u64,
    rows: Option<u64>,
    open: impl FnOnce(&Arc<ScanRequest>) -> Result<Box<dyn BatchReader>, Stop>,
) -> TableFigures {
    let mut sample = Sample::new(schema);
    sample.add(0, BATCH_ROWS, open);
    // As large in the file as in memory.
    let guessed = if sample.rows > 0.0 { (bytes as f64 / sample.width().max(0.125)).max(sample.rows) } else { 0.0 };
    TableFigures { is_exact: rows.is_some(), bytes, ..sample.figures(rows.map_or(guessed, |rows| rows as f64)) }
}

#[cfg(test)]
mod tests {
    use super::distinct;

    #[test]
    fn different_values_are_guessed_from_how_many_came_once() {
        // A thousand values, each as likely, of which 1,024 rows show about 641, about 370 of them once.
        assert!((distinct(641.0, 370.0, 1024.0, 1e6) - 1000.0).abs() < 20.0);
        assert_eq!(distinct(1024.0, 1024.0, 1024.0, 1e6), 1e6, "no value came back");
        assert_eq!(distinct(3.0, 0.0, 1024.0, 1e6), 3.0, "every value came back");
        assert_eq!(distinct(50.0, 40.0, 100.0, 100.0), 50.0, "all rows were seen");
        assert_eq!(distinct(0.0, 0.0, 0.0, 100.0), 0.0, "there are nulls alone");
        // Two rows of 8,000 share a value if there are about 32 million of them; then a million rows have fewer than a million.
        assert_eq!(distinct(7999.0, 7998.0, 8000.0, 1e6), 1e6);
        assert!(distinct(7960.0, 7920.0, 8000.0, 1e8) < 1e6 && distinct(7960.0, 7920.0, 8000.0, 1e8) > 7e5);
    }
}
