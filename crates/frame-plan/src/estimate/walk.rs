//! Goes through a plan as a run will: what feeds an operator first, then the operator. What stages have gathered stays until all are done.

use arrow::datatypes::SchemaRef;
use frame_core::{ColumnFigures, Result};
use frame_expr::Expr;

use super::columns::computed;
use super::joins::Matches;
use super::means::Means;
use super::outcome::{Estimate, OperatorEstimate};
use super::rows::{Rows, number, own_width, width};
use super::selectivity::passing;
use super::state::{State, state};
use crate::{Aggregate, Catalog, Join, JoinKind, KeyItem, Plan, SampleSize, Scan, Union};

/// What is written to disk is packed: about so many bytes of each that were in memory.
const PACKED: f64 = 0.55;
/// A part of an explosion of which nothing is known.
const ITEMS: f64 = 3.0;
/// Rows for each step of time that a group has.
const GAPS: f64 = 2.0;
/// A left side is small beside a right side with so many times its rows.
const SMALLER: f64 = 4.0;
/// Pieces that a task has in hand while rows go to disk and come back.
const PIECES: f64 = 8.0;
/// Who is refused depends on when tasks ask: so many times that is enough for one task, or for several.
const LUCK_OF_ONE: f64 = 1.5;
const LUCK_OF_SEVERAL: f64 = 3.0;
/// Who gathers takes what a reader gives back before it asks for as much again: it must find that in the part of the limit left to it.
const RENEWED: f64 = 4.0;
/// What an allocator keeps of memory that was given back: so much, and so many times what is in use.
const KEPT_BYTES: f64 = 16.0 * 1024.0 * 1024.0;
const KEPT_TIMES: f64 = 2.0;
/// Batches that a task has in hand.
const BATCHES: f64 = 4.0;
/// The part of the limit that is left to those who have nothing to give up.
const HEADROOM: f64 = 8.0;

/// What a plan will take. It is the plan that runs: the optimizer has been over it.
///
/// # Errors
/// What looking at an input can fail with, and what is wrong with the plan.
pub fn estimate(plan: &Plan, catalog: &dyn Catalog, means: &Means) -> Result<Estimate> {
    let mut walk = Walk::new(catalog, means);
    let flow = walk.visit(plan, 0)?;
    walk.answer(&flow);
    let limit = means.reservable();
    Ok(Estimate {
        rows: flow.rows.rows,
        peak_bytes: walk.peak.min(limit),
        spilled_bytes: walk.operators.iter().map(|operator| operator.spilled_bytes).sum(),
        unlimited_bytes: walk.unlimited,
        smallest_limit_bytes: if means.beside_bytes == 0 { walk.least } else { of_process(walk.least, means) },
        limit_bytes: means.memory_bytes,
        operators: walk.operators,
    })
}

/// About how many rows a plan gives; `None` where it takes long to know something of its inputs.
///
/// # Errors
/// What opening an input can fail with.
pub fn about_rows(plan: &Plan, catalog: &dyn Catalog) -> Result<Option<u64>> {
    if plan.sources().into_iter().any(|input| !catalog.has_figures(input)) {
        return Ok(None);
    }
    Ok(Some(rows(plan, catalog)?.rows as u64))
}

/// What is known of the rows that a plan gives.
///
/// # Errors
/// What looking at an input can fail with, and what is wrong with the plan.
pub(crate) fn rows(plan: &Plan, catalog: &dyn Catalog) -> Result<Rows> {
    // However much memory there is.
    let means = Means {
        threads: 1,
        memory_bytes: usize::MAX,
        beside_bytes: 0,
        headroom_bytes: 0,
        batch_rows: 8192,
        table_groups: usize::MAX,
        piece_bytes: 1 << 20,
        least_piece_bytes: 1 << 20,
    };
    Ok(Walk::new(catalog, &means).visit(plan, 0)?.rows)
}

/// The limit of a process that may reserve so many bytes: what it holds already, and what an allocator keeps beside what is in use.
fn of_process(least: f64, means: &Means) -> f64 {
    means.beside_bytes as f64 + KEPT_BYTES + KEPT_TIMES * least
}

struct Walk<'a> {
    catalog: &'a dyn Catalog,
    means: &'a Means,
    operators: Vec<OperatorEstimate>,
    /// Bytes that the stages so far keep, with and without enough memory.
    held: f64,
    /// What would be held if nothing had to go to disk.
    held_unlimited: f64,
    held_least: f64,
    /// The most bytes so far: under the limit, and without one.
    peak: f64,
    unlimited: f64,
    /// The smallest limit for what there was so far.
    least: f64,
    /// Plans whose rows a stage has already.
    known: Vec<(Plan, Flow)>,
}

