//! Answers as tables for people: numbers on the right, long texts cut, the middle of long answers and of wide ones left out.

use frame::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use frame::arrow::compute::cast;
use frame::arrow::datatypes::{DataType, Float64Type};
use frame::arrow::util::display::array_value_to_string;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::colour::{bold, dim};
use super::preview::Preview;

/// Characters of a text that are shown.
const TEXT_MAX: usize = 40;
/// A column of text is not made narrower than this to make room for others.
const TEXT_MIN: usize = 12;
/// Blanks between columns.
const GAP: usize = 2;
/// Digits of a float that are worth reading.
const DIGITS: usize = 7;
/// Digits that are shown of a float in exponent form, behind the point.
const EXPONENT_DIGITS: usize = 4;

/// A column as it is shown.
struct Column {
    header: String,
    /// `None` is null.
    cells: Vec<Option<String>>,
    is_right: bool,
    /// The width that shows everything, and the one that is enough.
    natural: usize,
    least: usize,
}

/// The table, and below it the numbers of rows and columns. It is at most `width` characters wide, if a column fits in that.
pub(super) fn render(preview: &Preview, width: usize, is_coloured: bool) -> String {
    let batches: Vec<RecordBatch> = preview.head().iter().cloned().chain(preview.tail()).collect();
    let head_rows: usize = preview.head().iter().map(RecordBatch::num_rows).sum();
    let fields = preview.schema().fields();
    let columns: Vec<Column> = (0..fields.len())
        .map(|at| {
            let arrays: Vec<&ArrayRef> = batches.iter().map(|batch| batch.column(at)).collect();
            Column::new(fields[at].name(), fields[at].data_type(), &arrays)
        })
        .collect();
    let shown = chosen(&columns, width);
    let widths = fitted(&columns, &shown, width);
    let mut text = String::new();
    let rule = |width: usize| "─".repeat(width);
    push_line(&mut text, &shown, &widths, |at, width| {
        let header = aligned(&cut(&columns[at].header, width), width, columns[at].is_right);
        bold(&header, is_coloured)
    });
    push_line(&mut text, &shown, &widths, |_, width| dim(&rule(width), is_coloured));
    for row in 0..batches.iter().map(RecordBatch::num_rows).sum() {
        if row == head_rows && preview.omitted() > 0 {
            push_line(&mut text, &shown, &widths, |at, width| dim(&aligned("…", width, columns[at].is_right), is_coloured));
        }
        push_line(&mut text, &shown, &widths, |at, width| match &columns[at].cells[row] {
            None => dim(&aligned("null", width, columns[at].is_right), is_coloured),
            Some(cell) => aligned(&cut(cell, width), width, columns[at].is_right),
        });
    }
    let left_out = fields.len() - shown.iter().flatten().count();
    text.push_str(&format!("{}, {}\n", counted(preview.rows(), "row", preview.omitted()), counted(fields.len(), "column", left_out)));
    text
}

/// `1,234 rows (1,194 left out)`
fn counted(count: usize, what: &str, left_out: usize) -> String {
    let number = grouped(&count.to_string());
    let plural = if count == 1 { "" } else { "s" };
    let rest = if left_out > 0 { format!(" ({} left out)", grouped(&left_out.to_string())) } else { String::new() };
    format!("{number} {what}{plural}{rest}")
}

impl Column {
    fn new(name: &str, data_type: &DataType, arrays: &[&ArrayRef]) -> Self {
        let header = visible(name);
        let cells: Vec<Option<String>> = match data_type {
            float if float.is_floating() => floats(arrays),
            _ => arrays.iter().flat_map(|array| (0..array.len()).map(|row| cell(array, row))).collect(),
        };
        let is_text = !data_type.is_numeric() && !matches!(data_type, DataType::Boolean) && !data_type.is_temporal();
        let widest = cells.iter().map(|cell| cell.as_deref().map_or(4, UnicodeWidthStr::width)).max().unwrap_or(0);
        let header_width = header.width();
        Self {
            natural: widest.min(if is_text { TEXT_MAX } else { widest }).max(header_width.min(TEXT_MAX)),
            least: if is_text { widest.max(header_width).min(TEXT_MIN) } else { widest.max(header_width.min(TEXT_MIN)) },
            is_right: data_type.is_numeric(),
            header,
            cells,
        }
    }
}

