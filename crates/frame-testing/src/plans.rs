//! Random plans whose types fit, a few stages over one table.

use frame_core::{Scalar, Span};
use frame_expr::{AggregateCall, BinaryOp, Expr, Frame, SortKey, Window};
use frame_plan::{
    Aggregate, AsOf, Complete, Dedup, Direction, Expect, Filter, Input, Join, JoinKind, KeyItem, KeyPair, Limit, Mark, Plan, Project,
    Remark, Scan, Sort, Tail, Top, Union, Unpivot, WindowItem,
};
use proptest::prelude::*;

use crate::choices::Choices;
use crate::expressions::Expressions;
use crate::model::{self, Columns, Kind};
use crate::table::{Table, tables};

/// A table and a recipe for a plan over it.
#[derive(Debug, Clone)]
pub struct Case {
    /// What the plan reads.
    pub table: Table,
    /// The plan; its scans read `table.csv`.
    pub plan: Plan,
}

/// Joins of a chain, and the most rows of their right sides: each may give as many times the rows.
const CHAIN: usize = 3;
const CHAIN_ROWS: usize = 3;
/// The most rows of the right side of any other join.
const RIGHT_ROWS: usize = 6;

/// Joins of which one side is of use only beside rows of the other one.
const OF_KEYS: [JoinKind; 5] = [JoinKind::Inner, JoinKind::Left, JoinKind::Right, JoinKind::Semi, JoinKind::Anti];

/// How often a row is there in a table of few different rows.
const TIMES: usize = 12;

/// Plans that read so many tables are no longer joined with themselves.
const SOURCES: usize = 8;

/// The path that the plans of [`cases`] read.
const PATH: &str = "table.csv";

/// Random tables, each with a plan of up to five stages.
pub fn cases() -> impl Strategy<Value = Case> {
    let stage = prop::collection::vec(any::<u16>(), 1..60);
    (tables(), prop::collection::vec(stage, 0..6)).prop_map(|(table, stages)| {
        let plan = plan(&table.rows.columns, &stages);
        Case { table, plan }
    })
}

/// Random tables of a few different rows, each there many times, with a plan that groups what a join or two make of them.
pub fn grouped_joins() -> impl Strategy<Value = Case> {
    (tables(), prop::collection::vec(any::<u16>(), 20..90), 1..7_usize, any::<bool>()).prop_map(
        |(mut table, words, different, is_chain)| {
            table.rows.rows.truncate(different);
            let rows = std::mem::take(&mut table.rows.rows);
            table.rows.rows = (0..TIMES).flat_map(|_| rows.iter().cloned()).collect();
            let mut choices = words.chunks(words.len().div_ceil(2));
            let mut plan = Plan::Scan(Scan::new(Table::input(PATH)));
            let mut stage = |plan: Plan, make: fn(&mut Stage<'_>, Plan) -> Plan| {
                let columns = model::columns(&plan, &table.rows.columns).expect("random plans are of what the model knows");
                let choices = Choices::new(choices.next().unwrap_or_default());
                make(&mut Stage { table: &table.rows.columns, columns: &columns, choices }, plan)
            };
            if is_chain {
                plan = stage(plan, |stage, plan| stage.join(plan, CHAIN_ROWS, false));
            }
            plan = stage(plan, |stage, plan| stage.grouped_join(plan));
            Case { table, plan }
        },
    )
}

impl Case {
    /// The plan with this file in place of `table.csv`.
    pub fn reading(&self, path: &str) -> Plan {
        fn set(plan: &mut Plan, input: &Input) {
            if let Plan::Scan(scan) = plan {
                scan.input = input.clone();
            }
            plan.inputs_mut().into_iter().for_each(|below| set(below, input));
        }
        let mut plan = self.plan.clone();
        set(&mut plan, &Table::input(path));
        plan
    }
}

fn plan(table: &Columns, stages: &[Vec<u16>]) -> Plan {
    let mut plan = Plan::Scan(Scan::new(Table::input(PATH)));
    for words in stages {
        // Now and then a stage is several joins behind each other.
        let is_chain = words.first().is_some_and(|word| word % 5 == 4);
        let parts = if is_chain { words.chunks(words.len().div_ceil(CHAIN).max(1)) } else { words.chunks(words.len().max(1)) };
        for words in parts {
            let columns = model::columns(&plan, table).expect("random plans are of what the model knows");
            let mut stage = Stage { table, columns: &columns, choices: Choices::new(words) };
            plan = if is_chain { stage.join(plan, CHAIN_ROWS, false) } else { stage.on(plan) };
        }
    }
    plan
}

