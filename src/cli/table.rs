//! Answers as tables for people: numbers on the right, long texts cut, the middle of long answers left out.

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use frame::arrow::array::{Array, RecordBatch};
use frame::arrow::datatypes::{DataType, SchemaRef};
use frame::arrow::util::display::array_value_to_string;

/// Rows that are shown at each end of a long answer.
const SHOWN: usize = 20;
/// Characters in a line.
const WIDTH: u16 = 100;
/// Characters of a text that are shown.
const TEXT_MAX: usize = 40;

/// The table, and below it the numbers of rows and columns.
pub(super) fn render(schema: &SchemaRef, batches: &[RecordBatch]) -> String {
    let total: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    table.set_header(schema.fields().iter().map(|field| Cell::new(visible(field.name()))));
    let mut row_number = 0;
    for batch in batches {
        for row in 0..batch.num_rows() {
            if total <= 2 * SHOWN || row_number < SHOWN || row_number >= total - SHOWN {
                table.add_row((0..batch.num_columns()).map(|column| cell(batch, column, row)));
            } else if row_number == SHOWN {
                table.add_row(schema.fields().iter().map(|_| Cell::new("…")));
            }
            row_number += 1;
        }
    }
    for (index, field) in schema.fields().iter().enumerate() {
        if let Some(column) = table.column_mut(index).filter(|_| field.data_type().is_numeric()) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let plural = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    format!("{table}\n{}, {}\n", plural(total, "row"), plural(schema.fields().len(), "column"))
}

fn cell(batch: &RecordBatch, column: usize, row: usize) -> Cell {
    let array = batch.column(column);
    if array.is_null(row) {
        return Cell::new("null");
    }
    let text = array_value_to_string(array, row).unwrap_or_default();
    let is_text = !array.data_type().is_numeric() && !matches!(array.data_type(), DataType::Boolean | DataType::Date32);
    Cell::new(if is_text { cut(&visible(&text)) } else { text })
}

/// Control characters as pictures, so that data cannot steer the terminal.
fn visible(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { char::from_u32(0x2400 + c as u32).filter(|_| (c as u32) < 0x20).unwrap_or('\u{fffd}') } else { c })
        .collect()
}

fn cut(text: &str) -> String {
    if text.chars().count() <= TEXT_MAX {
        return text.to_owned();
    }
    text.chars().take(TEXT_MAX - 1).chain(['…']).collect()
}
