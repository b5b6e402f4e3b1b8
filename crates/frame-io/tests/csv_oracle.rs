//! The CSV reader against the `csv` crate: every case whole, split at every byte, and read in tiny chunks.

use std::sync::Arc;

use arrow::array::Array;
use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use frame_core::CancelToken;
use frame_io::formats::csv::{Class, CsvSettings, CsvTable, Learnt, RaggedRows};
use frame_io::{Lesson, MemoryFile, Restart, ScanRequest, Stop, Table};
use frame_memory::MemoryBudget;
use proptest::prelude::*;

/// Rows as text; nulls are `None`.
type Rows = Vec<Vec<Option<String>>>;

/// What the `csv` crate reads: the data records as text (its empty fields are null here only if they stand unquoted, which it cannot
/// tell, so the cases avoid quoted empty fields).
fn oracle(text: &str) -> (Vec<String>, Rows) {
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let names = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    let field = |field: &str| (!field.is_empty()).then(|| field.to_owned());
    let rows = reader.records().map(|record| record.expect("a record").iter().map(field).collect()).collect();
    (names, rows)
}

/// Reads the whole table as text, restarting as an engine would; gives the rows and the types.
fn read(text: &str, partition_bytes: u64, chunk_bytes: usize, batch_rows: usize, types: &[(String, DataType)]) -> (Rows, Vec<DataType>) {
    read_with(text, &CsvSettings { partition_bytes, chunk_bytes, types: types.to_vec(), ..CsvSettings::default() }, batch_rows)
}

fn read_with(text: &str, settings: &CsvSettings, batch_rows: usize) -> (Rows, Vec<DataType>) {
    let mut learnt = Learnt::default();
    for _ in 0..50 {
        let table = CsvTable::open(Arc::new(MemoryFile::new("test.csv", text)), settings, &learnt).expect("opens");
        match read_once(&table, batch_rows) {
            Ok(rows) => return (rows, table.schema().fields().iter().map(|field| field.data_type().clone()).collect()),
            Err(Stop::Restart(Restart { lesson: Lesson::Splits, .. })) => {
                assert!(!learnt.exact_splits, "exact splits were disproved: {text:?}");
                learnt.exact_splits = true;
            }
            Err(Stop::Restart(Restart { lesson: Lesson::Widen { column, class, .. }, .. })) => {
                learnt.classes.insert(column, class);
            }
            Err(Stop::Failed(error)) => panic!("{error} in {text:?}"),
            Err(other) => panic!("{other:?} in {text:?}"),
        }
    }
    panic!("restarts without end: {text:?}");
}

fn read_once(table: &CsvTable, batch_rows: usize) -> Result<Rows, Stop> {
    let columns: Vec<String> = table.schema().fields().iter().map(|field| field.name().clone()).collect();
    let request = request(columns, batch_rows);
    let mut rows = Rows::new();
    for partition in 0..table.partitions() {
        let mut reader = table.open(partition, &request)?;
        let before = rows.len();
        while let Some(batch) = reader.next()? {
            let texts: Vec<_> = batch.columns().iter().map(|column| cast(column, &DataType::Utf8View).expect("text")).collect();
            assert!(batch.len() <= batch_rows && !batch.is_empty());
            for row in 0..batch.len() {
                let cell = |column: &Arc<dyn Array>| column.is_valid(row).then(|| column.as_string_view().value(row).to_owned());
                rows.push(texts.iter().map(cell).collect());
            }
        }
        assert!(reader.ledger().is_balanced());
        assert_eq!(reader.ledger().kept as usize, rows.len() - before);
        assert_eq!(counted(table, partition, batch_rows)?, rows.len() - before, "rows of partition {partition}, without a column");
    }
    table.close()?;
    Ok(rows)
}

fn request(columns: Vec<String>, batch_rows: usize) -> Arc<ScanRequest> {
    let budget = MemoryBudget::new(1 << 30);
    Arc::new(ScanRequest { columns, spots: Vec::new(), checked: Vec::new(), filter: None, batch_rows, cancel: CancelToken::new(), budget })
}

