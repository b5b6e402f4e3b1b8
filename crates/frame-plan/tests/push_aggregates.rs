//! Where rows are grouped before they are joined, over tables whose figures are made up.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use frame_core::{ColumnFigures, Result, TableFigures};
use frame_expr::{AggregateCall, Expr};
use frame_plan::{Aggregate, Catalog, Input, Join, JoinKind, KeyItem, KeyPair, Plan, Scan, explain, optimize};

/// Tables of a key `k` and a group `g` that are called by how many rows they have and how many different values of each: `1000/10/5`.
struct Figures {
    are_known: bool,
    are_near: bool,
    have_ranges: bool,
}

const KNOWN: Figures = Figures { are_known: true, are_near: true, have_ranges: false };

impl Catalog for Figures {
    fn schema(&self, _: &Input) -> Result<SchemaRef> {
        Ok(Arc::new(Schema::new(vec![Field::new("k", DataType::Int64, true), Field::new("g", DataType::Utf8View, true)])))
    }

    fn figures(&self, input: &Input) -> Result<TableFigures> {
        assert!(self.are_near, "nobody asks for what is far away");
        let numbers: Vec<f64> = input.path.split('/').map(|number| number.parse().expect("a number")).collect();
        let column = |name: &str, distinct| {
            let distinct = self.are_known.then_some(distinct);
            ColumnFigures { name: name.to_owned(), width: 8.0, distinct, ..ColumnFigures::default() }
        };
        Ok(TableFigures { rows: numbers[0], columns: vec![column("k", numbers[1]), column("g", numbers[2])], ..TableFigures::default() })
    }

    fn has_figures(&self, _: &Input) -> bool {
        self.are_near
    }

    fn has_ranges(&self, _: &Input, _: &str) -> bool {
        self.have_ranges
    }
}

fn scan(path: &str) -> Box<Plan> {
    Box::new(Plan::Scan(Scan::new(Input { path: path.to_owned(), ..Input::default() })))
}

/// Groups of `left | join right on k | groupby right.g count`.
fn grouped(left: &str, right: &str) -> Plan {
    let (left, right, keys) = (scan(left), scan(right), vec![KeyPair::same("k")]);
    let join = Join { left, right, kind: JoinKind::Inner, keys, as_of: None, expect: None, alias: None, prefixed: None };
    let keys = vec![KeyItem { expr: Expr::column("right.g"), name: "g".to_owned() }];
    let aggregates = vec![AggregateCall::new("count", Vec::new(), "count")];
    Plan::Aggregate(Aggregate { input: Box::new(Plan::Join(join)), keys, aggregates, with_total: false })
}

/// Whether rows are grouped before they are joined.
fn is_pushed(left: &str, right: &str, figures: &Figures) -> bool {
    let (plan, changes) = optimize(grouped(left, right), figures).expect("a plan");
    let is_changed = changes.iter().any(|change| change.rule == "push aggregates");
    assert_eq!(is_changed, explain(&plan).contains("states of count"));
    is_changed
}

#[test]
fn rows_are_grouped_before_a_join_multiplies_them() {
    assert!(is_pushed("1000000/1000/10", "5000/1000/10", &KNOWN));
}

#[test]
fn rows_are_grouped_first_where_there_are_many_texts_behind() {
    assert!(is_pushed("10000000/100000/10", "100000/100000/100000", &KNOWN));
    assert!(!is_pushed("10000000/100000/10", "100000/100000/25", &KNOWN));
}

#[test]
fn a_look_into_a_near_table_costs_less_than_a_state_that_is_far() {
    assert!(!is_pushed("10000000/1000000/10", "1000000/1000000/25", &KNOWN));
}

#[test]
fn groups_of_few_rows_and_joins_that_leave_few_are_not_worth_it() {
    assert!(!is_pushed("1000000/400000/10", "5000000/400000/10", &KNOWN));
    assert!(!is_pushed("1000000/1000/10", "10/10/10", &KNOWN));
}

#[test]
fn rows_stay_where_nothing_is_known() {
    assert!(!is_pushed("1000000/1000/10", "5000/1000/10", &Figures { are_known: false, ..KNOWN }));
    assert!(!is_pushed("1000000/1000/10", "5000/1000/10", &Figures { are_near: false, ..KNOWN }));
}

#[test]
fn large_sides_that_may_be_joined_slice_by_slice_stay_so() {
    let ranges = Figures { have_ranges: true, ..KNOWN };
    assert!(is_pushed("50000000/500000/10", "500000/500000/500000", &KNOWN));
    assert!(!is_pushed("50000000/500000/10", "500000/500000/500000", &ranges));
    assert!(is_pushed("50000000/100000/10", "500000/100000/10", &ranges));
}
