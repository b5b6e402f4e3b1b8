//! Random plans over random tables, compared with the naive model: rows, order, types and every bit of every float, whatever the number
//! of threads, the sizes of batches, partitions and chunks, and whether the plan was optimized.
//!
//! `PROPTEST_CASES=5000 cargo test --test model` tries more than the 150 cases of every day. A failure prints the plan as a query and
//! the table as CSV: that is the case to keep below, in `known_cases`.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type, SchemaRef};
use frame_core::{ErrorKind, QueryError, Result, Scalar};
use frame_engine::{Engine, Progress, Settings};
use frame_plan::Plan;
use frame_testing::model::{self, Failure, Kind, Rows};
use frame_testing::{cases, grouped_joins};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

/// Columns and rows of an answer, or the arithmetic error that it ends with.
type Answer = std::result::Result<(SchemaRef, Vec<Vec<Scalar>>), String>;

/// A world in which no answer may differ: threads, rows of a batch, bytes of a partition and of a chunk, bytes gathered before they go to
/// disk, optimized or not.
#[derive(Debug, Clone)]
struct World(usize, usize, u64, usize, usize, bool);

impl World {
    fn engine(&self) -> Engine {
        let Self(threads, batch_rows, partition_bytes, chunk_bytes, gathered_bytes, optimize) = *self;
        // Small batches go with small tables.
        let table_groups = batch_rows;
        let sizes = Settings { batch_rows, partition_bytes, chunk_bytes, table_groups, gathered_bytes, ..Settings::default() };
        let settings = Settings { threads, memory_bytes: 256 << 20, optimize, piece_bytes: 64, ..sizes };
        Engine::new(settings).expect("threads")
    }
}

fn worlds() -> impl Strategy<Value = World> {
    let (threads, batch_rows) = (prop::sample::select(vec![1, 3]), prop::sample::select(vec![8192, 3]));
    let (partitions, chunks) = (prop::sample::select(vec![16 << 20, 64, 500]), prop::sample::select(vec![256 << 10, 40]));
    let gathered = prop::sample::select(vec![usize::MAX, 0, 300]);
    (threads, batch_rows, partitions, chunks, gathered, any::<bool>())
        .prop_map(|(threads, rows, partition, chunk, gathered, optimize)| World(threads, rows, partition, chunk, gathered, optimize))
}

fn run(engine: &Engine, plan: &Plan) -> Result<(SchemaRef, Vec<RecordBatch>)> {
    let plan = plan.clone();
    let run = engine.start(move |_| Ok(plan.clone()), &Progress::default())?;
    Ok((run.schema().clone(), run.collect::<Result<_>>()?))
}

/// The answer of the engine; any error but an arithmetic one fails the test.
fn answer(engine: &Engine, plan: &Plan) -> Answer {
    match run(engine, plan) {
        Ok((schema, batches)) => Ok((schema, batches.iter().flat_map(rows).collect())),
        Err(error) => match error.kind() {
            ErrorKind::Query(QueryError::Arithmetic(text)) => Err(text.clone()),
            _ => panic!("{}", error.render(None)),
        },
    }
}

fn rows(batch: &RecordBatch) -> Vec<Vec<Scalar>> {
    let columns: Vec<Vec<Scalar>> = batch.columns().iter().map(scalars).collect();
    (0..batch.num_rows()).map(|row| columns.iter().map(|column| column[row].clone()).collect()).collect()
}

fn scalars(column: &ArrayRef) -> Vec<Scalar> {
    let column = match column.data_type() {
        DataType::Dictionary(_, values) => &cast(column, values).expect("values of a dictionary"),
        _ => column,
    };
    let value = |row: usize| match column.data_type() {
        _ if column.is_null(row) => Scalar::Null,
        DataType::Boolean => Scalar::Bool(column.as_boolean().value(row)),
        DataType::Int64 => Scalar::Int(column.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => Scalar::Float(column.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8View => Scalar::Text(column.as_string_view().value(row).to_owned()),
        DataType::Date32 => Scalar::Date(column.as_primitive::<Date32Type>().value(row)),
        other => panic!("a column of {other}"),
    };
    (0..column.len()).map(value).collect()
}

/// What differs between an answer and the model's.
fn difference(schema: &SchemaRef, rows: &[Vec<Scalar>], expected: &Rows) -> Option<String> {
    let columns: Vec<(String, DataType)> = schema.fields().iter().map(|field| (field.name().clone(), field.data_type().clone())).collect();
    let wanted: Vec<(String, DataType)> = expected.columns.iter().map(|(name, kind)| (name.clone(), kind.data_type())).collect();
    if columns != wanted {
        return Some(format!("columns {columns:?}, expected {wanted:?}"));
    }
    let is_same = |a: &Vec<Scalar>, b: &Vec<Scalar>| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| model::is_same(a, b));
    if let Some(at) = rows.iter().zip(&expected.rows).position(|(a, b)| !is_same(a, b)) {
        return Some(format!("row {at} is {:?}, expected {:?}", rows[at], expected.rows[at]));
    }
    (rows.len() != expected.rows.len()).then(|| format!("{} rows, expected {}", rows.len(), expected.rows.len()))
}

/// Checks a plan in some worlds.
fn check(plan: &Plan, table: &Rows, worlds: &[World]) -> std::result::Result<(), TestCaseError> {
    let expected = model::answer(plan, table);
    let mut lenient: Option<Rows> = None;
    for world in worlds {
        match (&expected, answer(&world.engine(), plan)) {
            (Err(Failure::Unknown(what)), _) => prop_assert!(false, "the model does not know {what}"),
            // A value that does not fit is an error only where it is needed, which the model cannot know: a limit or the optimizer may
            // drop it. Worlds with an answer have the same one.
            (Err(Failure::Arithmetic(_)), Err(_)) => {}
            (Err(Failure::Arithmetic(_)), Ok((schema, rows))) => {
                if let Some(first) = &lenient {
                    let difference = difference(&schema, &rows, first);
                    prop_assert!(difference.is_none(), "{world:?}: {}\n{}", difference.unwrap_or_default(), frame_lang::print(plan));
                }
                let columns = plan_columns(plan, table)?;
                lenient = Some(Rows { columns, rows });
            }
            (Ok(_), Err(error)) => prop_assert!(false, "{world:?}: {error}\n{}", frame_lang::print(plan)),
            (Ok(expected), Ok((schema, rows))) => {
                let difference = difference(&schema, &rows, expected);
                prop_assert!(difference.is_none(), "{world:?}: {}\n{}", difference.unwrap_or_default(), frame_lang::print(plan));
            }
        }
    }
    Ok(())
}

fn plan_columns(plan: &Plan, table: &Rows) -> std::result::Result<model::Columns, TestCaseError> {
    model::columns(plan, &table.columns).map_err(|failure| TestCaseError::fail(format!("{failure:?}")))
}

fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(150);
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 2_000, ..ProptestConfig::default() }
}