/// Rows on their way, and what reads them.
#[derive(Debug, Clone)]
struct Flow {
    rows: Rows,
    schema: SchemaRef,
    /// Bytes of memory that a task takes while it reads what they come from.
    reading: f64,
    /// Tasks that can work at once.
    tasks: f64,
    /// Rows of a partition.
    part: f64,
    /// Of the bytes of reading those that are asked for again and again.
    renewed: f64,
    /// Bytes of dictionaries that each batch refers to.
    mixed: f64,
}

impl<'a> Walk<'a> {
    fn new(catalog: &'a dyn Catalog, means: &'a Means) -> Self {
        Self {
            catalog,
            means,
            operators: Vec::new(),
            held: 0.0,
            held_unlimited: 0.0,
            held_least: 0.0,
            peak: 0.0,
            unlimited: 0.0,
            least: 0.0,
            known: Vec::new(),
        }
    }

    fn visit(&mut self, plan: &Plan, depth: usize) -> Result<Flow> {
        let place = self.operators.len();
        self.operators.push(OperatorEstimate {
            text: plan.explain(),
            depth,
            rows: 0.0,
            is_exact: false,
            bytes: 0.0,
            state_bytes: 0.0,
            spilled_bytes: 0.0,
        });
        let known = self.known.iter().find(|(known, _)| known == plan).map(|(_, flow)| flow.clone());
        let inputs = plan.inputs().into_iter().map(|input| match &known {
            // It runs once.
            Some(_) => Ok(None),
            None => self.visit(input, depth + 1).map(Some),
        });
        let inputs: Vec<Flow> = inputs.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
        let flow = match known {
            Some(flow) => flow,
            None => self.flow(plan, inputs, place)?,
        };
        let operator = &mut self.operators[place];
        (operator.rows, operator.is_exact, operator.bytes) = (flow.rows.rows, flow.rows.is_exact, flow.rows.bytes());
        Ok(flow)
    }

    fn flow(&mut self, plan: &Plan, inputs: Vec<Flow>, place: usize) -> Result<Flow> {
        let schema = plan.schema(self.catalog)?;
        if let Plan::Scan(scan) = plan {
            return self.scan(scan, schema);
        }
        let rows = self.rows(plan, &inputs, &schema)?;
        // What a join gathers is its right side.
        let gathered = inputs.last().cloned();
        let Some(gathered) = gathered else {
            return Ok(Flow { rows, schema, reading: 0.0, tasks: 1.0, part: 0.0, renewed: 0.0, mixed: 0.0 });
        };
        let input = match plan {
            Plan::Join(join) => matched(join, &inputs[0].rows, gathered.rows.clone()),
            _ => gathered.rows.clone(),
        };
        let Some(state) = state(plan, &input, &rows, gathered.tasks, self.catalog, self.means)? else {
            let most = |of: fn(&Flow) -> f64| inputs.iter().map(of).fold(0.0, f64::max);
            let (reading, tasks, part) = (most(|input| input.reading), most(|input| input.tasks), most(|input| input.part));
            let (renewed, mixed) = (most(|input| input.renewed), most(|input| input.mixed));
            return Ok(Flow { rows, schema, reading, tasks, part, renewed, mixed });
        };
        // On disk both sides of a join go into buckets, and the rows that come out are sorted back.
        let beside = if let Plan::Join(_) = plan { inputs[0].rows.bytes() + rows.bytes() } else { 0.0 };
        let spilling = if state.spilling > 0.0 { state.spilling + beside } else { 0.0 };
        let width = inputs.iter().map(|input| input.rows.width()).sum();
        self.gather(&State { spilling, ..state }, &gathered, width, place);
        let first = inputs.into_iter().next().unwrap_or(gathered);
        let flow = match plan {
            // The left side streams through the table; a fill goes over its rows once more.
            Plan::Join(_) | Plan::Fill(_) => Flow { rows, schema, ..first },
            _ => {
                let part = rows.rows.min(self.means.batch_rows as f64);
                let mixed = if state.is_mixed { rows.shared() * rows.rows / self.means.batch_rows as f64 } else { 0.0 };
                Flow { rows, schema, reading: 0.0, tasks: self.means.threads as f64, part, renewed: 0.0, mixed }
            }
        };
        if !matches!(plan, Plan::Join(_) | Plan::Fill(_)) {
            self.known.push((plan.clone(), flow.clone()));
        }
        Ok(flow)
    }