/// The columns that are shown; `None` stands for those in the middle that are not.
fn chosen(columns: &[Column], width: usize) -> Vec<Option<usize>> {
    let all = columns.iter().map(|column| column.least + GAP).sum::<usize>();
    if all <= width + GAP {
        return (0..columns.len()).map(Some).collect();
    }
    let mut room = (width + GAP).saturating_sub(1 + GAP);
    let (mut first, mut last) = (0, columns.len());
    loop {
        // From both ends in turn; the first column is there even if it is too wide.
        let is_first = first <= columns.len() - last;
        let next = if is_first { first } else { last - 1 };
        let needed = columns[next].least + GAP;
        if needed > room && first > 0 || first == last {
            break;
        }
        room = room.saturating_sub(needed);
        if is_first { first += 1 } else { last -= 1 }
    }
    let shown = (0..first).map(Some).chain([None]).chain((last..columns.len()).map(Some));
    shown.filter(|column| column.is_some() || first < last).collect()
}

/// The widths of the shown columns: the natural ones if they fit, else the widest are made narrower, but none below its least.
fn fitted(columns: &[Column], shown: &[Option<usize>], width: usize) -> Vec<usize> {
    let mut widths: Vec<usize> = shown.iter().map(|column| column.map_or(1, |at| columns[at].natural)).collect();
    let least = |place: usize| shown[place].map_or(1, |at| columns[at].least);
    while widths.iter().map(|width| width + GAP).sum::<usize>() > width + GAP {
        let Some(widest) = (0..widths.len()).filter(|place| widths[*place] > least(*place)).max_by_key(|place| widths[*place]) else {
            break;
        };
        widths[widest] -= 1;
    }
    widths
}

fn push_line(text: &mut String, shown: &[Option<usize>], widths: &[usize], cell: impl Fn(usize, usize) -> String) {
    let start = text.len();
    for (place, (column, width)) in shown.iter().zip(widths).enumerate() {
        if place > 0 {
            text.push_str(&" ".repeat(GAP));
        }
        match column {
            Some(at) => text.push_str(&cell(*at, *width)),
            None => text.push('…'),
        }
    }
    text.truncate(start + text[start..].trim_end_matches(' ').len());
    text.push('\n');
}

fn aligned(text: &str, width: usize, is_right: bool) -> String {
    let blanks = " ".repeat(width.saturating_sub(text.width()));
    if is_right { format!("{blanks}{text}") } else { format!("{text}{blanks}") }
}

fn cell(array: &ArrayRef, row: usize) -> Option<String> {
    if array.is_null(row) || *array.data_type() == DataType::Null {
        return None;
    }
    let text = array_value_to_string(array, row).unwrap_or_else(|_| "?".to_owned());
    Some(if array.data_type().is_numeric() { grouped(&text) } else { visible(&text) })
}

/// Floats with as many decimals as the column needs, but no more than are worth reading.
fn floats(arrays: &[&ArrayRef]) -> Vec<Option<String>> {
    let values: Vec<Option<f64>> = arrays
        .iter()
        .flat_map(|array| {
            let narrow = array.data_type() != &DataType::Float64;
            let wide = cast(array, &DataType::Float64).unwrap_or_else(|_| (*array).clone());
            let values = wide.as_primitive::<Float64Type>();
            // A float of 32 bits is shown by its own shortest text, not by that of the float it becomes.
            let widened = move |value: f64| if narrow { (value as f32).to_string().parse().unwrap_or(value) } else { value };
            values.iter().map(move |value| value.map(widened)).collect::<Vec<_>>()
        })
        .collect();
    let finite = || values.iter().flatten().filter(|value| value.is_finite());
    let largest = finite().filter(|value| is_plain(**value)).fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let digits = (largest.trunc().to_string().len()).min(DIGITS);
    let most = (DIGITS - digits).clamp(2, DIGITS - 1);
    let needed = finite().filter(|value| is_plain(**value)).map(|value| decimals(*value)).max().unwrap_or(1);
    let decimals = needed.clamp(1, most);
    values.iter().map(|value| value.map(|value| float_text(value, decimals))).collect()
}