/// Checks random plans in three worlds each.
fn check_all(cases: impl Strategy<Value = frame_testing::Case>) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("table.csv");
    let worlds = prop::collection::vec(worlds(), 3);
    let test = |(case, worlds): (frame_testing::Case, Vec<World>)| {
        let text = case.table.csv();
        std::fs::write(&file, &text).expect("a file");
        let plan = case.reading(&file.display().to_string());
        check(&plan, &case.table.rows, &worlds).map_err(|error| match error {
            TestCaseError::Fail(reason) => TestCaseError::fail(format!("{reason}\n\n{text}")),
            reject => reject,
        })
    };
    let mut runner = proptest::test_runner::TestRunner::new(config());
    if let Err(error) = runner.run(&(cases, worlds), test) {
        panic!("{error}");
    }
}

#[test]
fn answers_are_those_of_the_model() {
    check_all(cases());
}

#[test]
fn groups_of_joins_are_those_of_the_model() {
    check_all(grouped_joins());
}

/// How many of 300 random plans a rule changes.
fn changed(cases: impl Strategy<Value = frame_testing::Case>, rule: &str) -> usize {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("table.csv");
    let engine = World(1, 8192, 16 << 20, 256 << 10, usize::MAX, true).engine();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let changed = (0..300).filter(|_| {
        let case = cases.new_tree(&mut runner).expect("a case").current();
        std::fs::write(&file, case.table.csv()).expect("a file");
        let plan = case.reading(&file.display().to_string());
        engine.explain(|_| Ok(plan.clone())).expect("a plan").contains(&format!("after {rule}"))
    });
    changed.count()
}

#[test]
fn random_chains_of_joins_are_put_in_another_order() {
    let reordered = changed(cases(), "order joins");
    assert!(reordered > 20, "{reordered} of 300 random plans have their joins in another order");
}

#[test]
fn random_conditions_on_keys_get_to_both_sides() {
    let shared = changed(cases(), "share filters");
    assert!(shared > 10, "{shared} of 300 random plans have conditions on both sides of a join");
}

#[test]
fn random_groups_are_joined_in_place_of_their_rows() {
    let pushed = changed(grouped_joins(), "push aggregates");
    assert!(pushed > 15, "{pushed} of 300 random plans have groups in front of a join");
}

/// Columns `i`, `j` (int), `f` (float), `t` (text) of small tables, queries, and what they once got wrong.
#[test]
fn known_cases() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("table.csv");
    let types = "types i = int, j = int, f = float, t = text";
    let cases: &[(&str, &str, &str)] = &[
        (
            "median between a number and infinity",
            "1,1,1.0,\"a\"\n2,2,inf,\"a\"\n3,3,-inf,\"b\"\n4,4,2.0,\"b\"\n",
            "groupby t median f, quantile 0.25 f",
        ),
        (
            "an argument that overflows where it does not count",
            "1,9223372036854775807,0.5,\"a\"\n2,1,0.5,\"b\"\n",
            "agg sum(j + 1) where i > 1 as s",
        ),
    ];
    for (title, lines, query) in cases {
        std::fs::write(&file, format!("i,j,f,t\n{lines}")).expect("a file");
        let path = file.display().to_string();
        let world = World(1, 8192, 16 << 20, 256 << 10, usize::MAX, false);
        let tables = world.engine().tables();
        let plan = frame_lang::parse(&format!("from '{path}' ({types}) | {query}"), Vec::new(), &tables).expect("a query");
        let scan = frame_lang::parse(&format!("from '{path}' ({types})"), Vec::new(), &tables).expect("a query");
        let (_, rows) = answer(&world.engine(), &scan).expect("a scan");
        let kinds = [("i", Kind::Int), ("j", Kind::Int), ("f", Kind::Float), ("t", Kind::Text)];
        let columns = kinds.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
        let worlds = [world, World(3, 3, 40, 20, 0, true), World(1, 3, 16 << 20, 256 << 10, 300, true)];
        check(&plan, &Rows { columns, rows }, &worlds).unwrap_or_else(|error| panic!("{title}: {error}"));
    }
}
