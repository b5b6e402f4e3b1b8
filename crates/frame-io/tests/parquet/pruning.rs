//! Filters with pruning give the rows that filters without pruning give; statistics that mislead are not believed.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, UInt64Array};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::DataType;
use frame_core::{ColumnRange, Result, Scalar, ScanFilter};
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use crate::world::{Numbers, every_type, open, plain, read, request, write};

/// `low <= column <= high`, or `column is null`, and no belief in statistics unless `prunes`.
#[derive(Debug, Clone)]
struct Between {
    columns: Vec<String>,
    low: Scalar,
    high: Scalar,
    or_null: bool,
    prunes: bool,
}

impl Between {
    fn is_inside(&self, value: &Scalar) -> bool {
        let order = |a: &Scalar, b: &Scalar| match (a, b) {
            (Scalar::Int(a), Scalar::Int(b)) => a <= b,
            (Scalar::Float(a), Scalar::Float(b)) => a <= b,
            (Scalar::Text(a), Scalar::Text(b)) => a <= b,
            _ => true,
        };
        order(&self.low, value) && order(value, &self.high)
    }

    fn value(column: &ArrayRef, row: usize) -> Scalar {
        if column.is_null(row) {
            return Scalar::Null;
        }
        let one = column.slice(row, 1);
        let text = |one: &ArrayRef| cast(one, &DataType::Utf8).expect("text");
        match column.data_type() {
            DataType::Float64 => Scalar::Float(one.as_any().downcast_ref::<Float64Array>().expect("floats").value(0)),
            DataType::Int64 => Scalar::Int(one.as_any().downcast_ref::<Int64Array>().expect("integers").value(0)),
            DataType::UInt64 => {
                let value = one.as_any().downcast_ref::<UInt64Array>().expect("integers").value(0);
                i64::try_from(value).map_or(Scalar::Bool(false), Scalar::Int)
            }
            _ => Scalar::Text(text(&one).as_any().downcast_ref::<StringArray>().expect("text").value(0).to_owned()),
        }
    }
}

impl ScanFilter for Between {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn keep(&self, columns: &[ArrayRef], rows: usize) -> Result<BooleanArray> {
        let row = |row| {
            columns.iter().all(|column| match Self::value(column, row) {
                Scalar::Null => self.or_null,
                // A u64 that no `Scalar::Int` can say is above every bound that one can.
                Scalar::Bool(_) => false,
                value => self.is_inside(&value),
            })
        };
        // Null drops the row as false does.
        Ok((0..rows).map(|index| if index % 2 == 0 { Some(row(index)) } else { row(index).then_some(true) }).collect())
    }

    fn may_keep(&self, range: &dyn Fn(usize) -> Option<ColumnRange>) -> bool {
        (0..self.columns.len()).all(|column| {
            let Some(range) = range(column).filter(|_| self.prunes) else { return true };
            let may_be_null = self.or_null && range.nulls != Some(0);
            let below = |max: &Scalar| match (max, &self.low) {
                (Scalar::Int(max), Scalar::Int(low)) => max < low,
                (Scalar::Float(max), Scalar::Float(low)) => max < low,
                (Scalar::Text(max), Scalar::Text(low)) => max < low,
                _ => false,
            };
            let above = |min: &Scalar| match (min, &self.high) {
                (Scalar::Int(min), Scalar::Int(high)) => min > high,
                (Scalar::Float(min), Scalar::Float(high)) => min > high,
                (Scalar::Text(min), Scalar::Text(high)) => min > high,
                _ => false,
            };
            let all_null = range.nulls == Some(range.rows);
            let outside = all_null || range.max.as_ref().is_some_and(below) || range.min.as_ref().is_some_and(above);
            may_be_null || !outside
        })
    }
}

fn check(batch: &RecordBatch, bytes: &[u8], filter: &Between, what: &str) -> u64 {
    let table = open(bytes).expect("a table");
    let names: Vec<&str> = batch.schema_ref().fields().iter().map(|field| field.name().as_str()).collect();
    let inputs: Vec<ArrayRef> = filter.columns.iter().map(|name| batch.column_by_name(name).expect("a column").clone()).collect();
    let mask = filter.keep(&inputs, batch.num_rows()).expect("a mask");
    let want = filter_record_batch(batch, &mask).expect("rows");
    for prunes in [false, true] {
        let filter = Between { prunes, ..filter.clone() };
        let (columns, ledger) = read(&table, request(&names, Some(Arc::new(filter)))).expect("rows");
        assert_eq!((ledger.read, ledger.kept), (batch.num_rows() as u64, want.num_rows() as u64), "{what}, prunes {prunes}");
        for (column, want) in columns.iter().zip(want.columns()) {
            assert_eq!(column, &cast(want, &plain(want.data_type())).expect("a cast"), "{what}, prunes {prunes}");
        }
    }
    want.num_rows() as u64
}

fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_max_row_group_row_count(Some(700))
        .set_data_page_row_count_limit(60)
        .set_write_batch_size(20)
        .set_statistics_enabled(EnabledStatistics::Page)
        .build()
}

fn between(column: &str, low: Scalar, high: Scalar, or_null: bool) -> Between {
    Between { columns: vec![column.to_owned()], low, high, or_null, prunes: true }
}

