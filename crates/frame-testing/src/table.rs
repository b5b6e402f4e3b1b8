//! Random tables: every kind of column, with the values that are known to cause trouble.

use frame_core::{Scalar, calendar};
use frame_plan::{CsvOptions, Input};
use proptest::prelude::*;

use crate::model::{Kind, Rows};

/// The columns of every random table.
const COLUMNS: [(&str, Kind); 7] = [
    ("i", Kind::Int),
    ("j", Kind::Int),
    ("f", Kind::Float),
    ("g", Kind::Float),
    ("t", Kind::Text),
    ("odd ]name", Kind::Bool),
    ("order", Kind::Date),
];

/// A table that can be written as CSV.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its columns and rows.
    pub rows: Rows,
}

impl Table {
    /// The table as CSV: text always in quotes, nulls as nothing at all.
    pub fn csv(&self) -> String {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let field = |value: &Scalar| match value {
            Scalar::Null => String::new(),
            Scalar::Text(text) => quoted(text),
            Scalar::Date(days) => calendar::date_text(*days),
            Scalar::Float(value) => format!("{value:?}").to_lowercase(),
            other => other.to_string(),
        };
        let header = self.rows.columns.iter().map(|(name, _)| quoted(name)).collect();
        let rows = self.rows.rows.iter().map(|row| row.iter().map(field).collect());
        let lines: Vec<Vec<String>> = std::iter::once(header).chain(rows).collect();
        lines.iter().map(|fields| format!("{}\n", fields.join(","))).collect()
    }

    /// The input that reads the table from a file that [`Table::csv`] was written to; no type is inferred.
    pub fn input(path: impl Into<String>) -> Input {
        let types = COLUMNS.iter().map(|(name, kind)| ((*name).to_owned(), kind.data_type())).collect();
        Input { path: path.into(), csv: CsvOptions { types, ..CsvOptions::default() }, ..Input::default() }
    }
}

/// Random tables: often a few rows, sometimes hundreds, sometimes none.
pub fn tables() -> impl Strategy<Value = Table> {
    let row = || (ints(), ints(), floats(), floats(), texts(), truths(), dates());
    let rows = prop_oneof![8 => prop::collection::vec(row(), 0..30), 1 => prop::collection::vec(row(), 100..300)];
    let columns: Vec<(String, Kind)> = COLUMNS.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
    rows.prop_map(move |rows| {
        let rows = rows.into_iter().map(|(i, j, f, g, t, b, d)| vec![i, j, f, g, t, b, d]).collect();
        Table { rows: Rows { columns: columns.clone(), rows } }
    })
}

fn or_null(values: impl Strategy<Value = Scalar> + 'static) -> impl Strategy<Value = Scalar> {
    prop_oneof![1 => Just(Scalar::Null), 5 => values]
}

fn ints() -> impl Strategy<Value = Scalar> {
    let edges = prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(9_007_199_254_740_993), Just(-1_i64 << 40)];
    or_null(prop_oneof![30 => -3..10_i64, 1 => edges].prop_map(Scalar::Int))
}

fn floats() -> impl Strategy<Value = Scalar> {
    let edges = [
        f64::NAN,
        -0.0,
        0.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        5e-324,
        -2.2e-310,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        9_007_199_254_740_992.0,
        0.1,
    ];
    let few = (-6..10_i32).prop_map(|value| f64::from(value) / 4.0);
    or_null(prop_oneof![6 => few, 3 => prop::sample::select(edges.to_vec()), 1 => any::<f64>()].prop_map(Scalar::Float))
}

fn texts() -> impl Strategy<Value = Scalar> {
    let known =
        ["", "a", "b", "ab", "say \"hi\"", "two\nlines", "a\r\nb", "x,y", " ", "Ünïcode", "ß", "null", "longer than twelve bytes", "12"];
    let random = prop::collection::vec(any::<char>(), 0..5).prop_map(|letters| letters.into_iter().collect());
    or_null(prop_oneof![8 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => random].prop_map(Scalar::Text))
}

fn truths() -> impl Strategy<Value = Scalar> {
    or_null(any::<bool>().prop_map(Scalar::Bool))
}

fn dates() -> impl Strategy<Value = Scalar> {
    or_null(prop_oneof![5 => -3..6_i32, 1 => -100_000..100_000_i32].prop_map(Scalar::Date))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_and_empty_texts_are_told_apart() {
        let columns = vec![("t".to_owned(), Kind::Text), ("f".to_owned(), Kind::Float)];
        let rows = vec![vec![Scalar::Text("a\"b".to_owned()), Scalar::Null], vec![Scalar::Text(String::new()), Scalar::Float(f64::NAN)]];
        assert_eq!(Table { rows: Rows { columns, rows } }.csv(), "\"t\",\"f\"\n\"a\"\"b\",\n\"\",nan\n");
    }
}