/// The rows of a partition of which no column is asked for.
fn counted(table: &CsvTable, partition: usize, batch_rows: usize) -> Result<usize, Stop> {
    let mut reader = table.open(partition, &request(Vec::new(), batch_rows))?;
    let mut rows = 0;
    while let Some(batch) = reader.next()? {
        assert!(batch.len() <= batch_rows && !batch.is_empty() && batch.columns().is_empty());
        rows += batch.len();
    }
    assert!(reader.ledger().is_balanced() && reader.ledger().kept as usize == rows);
    Ok(rows)
}

/// Every way to read a case as text must give what the `csv` crate gives.
fn check(text: &str) {
    let (names, expected) = oracle(text);
    let types: Vec<_> = names.into_iter().map(|name| (name, DataType::Utf8View)).collect();
    let len = text.len() as u64;
    for partition_bytes in (1..=len.min(40)).chain([len / 2 + 1, 1 << 20]) {
        for (chunk_bytes, batch_rows) in [(1 << 16, 8192), (7, 3)] {
            let (rows, _) = read(text, partition_bytes, chunk_bytes, batch_rows, &types);
            assert_eq!(rows, expected, "partitions of {partition_bytes}, chunks of {chunk_bytes}: {text:?}");
        }
    }
}

#[test]
fn awkward_files() {
    for text in [
        "a,b\n1,2\n",
        "a,b\n1,2",
        "a,b\r\n1,2\r\n3,4\r\n",
        "a,b\n",
        "a,b",
        "a,b\n1,\n,2\n,\n",
        "a,b\n\"x,y\",\"line\nbreak\"\n\"say \"\"hi\"\"\",z\n",
        "a,b\n\n1,2\n\n\n3,4\n",
        "a\n1\n2\n",
        "a,b\n\"\"\"\",\"\n\"\n\"a\"\"\nb\",c\n",
        "a,b\nit's 5\" wide,x\n6\" too,\"y\"\n",
        "a,b\n\"quoted\"tail,x\n1,2\n",
        "a,b\n1,\"\n\n\n\n\"\n2,\"a,b\n,\n\"\n",
        "\u{feff}a,b\n1,2\n",
        "a,b\nnaïve,東京\nx,\"é\n\"\n",
        "a,b,c\n,,\n,,\n\"1\",,\"\n\"\n",
    ] {
        check(text);
    }
}

#[test]
fn a_misfit_on_the_last_line_widens_the_column() {
    let mut text = String::from("a,b\n");
    for row in 0..5000 {
        text.push_str(&format!("{row},x\n"));
    }
    for (last, data_type) in [("1.5", DataType::Float64), ("word", DataType::Utf8View), ("", DataType::Int64), ("007", DataType::Utf8View)]
    {
        let text = format!("{text}{last},y\n");
        for partition_bytes in [100, 5000, 1 << 20] {
            let (rows, types) = read(&text, partition_bytes, 512, 100, &[]);
            assert_eq!((rows.len(), &types[0]), (5001, &data_type));
        }
    }
}

#[test]
fn types_do_not_depend_on_sizes() {
    // Numbers inside long quoted texts look like records of their own from the middle of the file.
    let mut text = String::from("id,note\n");
    for row in 0..3000 {
        text.push_str(&format!("{row},\"first\n{row}.5,x\n{row}.5,y\nlast\"\n"));
    }
    for partition_bytes in [333, 4096, 1 << 22] {
        let (rows, types) = read(&text, partition_bytes, 1024, 77, &[]);
        assert_eq!((rows.len(), types), (3000, vec![DataType::Int64, DataType::Utf8View]));
    }
}

#[test]
fn classes_beyond_the_samples_are_joined() {
    let (_, types) = read("a,b,c\n1,2024-01-01,true\n2.5,2024-01-01T10:00:00,false\n,,\n", 4, 16, 1, &[]);
    assert_eq!(types[..1], [DataType::Float64]);
    assert_eq!(types[2], DataType::Boolean);
    assert_eq!(Class::Date.join(Class::Timestamp).data_type(), types[1]);
}

