//! Estimates of plans over made-up figures.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use frame_core::{ColumnFigures, Result, Scalar, TableFigures};
use frame_expr::{AggregateCall, BinaryOp, Expr, Node, col, lit};

use super::rows::Rows;
use super::selectivity::selectivity;
use super::{Estimate, Means, estimate};
use crate::{Aggregate, Catalog, Filter, Input, Join, JoinKind, KeyItem, KeyPair, Limit, Plan, Scan, Sort};

/// A million rows: `id` is different in each, `k` has a hundred values, `v` lies between 0 and 1000 and is null in every fourth row.
struct Figures;

fn columns() -> Vec<ColumnFigures> {
    let column = |name: &str, distinct: f64, nulls: f64, min: i64, max: i64| ColumnFigures {
        name: name.to_owned(),
        width: 8.0,
        distinct: Some(distinct),
        nulls,
        min: Some(Scalar::Int(min)),
        max: Some(Scalar::Int(max)),
        ..ColumnFigures::default()
    };
    vec![column("id", 1e6, 0.0, 1, 1_000_000), column("k", 100.0, 0.0, 0, 1 << 40), column("v", 1000.0, 0.25, 0, 1000)]
}

impl Catalog for Figures {
    fn schema(&self, _: &Input) -> Result<SchemaRef> {
        let fields = columns().into_iter().map(|column| Field::new(column.name, DataType::Int64, true)).collect::<Vec<_>>();
        Ok(Arc::new(Schema::new(fields)))
    }

    fn figures(&self, _: &Input) -> Result<TableFigures> {
        Ok(TableFigures { rows: 1e6, is_exact: true, bytes: 20_000_000, partitions: 10, reading_bytes: 1e5, columns: columns() })
    }
}

const MEANS: Means = Means {
    threads: 2,
    memory_bytes: 1 << 30,
    beside_bytes: 0,
    headroom_bytes: 1 << 27,
    batch_rows: 8192,
    table_groups: 1 << 15,
    piece_bytes: 32 << 10,
    least_piece_bytes: 32 << 10,
};

fn scan() -> Box<Plan> {
    Box::new(Plan::Scan(Scan::new(Input::default())))
}

fn sort() -> Plan {
    Plan::Sort(Sort { input: scan(), keys: vec![col("v").into()] })
}

fn group_by(key: &str) -> Plan {
    let keys = vec![KeyItem { expr: col(key), name: key.to_owned() }];
    Plan::Aggregate(Aggregate { input: scan(), keys, aggregates: vec![AggregateCall::new("sum", vec![col("v")], "s")], with_total: false })
}

fn join(kind: JoinKind, key: &str) -> Plan {
    let right = Plan::Limit(Limit { input: scan(), offset: 0, count: 1000 });
    let keys = if kind == JoinKind::Cross { Vec::new() } else { vec![KeyPair::same(key)] };
    Plan::Join(Join { left: scan(), right: Box::new(right), kind, keys, as_of: None, expect: None, alias: None, prefixed: None })
}

fn estimated(plan: &Plan, means: &Means) -> Estimate {
    estimate(plan, &Figures, means).expect("an estimate")
}

fn is_near(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 0.01 * expected.abs() + 1e-9
}

#[test]
fn conditions_go_by_bounds_nulls_and_different_values() {
    let rows = Rows { rows: 1e6, is_exact: true, columns: columns() };
    let compare = |op, value: i64| Expr::binary(op, col("v"), lit(value));
    let text = || Box::new(lit("a"));
    let unknown = Expr::new(Node::Call { function: "lower".to_owned(), arguments: vec![lit("a")] });
    let is_null = |negated| Expr::new(Node::IsNull { operand: Box::new(col("v")), negated });
    let among = |negated| Expr::new(Node::In { operand: Box::new(col("k")), list: vec![lit(1), lit(2)], negated });
    let between = Node::Between { operand: Box::new(col("v")), low: Box::new(lit(100)), high: Box::new(lit(300)), negated: false };
    for (condition, expected) in [
        (compare(BinaryOp::Less, 250), 0.75 * 0.25),
        (compare(BinaryOp::GreaterEqual, 250), 0.75 * 0.75),
        (Expr::binary(BinaryOp::Greater, lit(250), col("v")), 0.75 * 0.25),
        (compare(BinaryOp::Greater, 5000), 0.0),
        (compare(BinaryOp::LessEqual, 5000), 0.75),
        (compare(BinaryOp::Equal, 17), 0.75 / 1000.0),
        (compare(BinaryOp::Equal, -1), 0.0),
        (Expr::binary(BinaryOp::And, compare(BinaryOp::Less, 500), is_null(true)), 0.375 * 0.75),
        (is_null(false), 0.25),
        (among(false), 0.02),
        (among(true), 0.98),
        (Expr::new(between), 0.75 * 0.2),
        (unknown, 1.0 / 3.0),
        (
            Expr::binary(
                BinaryOp::Equal,
                Expr::new(Node::Cast { operand: text(), to: DataType::Utf8View, bad: frame_expr::BadCast::Fail }),
                col("x"),
            ),
            0.1,
        ),
        (lit(true), 1.0),
    ] {
        let found = selectivity(&condition, &rows);
        assert!((found - expected).abs() < 0.002, "{condition}: {found} and not {expected}");
    }
}