#[test]
fn sorted_and_clustered_columns_are_pruned_and_right() {
    let numbers = &mut Numbers(7);
    let rows = 3000;
    let sorted: ArrayRef = Arc::new(Int64Array::from_iter_values((0..rows).map(|n| n / 3)));
    let wavy: ArrayRef = Arc::new((0..rows).map(|n| (n % 17 != 0).then(|| ((n as f64) / 100.0).sin() * 50.0)).collect::<Float64Array>());
    let text: ArrayRef = Arc::new(StringArray::from_iter((0..rows).map(|n| (n / 200 % 5 != 2).then(|| format!("{:>5}", n / 7)))));
    let noise: ArrayRef = Arc::new(Int64Array::from_iter_values((0..rows).map(|_| numbers.next() as i64 >> 40)));
    let columns = [("sorted", sorted), ("wavy", wavy), ("text", text), ("noise", noise)];
    let batch = RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).expect("a batch");
    let bytes = write(&batch, properties());
    let text = |text: &str| Scalar::Text(text.to_owned());
    for or_null in [false, true] {
        let found = check(&batch, &bytes, &between("sorted", Scalar::Int(300), Scalar::Int(310), or_null), "sorted");
        assert_eq!(found, 33);
        check(&batch, &bytes, &between("sorted", Scalar::Int(-5), Scalar::Int(-1), or_null), "nothing");
        check(&batch, &bytes, &between("wavy", Scalar::Float(49.0), Scalar::Float(90.0), or_null), "wavy");
        check(&batch, &bytes, &between("text", text("  100"), text("  105"), or_null), "text");
        check(&batch, &bytes, &between("noise", Scalar::Int(0), Scalar::Int(50), or_null), "noise");
        let mut two = between("sorted", Scalar::Int(100), Scalar::Int(400), or_null);
        two.columns.push("noise".to_owned());
        check(&batch, &bytes, &two, "two columns");
    }
}

#[test]
fn rows_ruled_out_are_not_read() {
    let sorted: ArrayRef = Arc::new(Int64Array::from_iter_values(0..3000));
    let batch = RecordBatch::try_from_iter([("sorted", sorted)]).expect("a batch");
    let table = open(&write(&batch, properties())).expect("a table");
    /// Fails when it is given a row outside the two pages that hold 1000 .. 1010.
    #[derive(Debug)]
    struct Jealous(Between);
    impl ScanFilter for Jealous {
        fn columns(&self) -> &[String] {
            self.0.columns()
        }
        fn keep(&self, columns: &[ArrayRef], rows: usize) -> Result<BooleanArray> {
            let values = columns[0].as_any().downcast_ref::<Int64Array>().expect("integers");
            assert!(values.values().iter().all(|value| (880..=1120).contains(value)), "{:?}", values.value(0));
            self.0.keep(columns, rows)
        }
        fn may_keep(&self, range: &dyn Fn(usize) -> Option<ColumnRange>) -> bool {
            self.0.may_keep(range)
        }
    }
    let filter = Jealous(between("sorted", Scalar::Int(1000), Scalar::Int(1009), false));
    let (_, ledger) = read(&table, request(&["sorted"], Some(Arc::new(filter)))).expect("rows");
    assert_eq!((ledger.read, ledger.kept, ledger.filtered), (3000, 10, 2990));
}

#[test]
fn nan_zeros_long_text_and_unsigned_integers_do_not_mislead() {
    let rows = 2000_u64;
    let floats = (0..rows).map(|n| match n {
        n if n % 400 < 60 => f64::NAN,
        n if n % 5 == 0 => -0.0,
        n if n % 7 == 0 => 0.0,
        n => n as f64,
    });
    let floats: ArrayRef = Arc::new(Float64Array::from_iter_values(floats));
    let unsigned: ArrayRef = Arc::new(UInt64Array::from_iter_values((0..rows).map(|n| if n % 3 == 0 { u64::MAX - n } else { n })));
    let long: ArrayRef = Arc::new(StringArray::from_iter_values((0..rows).map(|n| format!("{}{:04}", "\u{10ffff}é".repeat(20), n / 10))));
    let columns = [("floats", floats), ("unsigned", unsigned), ("long", long)];
    let batch = RecordBatch::try_from_iter(columns).expect("a batch");
    let bytes = write(&batch, properties());
    for (low, high) in [(0.0, 0.0), (-0.0, -0.0), (1.0, 2000.0), (-5.0, -1.0), (1990.0, 1990.0)] {
        check(&batch, &bytes, &between("floats", Scalar::Float(low), Scalar::Float(high), false), "floats");
    }
    for (low, high) in [(0, 10), (1990, i64::MAX), (i64::MIN, -1)] {
        check(&batch, &bytes, &between("unsigned", Scalar::Int(low), Scalar::Int(high), false), "unsigned");
    }
    for n in [0, 57, 199] {
        let text = Scalar::Text(format!("{}{n:04}", "\u{10ffff}é".repeat(20)));
        assert_eq!(check(&batch, &bytes, &between("long", text.clone(), text, false), "long"), 10);
    }
}

#[test]
fn columns_behind_a_filter_are_stepped_over_in_every_encoding() {
    let batch = every_type(3000, 15);
    for dictionary in [false, true] {
        let builder =
            WriterProperties::builder().set_dictionary_enabled(dictionary).set_data_page_row_count_limit(70).set_write_batch_size(10);
        let bytes = write(&batch, builder.build());
        // Few rows pass, so most batches of the other columns are never decoded.
        let found = check(&batch, &bytes, &between("i64", Scalar::Int(0), Scalar::Int(i64::MAX / 500), false), "few");
        assert!((1..30).contains(&found), "{found}");
        check(&batch, &bytes, &between("f64", Scalar::Float(0.0), Scalar::Float(1e18), false), "many");
    }
}