/// Makes one stage over the columns of the stage before.
struct Stage<'a> {
    table: &'a Columns,
    columns: &'a Columns,
    choices: Choices<'a>,
}

impl Stage<'_> {
    fn on(&mut self, plan: Plan) -> Plan {
        let input = Box::new(plan);
        match self.choices.below(24) {
            0 | 1 => Plan::Filter(Filter { input, predicate: self.condition() }),
            2 => Plan::Limit(Limit { input, count: self.choices.below(12) as u64, offset: self.choices.below(6) as u64 }),
            3 => Plan::Sort(Sort { input, keys: self.order() }),
            4 | 5 => self.project(input),
            6..=8 => self.aggregate(input),
            9 => Plan::Tail(Tail { input, count: self.choices.below(12) as u64 }),
            10 => {
                let (count, order) = (self.choices.below(5) as u64, self.order());
                let per = if self.choices.once_in(2) { vec![self.any_expr().0] } else { Vec::new() };
                Plan::Top(Top { input, count, order, per, with_ties: self.choices.once_in(2) })
            }
            11 => self.dedup(input),
            12 => self.union(*input),
            13 => self.unpivot(input),
            14 => self.complete(input),
            15 | 16 => self.windows(input),
            17..=19 => self.join(*input, RIGHT_ROWS, false),
            20..=22 => self.join(*input, RIGHT_ROWS, true),
            _ => Plan::Mark(Mark { input, remark: Remark::Note("it's a note".to_owned()) }),
        }
    }

    fn condition(&mut self) -> Expr {
        Expressions { columns: self.columns }.condition(&mut self.choices)
    }

    /// A column or an expression of any kind, and the kind.
    fn any_expr(&mut self) -> (Expr, Kind) {
        if self.choices.once_in(3) {
            let kind = Kind::OF_COLUMNS[self.choices.below(Kind::OF_COLUMNS.len())];
            return (Expressions { columns: self.columns }.of(kind, 2, &mut self.choices), kind);
        }
        let (name, kind) = self.column();
        (Expr::column(name), kind)
    }

    fn column(&mut self) -> (String, Kind) {
        self.choices.one(self.columns).cloned().expect("every stage has a column")
    }

    fn order(&mut self) -> Vec<SortKey> {
        let key = |stage: &mut Self| {
            let (descending, nulls_first) = (stage.choices.once_in(2), stage.choices.once_in(3));
            SortKey { expr: stage.any_expr().0, descending, nulls_first }
        };
        (0..=self.choices.below(3)).map(|_| key(self)).collect()
    }

    /// A name that is not taken: the column's own, a new plain one, or an odd one.
    fn name(&mut self, expr: &Expr, taken: &[String]) -> String {
        let own = match &expr.node {
            frame_expr::Node::Column(name) => Some(name.clone()),
            _ => None,
        };
        let base = ["c", "select", "per", "a b", "[x]", "é", "count"][self.choices.below(7)].to_owned();
        let numbered = (0..).map(|number| format!("{base}{number}"));
        let free = |name: &String| !taken.contains(name);
        let own = if self.choices.once_in(4) { None } else { own };
        own.into_iter().chain([base.clone()]).chain(numbered).find(free).unwrap_or(base)
    }

    fn project(&mut self, input: Box<Plan>) -> Plan {
        let mut names = Vec::new();
        let mut items = Vec::new();
        for _ in 0..=self.choices.below(5) {
            let expr = self.any_expr().0;
            names.push(self.name(&expr, &names));
            items.push((expr, names[names.len() - 1].clone()));
        }
        Plan::Project(Project { input, items })
    }

    fn aggregate(&mut self, input: Box<Plan>) -> Plan {
        let mut names = Vec::new();
        let mut keys = Vec::new();
        for _ in 0..self.choices.below(4) {
            let expr = self.any_expr().0;
            let name = self.name(&expr, &names);
            names.push(name.clone());
            keys.push(KeyItem { expr, name });
        }
        let calls = if keys.is_empty() { 1 + self.choices.below(4) } else { self.choices.below(5) };
        let aggregates: Vec<AggregateCall> = (0..calls).map(|_| self.call(&mut names)).collect();
        // Without aggregates it is `distinct`, which has no total.
        let with_total = !keys.is_empty() && !aggregates.is_empty() && self.choices.once_in(4);
        Plan::Aggregate(Aggregate { input, keys, aggregates, with_total })
    }

    fn call(&mut self, names: &mut Vec<String>) -> AggregateCall {
        const OF_ANY: [&str; 7] = ["count", "min", "max", "nunique", "first", "last", "mode"];
        const OF_NUMBERS: [&str; 6] = ["sum", "mean", "var", "std", "median", "quantile"];
        let (expr, kind) = self.any_expr();
        let of_number = kind.is_number() && !self.choices.once_in(3);
        let function = *self.choices.one(if of_number { &OF_NUMBERS[..] } else { &OF_ANY[..] }).expect("a list of names");
        let is_count = function == "count" && self.choices.once_in(2);
        let arguments = if is_count { Vec::new() } else { vec![expr] };
        let mut call = AggregateCall::new(function, arguments, "");
        if function == "quantile" {
            call.constants = vec![Scalar::Float([0.5, 0.0, 1.0, 0.25, 0.95, 0.123_456_789_012][self.choices.below(6)])];
        }
        if self.choices.once_in(4) {
            call.filter = Some(self.condition());
        }
        if matches!(function, "first" | "last") && self.choices.once_in(2) {
            call.order = self.order();
        }
        let own = match call.arguments.as_slice() {
            [Expr { node: frame_expr::Node::Column(column), .. }] => format!("{function}_{column}"),
            _ => function.to_owned(),
        };
        call.name = self.name(&Expr::column(own), names);
        names.push(call.name.clone());
        call
    }

    fn dedup(&mut self, input: Box<Plan>) -> Plan {
        let mut by: Vec<String> = (0..=self.choices.below(2)).map(|_| self.column().0).collect();
        by.dedup();
        let (mut order, mut keep_last) = (Vec::new(), false);
        if self.choices.once_in(2) {
            keep_last = self.choices.once_in(2);
            if !keep_last {
                let descending = self.choices.once_in(2);
                order = vec![SortKey { expr: self.any_expr().0, descending, nulls_first: false }];
            }
        }
        Plan::Dedup(Dedup { input, by, order, keep_last })
    }

    fn windows(&mut self, input: Box<Plan>) -> Plan {
        let mut taken: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
        let mut items = Vec::new();
        for _ in 0..=self.choices.below(3) {
            let window = self.window();
            let name = self.name(&Expr::column(&window.function), &taken);
            taken.push(name.clone());
            items.push(WindowItem { window, name, span: Span::default() });
        }
        Plan::Window(frame_plan::Window { input, items })
    }

    fn window(&mut self) -> Window {
        const OWN: [&str; 9] = ["row_number", "lag", "lead", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "nth"];
        let by = if self.choices.once_in(2) { vec![self.any_expr().0] } else { Vec::new() };
        let order = self.order();
        let frame = match self.choices.below(4) {
            0 | 1 => None,
            _ => {
                let (start, end) = (self.choices.below(8) as i64 - 5, self.choices.below(8) as i64 - 2);
                let bound = |stage: &mut Self, bound| (!stage.choices.once_in(4)).then_some(bound);
                Some(Frame::Rows { start: bound(self, start.min(end)), end: bound(self, end.max(start)) })
            }
        };
        if self.choices.once_in(2) {
            let function = OWN[self.choices.below(OWN.len())];
            let takes_value = matches!(function, "lag" | "lead" | "nth");
            let arguments = if takes_value { vec![self.any_expr().0] } else { Vec::new() };
            let count = Scalar::Int(1 + self.choices.below(4) as i64);
            let has_count = matches!(function, "ntile" | "nth") || takes_value && self.choices.once_in(2);
            let constants = if has_count { vec![count] } else { Vec::new() };
            return Window { function: function.to_owned(), constants, arguments, by, order, frame: frame.filter(|_| function == "nth") };
        }
        let AggregateCall { function, constants, arguments, .. } = self.call(&mut Vec::new());
        let order = if frame.is_none() && self.choices.once_in(3) { Vec::new() } else { order };
        Window { function, constants, arguments, by, order, frame }
    }

    /// Columns of one kind as rows.
    fn unpivot(&mut self, input: Box<Plan>) -> Plan {
        let (first, kind) = self.column();
        let alike = |other: &Kind| *other == kind || kind.is_number() && other.is_number();
        let mut columns: Vec<String> = self.columns.iter().filter(|(_, other)| alike(other)).map(|(name, _)| name.clone()).collect();
        columns.retain(|name| *name == first || self.choices.once_in(2));
        let mut taken: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).filter(|name| !columns.contains(name)).collect();
        let name = self.name(&Expr::column("name"), &taken);
        taken.push(name.clone());
        let value = self.name(&Expr::column(&first), &taken);
        Plan::Unpivot(Unpivot { input, columns, name, value })
    }

    fn complete(&mut self, input: Box<Plan>) -> Plan {
        let mut keys = vec![self.column().0];
        if self.choices.once_in(2) {
            let more = self.column().0;
            keys.extend((!keys.contains(&more)).then_some(more));
        }
        let kinds: Vec<Kind> = self.columns.iter().filter(|(name, _)| !keys.contains(name)).map(|(_, kind)| *kind).collect();
        let is_numeric = !kinds.is_empty() && kinds.iter().all(|kind| kind.is_number());
        let value = is_numeric.then(|| crate::expressions::literal(kinds[0], &mut self.choices));
        Plan::Complete(Complete { input, keys, value })
    }

    /// The rows once more, some of them, or rows of the table whose columns have the same kinds or kinds that go together.
    fn union(&mut self, input: Plan) -> Plan {
        let again = Box::new(input.clone());
        let by_position = self.choices.once_in(2);
        let other = match self.choices.below(3) {
            0 => Plan::Filter(Filter { input: again, predicate: self.condition() }),
            1 => Plan::Limit(Limit { input: again, offset: 0, count: self.choices.below(5) as u64 }),
            _ => {
                let scan = Box::new(Plan::Scan(Scan::new(Table::input(PATH))));
                let mut columns = self.columns.clone();
                if !by_position {
                    let turns = self.choices.below(columns.len());
                    columns.rotate_left(turns);
                    columns.truncate(1 + self.choices.below(columns.len()));
                }
                let item = |(name, kind): &(String, Kind)| {
                    let kind = if kind.is_number() && self.choices.once_in(2) { Kind::Float } else { *kind };
                    (Expressions { columns: self.table }.of(kind, 1, &mut self.choices), name.clone())
                };
                let items = columns.iter().map(item).collect();
                Plan::Project(Project { input: scan, items })
            }
        };
        Plan::Union(Union { inputs: vec![input, other], by_position })
    }

    /// A few rows of the table, or of the plan itself, beside the rows; each of their keys once now and then. Or all their keys, where it
    /// is about these.
    fn join(&mut self, left: Plan, rows_max: usize, is_about_keys: bool) -> Plan {
        // Doubled again and again a plan would have more stages than a query may have.
        let is_again = self.choices.once_in(3) && left.sources().len() < SOURCES;
        let input = if is_again { left.clone() } else { Plan::Scan(Scan::new(Table::input(PATH))) };
        let (count, offset) = (1 + self.choices.below(rows_max) as u64, self.choices.below(4) as u64);
        let others = if is_again { self.columns } else { self.table };
        let kinds = if is_about_keys { &OF_KEYS[..] } else { &JoinKind::ALL[..] };
        let mut kind = kinds[self.choices.below(kinds.len())];
        let mut as_of = None;
        if kind == JoinKind::AsOf {
            const NEAR: [Kind; 3] = [Kind::Int, Kind::Float, Kind::Date];
            as_of = self.pair(others, &NEAR).map(|(on, kind)| {
                let within = self.choices.below(4) as i64;
                let within = if kind == Kind::Date { Scalar::Duration(within * 86_400_000_000) } else { Scalar::Int(within) };
                let direction = Direction::ALL[self.choices.below(3)];
                AsOf { on, direction, within: self.choices.once_in(2).then_some(within) }
            });
        }
        let wanted = if kind == JoinKind::AsOf { self.choices.below(2) } else { 1 + self.choices.below(2) };
        let pairs: Vec<(KeyPair, Kind)> = (0..wanted).filter_map(|_| self.pair(others, &Kind::OF_COLUMNS)).collect();
        if as_of.is_none() && (pairs.is_empty() || kind == JoinKind::AsOf) {
            kind = JoinKind::Cross;
        }
        let pairs = if kind == JoinKind::Cross { Vec::new() } else { pairs };
        let (left, input) = if is_about_keys { self.with_conditions(left, input, &pairs) } else { (left, input) };
        let keys: Vec<KeyPair> = pairs.into_iter().map(|(pair, _)| pair).collect();
        let mut right = if is_about_keys && !keys.is_empty() && as_of.is_none() {
            // All rows of the other side, each key once where it would multiply rows.
            if kind.is_filter() { input } else { distinct(input, &keys) }
        } else {
            Plan::Limit(Limit { input: Box::new(input), offset, count })
        };
        let is_free = |alias: &String| self.columns.iter().all(|(name, _)| !name.starts_with(&format!("{alias}.")));
        let alias = (0..).map(|number| format!("r{number}")).find(is_free);
        let mut expect = (kind != JoinKind::Cross && self.choices.once_in(4)).then_some(Expect::ManyToMany);
        if !keys.is_empty() && kind != JoinKind::AsOf && self.choices.once_in(4) {
            let kind_of = |columns: &Columns, name: &str| columns.iter().find(|(known, _)| known == name).map(|(_, kind)| *kind);
            let is_told = |pair: &KeyPair| {
                let kind = kind_of(self.columns, &pair.left);
                kind == kind_of(others, &pair.right) && kind != Some(Kind::Float)
            };
            let is_once = keys.iter().all(is_told);
            right = Plan::Dedup(Dedup { input: Box::new(right), by: right_names(&keys), order: Vec::new(), keep_last: false });
            expect = (is_once && self.choices.once_in(2)).then_some(Expect::ManyToOne).or(expect);
        }
        Plan::Join(Join { left: Box::new(left), right: Box::new(right), kind, keys, as_of, expect, alias, prefixed: None })
    }

    /// Groups of a join, with aggregates of left columns alone.
    fn grouped_join(&mut self, left: Plan) -> Plan {
        const CALLS: [&str; 5] = ["sum", "mean", "count", "min", "max"];
        let input = self.join(left, RIGHT_ROWS, false);
        let columns = model::columns(&input, self.table).unwrap_or_default();
        let mut names: Vec<String> = Vec::new();
        let mut keys = Vec::new();
        for _ in 0..1 + self.choices.below(2) {
            // The last columns are those of the right side.
            let place = columns.len().saturating_sub(1 + self.choices.below(columns.len().max(1)));
            let Some(name) = columns.get(place).map(|(name, _)| name.clone()).filter(|name| !names.contains(name)) else { continue };
            names.push(name.clone());
            keys.push(KeyItem { expr: Expr::column(&name), name });
        }
        let mut aggregates = Vec::new();
        for _ in 0..1 + self.choices.below(3) {
            let (column, kind) = self.column();
            let calls = if kind.is_number() { &CALLS[..] } else { &CALLS[2..] };
            let function = calls[self.choices.below(calls.len())];
            let name = self.name(&Expr::column(format!("{function}_{column}")), &names);
            names.push(name.clone());
            let mut call = AggregateCall::new(function, vec![Expr::column(column)], name);
            if self.choices.once_in(4) {
                call.filter = Some(self.condition());
            }
            aggregates.push(call);
        }
        let with_total = !keys.is_empty() && self.choices.once_in(4);
        Plan::Aggregate(Aggregate { input: Box::new(input), keys, aggregates, with_total })
    }

    /// Both sides of a join, with a comparison of a key in front of one of them or of both.
    fn with_conditions(&mut self, left: Plan, right: Plan, pairs: &[(KeyPair, Kind)]) -> (Plan, Plan) {
        let Some((pair, kind)) = self.choices.one(pairs).cloned() else { return (left, right) };
        let sides = self.choices.below(3);
        let mut with_condition = |input: Plan, column: &str| {
            let op = [BinaryOp::GreaterEqual, BinaryOp::Less, BinaryOp::Equal][self.choices.below(3)];
            let predicate = Expr::binary(op, Expr::column(column), crate::expressions::literal(kind, &mut self.choices));
            Plan::Filter(Filter { input: Box::new(input), predicate })
        };
        let left = if sides == 1 { left } else { with_condition(left, &pair.left) };
        (left, if sides == 0 { right } else { with_condition(right, &pair.right) })
    }

    /// A column of these kinds, and one of the others that can be compared with it.
    fn pair(&mut self, others: &Columns, kinds: &[Kind]) -> Option<(KeyPair, Kind)> {
        let lefts: Vec<_> = self.columns.iter().filter(|(_, kind)| kinds.contains(kind)).collect();
        let (left, kind) = self.choices.one(&lefts).map(|column| (*column).clone())?;
        let rights: Vec<_> = others.iter().filter(|(_, other)| kind.common(*other).is_ok()).collect();
        let (right, _) = self.choices.one(&rights).map(|column| (*column).clone())?;
        Some((KeyPair { left, right, span: Default::default() }, kind))
    }
}

/// The different right keys.
fn distinct(input: Plan, keys: &[KeyPair]) -> Plan {
    let keys = right_names(keys).into_iter().map(|name| KeyItem { expr: Expr::column(&name), name }).collect();
    Plan::Aggregate(Aggregate { input: Box::new(input), keys, aggregates: Vec::new(), with_total: false })
}

/// The right columns of keys, each once.
fn right_names(keys: &[KeyPair]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for pair in keys {
        if !names.contains(&pair.right) {
            names.push(pair.right.clone());
        }
    }
    names
}