    /// A stage gathers rows; those that a task has in hand are so wide.
    fn gather(&mut self, state: &State, input: &Flow, width: f64, place: usize) {
        let means = self.means;
        let in_hand = |piece: f64| {
            input.tasks
                * (input.reading + BATCHES * width * input.part.min(means.batch_rows as f64) + PIECES * (piece + input.rows.shared()))
        };
        let reading = input.tasks * input.reading;
        self.unlimited = self.unlimited.max(self.held_unlimited + reading + state.gathering);
        self.held_unlimited += state.kept;
        let free = means.yielding() - self.held.min(means.yielding()) - reading;
        let operator = &mut self.operators[place];
        operator.state_bytes = state.gathering;
        let is_spilled = state.spilling > 0.0 && state.room > free;
        if is_spilled {
            operator.spilled_bytes = PACKED * state.spilling;
            self.peak =
                self.peak.max(self.held + reading + state.gathering.min(free.max(0.0)) + in_hand(means.piece_bytes as f64) - reading);
            self.held += in_hand(means.piece_bytes as f64) - reading;
        } else {
            self.peak = self.peak.max(self.held + reading + state.gathering);
            self.held += state.kept;
        }
        let luck = if input.tasks > 1.0 { LUCK_OF_SEVERAL } else { LUCK_OF_ONE };
        if state.spilling > 0.0 {
            // All that goes to disk, or that all of it fits, whichever is less.
            let on_disk = in_hand(means.least_piece_bytes as f64) + RENEWED * input.tasks * input.renewed;
            self.need(self.held_least + luck * on_disk.min(reading + state.room));
            self.held_least += (on_disk / 4.0).min(state.kept);
        } else {
            self.need(self.held_least + reading + LUCK_OF_ONE * state.gathering);
            self.held_least += state.kept;
        }
    }

    /// The rows of the answer on their way out: partitions wait for the one before them, as long as there is room.
    fn answer(&mut self, flow: &Flow) {
        // How many batches wait, each with its dictionaries, depends on who takes them.
        let width = (flow.rows.width_beside() + flow.rows.width()) / 2.0;
        let of_task = width * flow.part + flow.rows.shared() + flow.mixed;
        let waiting = (flow.tasks * of_task).min(flow.rows.bytes() + flow.tasks * flow.mixed);
        let reading = flow.tasks * flow.reading;
        let room = self.means.memory_bytes as f64 / HEADROOM;
        let batch = flow.rows.width() * (self.means.batch_rows as f64).min(flow.rows.rows) + flow.mixed;
        self.unlimited = self.unlimited.max(self.held_unlimited + reading + waiting);
        self.peak = self.peak.max(self.held + reading + waiting.min(room.max(flow.tasks * batch)));
        self.need(self.held_least + reading + 2.0 * flow.tasks * batch);
    }

    /// So many bytes must be there.
    fn need(&mut self, bytes: f64) {
        let limit = bytes * HEADROOM / (HEADROOM - 1.0);
        self.least = self.least.max(limit);
    }

    fn scan(&mut self, scan: &Scan, schema: SchemaRef) -> Result<Flow> {
        let figures = self.catalog.figures(&scan.input)?;
        let all = Rows { rows: figures.rows, is_exact: figures.is_exact, columns: figures.columns };
        let mut read = Vec::new();
        scan.filter.iter().for_each(|filter| filter.collect_columns(&mut read));
        let is_read = |column: &&ColumnFigures| read.contains(&column.name) || schema.field_with_name(&column.name).is_ok();
        let renewed = all.columns.iter().filter(is_read).map(|column| column.reading_bytes).sum::<f64>();
        let reading = figures.reading_bytes + renewed;
        let mut rows = match &scan.filter {
            _ if scan.is_empty() => all.part(0.0),
            None => all,
            Some(filter) => passing(filter, all),
        };
        rows.columns = columns(&schema, |name| rows.find(name).cloned());
        if let Some(limit) = scan.limit {
            rows = rows.at_most(limit as f64 * figures.partitions.max(1) as f64);
        }
        let partitions = figures.partitions.max(1) as f64;
        let part = rows.rows / partitions;
        let tasks = partitions.min(self.means.threads as f64);
        Ok(Flow { rows: rows.in_batches(self.means.batch_rows as f64), schema, reading, tasks, part, renewed, mixed: 0.0 })
    }

