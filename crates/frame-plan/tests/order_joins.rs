//! The order of joins over tables whose figures are made up.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use frame_core::{ColumnFigures, Result, TableFigures};
use frame_plan::{Catalog, Input, Join, JoinKind, KeyPair, Plan, Scan, optimize};

/// Tables of a column `k` that are called by how many rows they have and how many different values: `1000/10`.
struct Figures {
    are_known: bool,
    are_near: bool,
}

impl Catalog for Figures {
    fn schema(&self, _: &Input) -> Result<SchemaRef> {
        Ok(Arc::new(Schema::new(vec![Field::new("k", DataType::Int64, true)])))
    }

    fn figures(&self, input: &Input) -> Result<TableFigures> {
        assert!(self.are_near, "nobody asks for what is far away");
        let number = |text: &str| text.parse::<f64>().expect("a number");
        let (rows, distinct) = input.path.split_once('/').map(|(rows, distinct)| (number(rows), number(distinct))).expect("a name");
        let distinct = self.are_known.then_some(distinct);
        let column = ColumnFigures { name: "k".to_owned(), width: 8.0, distinct, ..ColumnFigures::default() };
        Ok(TableFigures { rows, columns: vec![column], ..TableFigures::default() })
    }

    fn has_figures(&self, _: &Input) -> bool {
        self.are_near
    }
}

fn scan(path: &str) -> Plan {
    Plan::Scan(Scan::new(Input { path: path.to_owned(), ..Input::default() }))
}

fn joined(left: Plan, kind: JoinKind, right: &str) -> Plan {
    let keys = vec![KeyPair::same("k")];
    Plan::Join(Join {
        left: Box::new(left),
        right: Box::new(scan(right)),
        kind,
        keys,
        as_of: None,
        expect: None,
        alias: None,
        prefixed: None,
    })
}

/// The right sides of a chain, the first join first.
fn sides(plan: &Plan) -> Vec<String> {
    let Plan::Join(join) = plan else { return Vec::new() };
    let mut sides = self::sides(&join.left);
    sides.extend(join.right.sources().iter().map(|input| input.path.clone()));
    sides
}

/// The right sides of `1000000/1000 | join 5000/1000 | semi 10/10 | semi 100/100` in the order of the rule.
fn order(figures: &Figures) -> Vec<String> {
    let plan = joined(scan("1000000/1000"), JoinKind::Inner, "5000/1000");
    let plan = joined(joined(plan, JoinKind::Semi, "100/100"), JoinKind::Semi, "10/10");
    sides(&optimize(plan, figures).expect("a plan").0)
}

fn stays(plan: Plan, figures: &Figures) -> bool {
    let (_, changes) = optimize(plan, figures).expect("a plan");
    changes.iter().all(|change| change.rule != "order joins")
}

#[test]
fn what_leaves_least_comes_first() {
    assert_eq!(order(&Figures { are_known: true, are_near: true }), ["10/10", "100/100", "5000/1000"]);
}

#[test]
fn joins_stay_as_they_are_written_where_nothing_is_known() {
    assert_eq!(order(&Figures { are_known: false, are_near: true }), ["5000/1000", "100/100", "10/10"]);
    assert_eq!(order(&Figures { are_known: true, are_near: false }), ["5000/1000", "100/100", "10/10"]);
}

#[test]
fn a_join_on_its_own_asks_for_no_figures() {
    let plan = joined(scan("1000000/1000"), JoinKind::Inner, "5000/1000");
    assert!(stays(plan, &Figures { are_known: true, are_near: false }));
}

#[test]
fn little_gain_is_no_reason_to_move() {
    let plan = joined(joined(scan("1000000/1000"), JoinKind::Semi, "990/990"), JoinKind::Semi, "980/980");
    assert!(stays(plan, &Figures { are_known: true, are_near: true }));
}