#[test]
fn rows_follow_filters_groups_and_joins() {
    let filtered = Plan::Filter(Filter { input: scan(), predicate: Expr::binary(BinaryOp::Less, col("v"), lit(500)) });
    for (plan, rows) in [
        (*scan(), 1e6),
        (filtered, 375_000.0),
        (group_by("k"), 100.0),
        (group_by("v"), 1001.0),
        (join(JoinKind::Inner, "id"), 1000.0),
        (join(JoinKind::Left, "id"), 1e6),
        (join(JoinKind::Semi, "id"), 1000.0),
        (join(JoinKind::Anti, "id"), 999_000.0),
        (join(JoinKind::Inner, "k"), 1e7),
        (join(JoinKind::Cross, ""), 1e9),
        (Plan::Limit(Limit { input: scan(), offset: 0, count: 7 }), 7.0),
    ] {
        let found = estimated(&plan, &MEANS);
        assert!(is_near(found.rows, rows), "{}: {} rows and not {rows}", plan.explain(), found.rows);
        assert_eq!(found.operators[0].rows, found.rows);
    }
    let scanned = estimated(&scan(), &MEANS);
    assert!(scanned.operators[0].is_exact && !estimated(&group_by("k"), &MEANS).operators[0].is_exact);
}

#[test]
fn what_does_not_fit_goes_to_disk_and_the_smallest_limit_stays() {
    let plenty = estimated(&sort(), &MEANS);
    assert_eq!(plenty.spilled_bytes, 0.0);
    assert!(plenty.peak_bytes == plenty.unlimited_bytes && plenty.peak_bytes > 1e6 * 24.0);
    let limit = plenty.peak_bytes as usize / 4;
    let little = Means { memory_bytes: limit, headroom_bytes: limit / 8, ..MEANS };
    let tight = estimated(&sort(), &little);
    assert!(tight.spilled_bytes > 1e7 && tight.peak_bytes <= little.memory_bytes as f64);
    assert_eq!(tight.unlimited_bytes, plenty.unlimited_bytes);
    assert!(is_near(tight.smallest_limit_bytes, plenty.smallest_limit_bytes) && tight.smallest_limit_bytes < plenty.peak_bytes);
    assert!(plenty.to_string().contains("nothing goes to disk") && tight.to_string().contains("go to disk"), "{plenty}{tight}");
    // What the process holds besides is part of the limit.
    let beside = estimated(&sort(), &Means { beside_bytes: 50 << 20, ..MEANS });
    assert!(beside.smallest_limit_bytes > plenty.smallest_limit_bytes + f64::from(50 << 20));
}

#[test]
fn more_groups_take_more_memory_and_few_take_little() {
    let [few, many] = ["k", "id"].map(|key| estimated(&group_by(key), &MEANS));
    assert!(few.peak_bytes < 1e6 && many.peak_bytes > 2e7, "{few}{many}");
    assert!(few.operators[0].state_bytes > 0.0 && few.operators[1].state_bytes == 0.0);
}

#[test]
fn a_plan_that_occurs_twice_is_gathered_once() {
    let union = Plan::Union(crate::Union { inputs: vec![sort(), sort()], by_position: false });
    let (once, twice) = (estimated(&sort(), &MEANS), estimated(&union, &MEANS));
    assert_eq!(twice.rows, 2.0 * once.rows);
    assert!(is_near(twice.peak_bytes, once.peak_bytes), "{twice}");
}
