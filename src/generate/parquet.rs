//! Sales as Parquet: the same rows as the CSV of the same seed.

use std::io::Write;
use std::sync::Arc;

use frame::arrow::array::{ArrayRef, Float64Builder, Int64Builder, RecordBatch, StringBuilder, TimestampMillisecondBuilder};
use frame::arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;

use super::{Sale, Sales};

/// Rows of a row group.
const GROUP_ROWS: usize = 500_000;
/// Rows of a batch: memory is bounded by these and by one row group.
const BATCH_ROWS: usize = 50_000;

/// Writes every sale to `out`.
pub(crate) fn write(mut sales: Sales, out: impl Write + Send) -> Result<()> {
    let schema = Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        Field::new("ts", DataType::Timestamp(TimeUnit::Millisecond, None), true),
        Field::new("category", DataType::Utf8, true),
        Field::new("value", DataType::Float64, true),
        Field::new("note", DataType::Utf8, true),
    ]));
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).set_max_row_group_row_count(Some(GROUP_ROWS)).build();
    let mut writer = ArrowWriter::try_new(out, schema.clone(), Some(properties))?;
    loop {
        let columns = batch(&mut sales);
        if columns[0].is_empty() {
            break;
        }
        writer.write(&RecordBatch::try_new(schema.clone(), columns)?)?;
    }
    writer.close()?;
    Ok(())
}

fn batch(sales: &mut Sales) -> Vec<ArrayRef> {
    let (mut ids, mut instants) = (Int64Builder::new(), TimestampMillisecondBuilder::new());
    let (mut categories, mut values, mut notes) = (StringBuilder::new(), Float64Builder::new(), StringBuilder::new());
    let mut sale = Sale::default();
    for _ in 0..BATCH_ROWS {
        if !sales.next_into(&mut sale) {
            break;
        }
        ids.append_value(sale.id as i64);
        instants.append_option(sale.second.map(|second| second * 1000));
        categories.append_option(sale.category.map(|category| format!("category_{category:03}")));
        // One exact division, as a reader of the decimal text rounds it.
        values.append_option(sale.value.map(|value| value as f64 / 10_000.0));
        notes.append_option(sale.has_note.then_some(&sale.note));
    }
    vec![
        Arc::new(ids.finish()),
        Arc::new(instants.finish()),
        Arc::new(categories.finish()),
        Arc::new(values.finish()),
        Arc::new(notes.finish()),
    ]
}