    /// The rows that an operator gives.
    fn rows(&self, plan: &Plan, inputs: &[Flow], schema: &SchemaRef) -> Result<Rows> {
        let input = || inputs[0].rows.clone();
        Ok(match plan {
            Plan::Filter(filter) => passing(&filter.predicate, input()),
            Plan::Project(project) => {
                let (rows, of) = (input(), &inputs[0].schema);
                let items = project.items.iter().map(|(expr, name)| computed(expr, name, &rows, of));
                Rows { columns: items.collect::<Result<_>>()?, ..rows }
            }
            Plan::Limit(limit) => input().at_most(limit.count as f64),
            Plan::Tail(tail) => input().at_most(tail.count as f64),
            Plan::Top(top) => {
                let groups = inputs[0].rows.groups(&top.per).max(1.0);
                input().at_most(groups * top.count as f64)
            }
            Plan::Dedup(dedup) => {
                let by: Vec<Expr> = dedup.by.iter().map(Expr::column).collect();
                let groups = inputs[0].rows.groups(&by);
                guessed(input().at_most(groups))
            }
            Plan::Sample(sample) => match sample.size {
                SampleSize::Rows(rows) => {
                    let groups = inputs[0].rows.groups(&sample.per).max(1.0);
                    input().at_most(groups * rows as f64)
                }
                SampleSize::Fraction(fraction) => input().part(fraction),
            },
            Plan::Aggregate(aggregate) => aggregated(aggregate, &inputs[0], schema)?,
            Plan::Union(union) => united(union, inputs, schema),
            Plan::Join(join) => joined(join, &inputs[0], &inputs[1], schema)?,
            Plan::Unpivot(unpivot) => {
                let rows = input();
                retyped(Rows { rows: rows.rows * unpivot.columns.len() as f64, ..rows }, schema)
            }
            Plan::Explode(_) => {
                let rows = input();
                guessed(retyped(Rows { rows: rows.rows * ITEMS, ..rows }, schema))
            }
            Plan::Complete(complete) => {
                let rows = input();
                let combinations: f64 = complete.keys.iter().map(|key| rows.distinct(&Expr::column(key))).product();
                guessed(retyped(Rows { rows: rows.rows.max(combinations), ..rows }, schema))
            }
            Plan::Gaps(gaps) => {
                let rows = input();
                let per: Vec<Expr> = gaps.per.iter().map(Expr::column).collect();
                let span = rows.find(&gaps.column).and_then(|column| Some((number(column.min.as_ref()?)?, number(column.max.as_ref()?)?)));
                let steps = span.zip(number(&gaps.every)).map(|((first, last), every)| ((last - first) / every.max(1.0)).max(1.0));
                let more = steps.map_or(GAPS * rows.rows, |steps| steps * rows.groups(&per).max(1.0));
                guessed(retyped(Rows { rows: rows.rows.max(more), ..rows }, schema))
            }
            Plan::Reject(_) => guessed(retyped(input(), schema)),
            Plan::Scan(_) | Plan::Sort(_) | Plan::Fill(_) | Plan::Window(_) | Plan::Mark(_) | Plan::Write(_) => retyped(input(), schema),
        })
    }
}

/// The same rows, whose number is a guess.
fn guessed(rows: Rows) -> Rows {
    Rows { is_exact: false, ..rows }
}

/// A column for each field: what is known of it, or what its type says.
fn columns(schema: &SchemaRef, known: impl Fn(&str) -> Option<ColumnFigures>) -> Vec<ColumnFigures> {
    let column = |name: &str, of_type: f64| match known(name) {
        Some(column) => ColumnFigures { name: name.to_owned(), ..column },
        None => ColumnFigures { name: name.to_owned(), width: of_type, ..ColumnFigures::default() },
    };
    schema.fields().iter().map(|field| column(field.name(), width(field.data_type()))).collect()
}

/// The same rows with the columns of another schema.
fn retyped(rows: Rows, schema: &SchemaRef) -> Rows {
    let columns = columns(schema, |name| rows.find(name).cloned());
    Rows { columns, ..rows }
}