/// What the `csv` crate reads if rows with the wrong number of fields are filled up or left out.
fn flexible(text: &str, policy: RaggedRows) -> Rows {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let fields = reader.headers().expect("a header").len();
    let mut rows = Rows::new();
    for record in reader.records() {
        let record = record.expect("a record");
        let mut row: Vec<_> = record.iter().map(|field| (!field.is_empty()).then(|| field.to_owned())).collect();
        if policy == RaggedRows::Pad && row.len() < fields {
            row.resize(fields, None);
        }
        if row.len() == fields {
            rows.push(row);
        }
    }
    rows
}

/// Ragged rows under both policies, in partitions and chunks of every size.
fn check_ragged(text: &str) {
    let header = text.lines().next().unwrap_or_default();
    let types: Vec<_> = header.split(',').map(|name| (name.to_owned(), DataType::Utf8View)).collect();
    let has_long = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(text.as_bytes())
        .records()
        .any(|record| record.expect("a record").len() > types.len());
    for ragged in [RaggedRows::Reject, RaggedRows::Pad] {
        if ragged == RaggedRows::Pad && has_long {
            continue;
        }
        let expected = flexible(text, ragged);
        for partition_bytes in (1..=text.len() as u64).chain([1 << 20]) {
            for (chunk_bytes, batch_rows) in [(1 << 16, 8192), (5, 3)] {
                let settings = CsvSettings { partition_bytes, chunk_bytes, types: types.clone(), ragged, ..CsvSettings::default() };
                let (rows, _) = read_with(text, &settings, batch_rows);
                assert_eq!(rows, expected, "{ragged:?}, partitions of {partition_bytes}, chunks of {chunk_bytes}: {text:?}");
            }
        }
    }
}

#[test]
fn ragged_files() {
    for text in [
        "a,b\n1\n2,3\n",
        "a,b,c\n1,2,3\n4\n5,6\n7,8,9\n",
        "a,b\r\n1\r\n2,3\r\n4,5,6\r\n7,8",
        "a,b\n1,2,3\n4,5,6\n",
        "a,b,c,d,e,f\n1\n",
        "a,b\n\"x\ny\"\n1,\"z\n\"\n\"q\",2,3\n4,5\n6",
    ] {
        check_ragged(text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn random_ragged_files(records in prop::collection::vec(prop::collection::vec("[ab]{1,3}|\"[ab,\n]{1,4}\"", 1..5), 0..10), returns in any::<bool>(), newline in any::<bool>()) {
        let end = if returns { "\r\n" } else { "\n" };
        let mut text = format!("k,v,w{end}");
        text.extend(records.iter().map(|fields| format!("{}{end}", fields.join(","))));
        if !newline {
            text.truncate(text.len() - end.len());
        }
        check_ragged(&text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_well_formed_files(records in prop::collection::vec(("[ab]{0,3}|\"[ab,\n]{1,6}\"|\"(x|\"\"){1,3}\"", "[ab]{1,2}|\"[\n,]{1,4}b\""), 0..12), newline in any::<bool>()) {
        let mut text = String::from("k,v\n");
        text.extend(records.iter().map(|(a, b)| format!("{a},{b}\n")));
        if !newline {
            text.pop();
        }
        check(&text);
    }

    #[test]
    fn random_files_with_stray_quotes(records in prop::collection::vec(("[ab\"]{1,4}x", "[ab]{1,2}"), 1..8)) {
        // Records that the csv crate reads as two fields each are the ones that have a reading at all.
        let body: String = records.iter().map(|(a, b)| format!("{a},{b}\n")).collect();
        let text = format!("k,v\n{body}");
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let fits = reader.records().all(|record| record.is_ok_and(|record| record.len() == 2 && record.iter().all(|field| !field.is_empty())));
        prop_assume!(fits && records.iter().all(|(a, _)| a.matches('"').count() != 2 || !a.starts_with('"')));
        let unclosed = text.matches('"').count() % 2 == 1 && text.contains("\n\"");
        prop_assume!(!unclosed);
        check(&text);
    }
}