/// Whether a float is shown without an exponent if the others allow it.
fn is_plain(value: f64) -> bool {
    value.abs() < 1e15
}

/// Decimals of the shortest text that reads back as this float.
fn decimals(value: f64) -> usize {
    value.to_string().split_once('.').map_or(0, |(_, decimals)| decimals.len())
}

fn float_text(value: f64, decimals: usize) -> String {
    let fixed = format!("{value:.decimals$}");
    let is_lost = value != 0.0 && !fixed.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    match value.is_finite() {
        false => format!("{value:?}"),
        true if is_plain(value) && !is_lost => grouped(&fixed),
        true => {
            let (shortest, rounded) = (format!("{value:e}"), format!("{value:.EXPONENT_DIGITS$e}"));
            if shortest.len() < rounded.len() { shortest } else { rounded }
        }
    }
}

/// A number with commas between its thousands; a whole one of four digits stays as it is, so that years look like years.
pub(super) fn grouped(number: &str) -> String {
    let (sign, rest) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let whole = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let mut text = String::with_capacity(number.len() + whole / 3);
    text.push_str(sign);
    for (at, digit) in rest[..whole].chars().enumerate() {
        if at > 0 && (whole > 4 || whole < rest.len()) && (whole - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text.push_str(&rest[whole..]);
    text
}

/// Control characters as pictures, so that data cannot steer the terminal; what turns the direction of writing is replaced.
fn visible(text: &str) -> String {
    let picture = |c: char| match c {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        c if c.is_control() => '\u{fffd}',
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c => c,
    };
    text.chars().map(picture).collect()
}

/// The start of a text that does not fit, and `…`.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 1;
    let mut start: String = text
        .chars()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= width
        })
        .collect();
    start.push('…');
    start
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use frame::arrow::array::{Float64Array, Int64Array, StringArray};

    use super::*;

    fn table(columns: Vec<(&str, ArrayRef)>, width: usize) -> String {
        let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)));
        let batch = batch.expect("a batch");
        let mut preview = Preview::new(&batch.schema());
        preview.push(&batch).expect("copies");
        render(&preview, width, false)
    }

    #[test]
    fn numbers_stand_on_the_right_and_nulls_are_named() {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("name", Arc::new(StringArray::from(vec![Some("a\tb"), None]))),
            ("count", Arc::new(Int64Array::from(vec![Some(1_234_567), Some(-12)]))),
            ("mean", Arc::new(Float64Array::from(vec![Some(906.475_138_888), Some(2.0)]))),
        ];
        let expected = "name      count      mean\n────  ─────────  ────────\na␉b   1,234,567  906.4751\nnull        -12    2.0000\n2 rows, 3 columns\n";
        assert_eq!(table(columns, 80), expected);
    }

    #[test]
    fn wide_tables_lose_columns_in_the_middle() {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![123_456_789]));
        let names: Vec<String> = (0..30).map(|at| format!("column_{at}")).collect();
        let text = table(names.iter().map(|name| (name.as_str(), numbers.clone())).collect(), 80);
        assert!(text.lines().all(|line| line.width() <= 80), "{text}");
        assert!(text.contains(" … ") && text.contains("column_0") && text.contains("column_29"), "{text}");
        assert!(text.ends_with("1 row, 30 columns (24 left out)\n"), "{text}");
    }

    #[test]
    fn long_texts_are_cut_by_width_not_by_bytes() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["表".repeat(50)]));
        let text = table(vec![("t", texts)], 20);
        assert!(text.contains(&format!("{}…\n", "表".repeat(9))), "{text}");
    }

    #[test]
    fn floats_keep_what_is_worth_reading() {
        assert_eq!(float_text(1e20, 2), "1e20");
        assert_eq!(float_text(0.000_012_345_678, 2), "1.2346e-5");
        assert_eq!(float_text(1_234_567.891, 2), "1,234,567.89");
        assert_eq!(float_text(f64::NAN, 2), "NaN");
        assert_eq!(float_text(0.0, 1), "0.0");
        assert_eq!(grouped("-1234"), "-1234");
        assert_eq!(grouped("-1234.5"), "-1,234.5");
        assert_eq!(grouped("12345"), "12,345");
        assert_eq!(grouped("123"), "123");
    }
}