fn aggregated(aggregate: &Aggregate, input: &Flow, schema: &SchemaRef) -> Result<Rows> {
    let rows = &input.rows;
    let is_whole = aggregate.keys.is_empty();
    let groups = if is_whole { 1.0 } else { rows.groups(aggregate.keys.iter().map(|key| &key.expr)) };
    let key = |key: &KeyItem| -> Result<ColumnFigures> {
        let column = computed(&key.expr, &key.name, rows, &input.schema)?;
        Ok(ColumnFigures { width: own_width(&column), shared_bytes: 0.0, ..column })
    };
    let keys = aggregate.keys.iter().map(key).collect::<Result<Vec<_>>>()?;
    let mut columns = columns(schema, |name| keys.iter().find(|key| key.name == name).cloned());
    for column in columns.iter_mut().skip(keys.len()) {
        column.distinct = None;
    }
    let total = if aggregate.with_total { 1.0 } else { 0.0 };
    Ok(Rows { rows: groups + total, is_exact: is_whole && !aggregate.with_total, columns })
}

fn united(union: &Union, inputs: &[Flow], schema: &SchemaRef) -> Rows {
    let rows: f64 = inputs.iter().map(|input| input.rows.rows).sum();
    let mut columns = columns(schema, |_| None);
    for (place, column) in columns.iter_mut().enumerate() {
        let of = |input: &'_ Flow| match union.by_position {
            true => input.rows.columns.get(place).cloned(),
            false => input.rows.find(&column.name).cloned(),
        };
        let parts: Vec<(f64, ColumnFigures)> = inputs.iter().filter_map(|input| Some((input.rows.rows, of(input)?))).collect();
        let weighted = |value: fn(&ColumnFigures) -> f64| parts.iter().map(|(rows, part)| rows * value(part)).sum::<f64>() / rows.max(1.0);
        let missing = 1.0 - parts.iter().map(|(rows, _)| rows).sum::<f64>() / rows.max(1.0);
        column.width = weighted(|part| part.width).max(if parts.is_empty() { column.width } else { 0.0 });
        column.nulls = weighted(|part| part.nulls) + missing;
        // Parts of one table have the same values, or each its own; nobody knows.
        let distinct = parts.iter().map(|(_, part)| part.distinct).collect::<Option<Vec<_>>>();
        column.distinct = distinct.map(|distinct| {
            let (most, all) = (distinct.iter().copied().fold(0.0, f64::max), distinct.iter().sum::<f64>());
            let part = parts.iter().map(|(rows, _)| *rows).fold(0.0, f64::max);
            if most > 0.5 * part { all } else { most }
        });
        let bound = |values: Vec<Option<frame_core::Scalar>>, is_better: fn(f64, f64) -> bool| {
            let values = values.into_iter().collect::<Option<Vec<_>>>()?;
            values.into_iter().reduce(|a, b| if number(&b).zip(number(&a)).is_some_and(|(b, a)| is_better(b, a)) { b } else { a })
        };
        column.min = bound(parts.iter().map(|(_, part)| part.min.clone()).collect(), |a, b| a < b);
        column.max = bound(parts.iter().map(|(_, part)| part.max.clone()).collect(), |a, b| a > b);
    }
    Rows { rows, is_exact: inputs.iter().all(|input| input.rows.is_exact), columns }
}

/// The right rows that a join gathers: beside a small left side those alone that match it.
fn matched(join: &Join, left: &Rows, right: Rows) -> Rows {
    let can_be = matches!(join.kind, JoinKind::Inner | JoinKind::Left | JoinKind::Semi | JoinKind::Anti);
    let is_checked = join.expect.is_some_and(|expect| expect.left_once() || expect.right_once());
    if !can_be || is_checked || left.rows * SMALLER > right.rows {
        return right;
    }
    let part = Matches::new(&join.keys, left, &right).of_right();
    right.part(part)
}

fn joined(join: &Join, left: &Flow, right: &Flow, schema: &SchemaRef) -> Result<Rows> {
    let (a, b) = (&left.rows, &right.rows);
    let rows = match Matches::new(&join.keys, a, b) {
        // Without left rows there are those of the right side that match none.
        _ if a.rows < 1.0 && join.kind.keeps_right() => b.rows,
        matches => a.rows * matches.times(join.kind),
    };
    let (places, _) = join.columns(&left.schema, &right.schema)?;
    let known = |place: usize| match places[place] {
        crate::JoinColumn::Left(at) | crate::JoinColumn::Either(at, _) => a.find(left.schema.field(at).name()).cloned(),
        crate::JoinColumn::Right(at) => b.find(right.schema.field(at).name()).cloned(),
    };
    let columns = columns(schema, |name| known(schema.index_of(name).ok()?));
    Ok(Rows {
        rows,
        is_exact: join.kind == JoinKind::AsOf && a.is_exact || join.kind == JoinKind::Cross && a.is_exact && b.is_exact,
        columns,
    })
}
