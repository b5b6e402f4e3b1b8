//! What operators keep in memory, in one table: bytes of state for each row, or each group, that they hold. Everything else about memory
//! is the same for all of them.

use frame_core::{Result, Scalar};
use frame_expr::Expr;

use super::groups::{self, GroupCosts};
use super::means::Means;
use super::rows::{Rows, number, own_width};
use crate::{Join, Plan, SampleSize};

/// Bytes of an entry of an order, and a second one while entries are merged.
const ORDER: f64 = 32.0;
/// Bytes of a row beside its key while it is packed into bytes that sort.
const PACKED: f64 = 9.0;
/// Bytes of the place of a row in the input.
const RANK: f64 = 9.0;
/// Bytes of a row in the table of a join: a slot, its place and its hash, and a quarter for the room that tables keep.
const JOIN_TABLE: f64 = 40.0;
/// Bytes of a key of it.
const KEY: f64 = 16.0;
/// Bytes of that which are left when the table is done.
const JOIN_DONE: f64 = 24.0;
/// Whole numbers that span at most so many times their number have a slot each, of so many bytes.
const DENSE_MAX: f64 = 4.0;
const SLOT: f64 = 4.0;
/// Bytes of what a window works with for a row, beside what it looks at: places, and values.
const WINDOW: f64 = 64.0;
/// Bytes of a candidate beside its row.
const CANDIDATE: f64 = 64.0;
/// Bytes of its group: a key in a table, and what the worst row of the group looks like.
const BEST_GROUP: f64 = 100.0;
/// Candidates of a worker beyond those that it will keep.
const CANDIDATES_MORE: f64 = 65_536.0;
/// Bytes that a filled column takes for each batch.
const FILLED: f64 = 512.0;

/// Bytes of state of an operator.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct State {
    /// At most at once, while it gathers and makes its result, if there is memory for all of it.
    pub(super) gathering: f64,
    /// What must be free for that.
    pub(super) room: f64,
    /// What stays until the rows of its result were taken.
    pub(super) kept: f64,
    /// What goes to disk if there is not enough memory; nothing if it cannot go there.
    pub(super) spilling: f64,
    /// Whether a batch of its result has rows of all batches, and refers to the dictionaries of all of them.
    pub(super) is_mixed: bool,
}

/// Bytes for each row that is held.
struct PerRow {
    /// Times that its columns are in memory while rows are gathered.
    columns: f64,
    /// Times that its keys are.
    keys: f64,
    /// Bytes beside them.
    fixed: f64,
    /// Times that all of it must fit into memory, as making the result takes more of it.
    room: f64,
    /// The part of it that stays.
    kept: f64,
}

/// What an operator keeps of `input` to give `output`; `None` if it keeps nothing.
pub(super) fn state(
    plan: &Plan,
    input: &Rows,
    output: &Rows,
    tasks: f64,
    catalog: &dyn crate::Catalog,
    means: &Means,
) -> Result<Option<State>> {
    let columns = |names: &[String]| -> Vec<Expr> { names.iter().map(Expr::column).collect() };
    let plain = |rows: f64, keys: f64, per_row: PerRow| Some(of_rows(rows, input.width(), keys, &per_row));
    let exprs = |keys: &[frame_expr::SortKey]| keys.iter().map(|key| key.expr.clone()).collect::<Vec<_>>();
    Ok(match plan {
        Plan::Sort(sort) => {
            let per_row = PerRow { columns: 1.0, keys: 1.0, fixed: ORDER + PACKED + RANK, room: 1.0, kept: 1.0 };
            Some(State { is_mixed: true, ..of_rows(input.rows, input.width(), key_bytes(&exprs(&sort.keys), input), &per_row) })
        }
        Plan::Window(window) => {
            let seen: f64 = window.items.iter().flat_map(|item| item.window.expressions()).map(|expr| width_of(expr, input)).sum();
            let per_row = PerRow { columns: 1.0, keys: 3.0, fixed: WINDOW * window.items.len() as f64, room: 1.0, kept: 1.0 };
            let state = of_rows(input.rows, input.width(), seen, &per_row);
            // On disk rows are sorted for one arrangement after the other, and then back.
            let mut arrangements: Vec<_> = window.items.iter().map(|item| (&item.window.by, &item.window.order)).collect();
            arrangements.dedup();
            Some(State { spilling: state.spilling * (arrangements.len() + 1) as f64, ..state })
        }
        Plan::Complete(complete) => Some(of_added(input, output, 8.0 + 16.0 * complete.keys.len() as f64)),
        Plan::Gaps(gaps) => Some(of_added(input, output, 24.0 + 16.0 * gaps.per.len() as f64)),
        Plan::Top(top) => Some(of_best(input, output, key_bytes(&exprs(&top.order), input), top.per.is_empty(), tasks)),
        Plan::Dedup(dedup) => {
            let keys = key_bytes(&exprs(&dedup.order), input) + key_bytes(&columns(&dedup.by), input);
            Some(of_best(input, output, keys, false, tasks))
        }
        Plan::Sample(sample) => match sample.size {
            SampleSize::Rows(_) => Some(of_best(input, output, RANK, sample.per.is_empty(), tasks)),
            SampleSize::Fraction(_) => {
                plain(output.rows, 0.0, PerRow { columns: 1.0, keys: 0.0, fixed: ORDER + PACKED + RANK, room: 1.0, kept: 1.0 })
            }
        },
        Plan::Tail(_) => {
            plain((output.rows * tasks).min(input.rows), 0.0, PerRow { columns: 1.0, keys: 0.0, fixed: 1.0, room: 1.0, kept: 1.0 })
        }
        Plan::Limit(_) => plain(output.rows, 0.0, PerRow { columns: 1.0, keys: 0.0, fixed: 1.0, room: 1.0, kept: 1.0 }),
        Plan::Fill(fill) => {
            let batches = input.rows / means.batch_rows as f64 + tasks;
            let survey = batches * FILLED * fill.columns.len() as f64;
            Some(State { gathering: survey, room: survey, kept: survey, ..State::default() })
        }
        // The right side: its batches, which become columns one after the other, and the table.
        Plan::Join(join) => {
            let (table, done) = join_table(join, input);
            let bytes = input.bytes_at_once();
            let gathering = bytes + widest(input).max(table);
            // The nearest of all rows can only be found among all of them.
            let is_cut = join.as_of.is_none() || !join.keys.is_empty();
            let spilling = if is_cut { bytes + input.rows * RANK } else { 0.0 };
            Some(State { gathering, room: gathering, kept: bytes + done, spilling, is_mixed: false })
        }
        Plan::Aggregate(aggregate) => {
            let schema = aggregate.input.schema(catalog)?;
            let costs = GroupCosts::new(aggregate, input, &schema)?;
            Some(groups::state(aggregate, &costs, input, output, tasks, means))
        }
        Plan::Scan(_) | Plan::Filter(_) | Plan::Project(_) | Plan::Reject(_) | Plan::Union(_) => None,
        Plan::Unpivot(_) | Plan::Explode(_) | Plan::Mark(_) | Plan::Write(_) => None,
    })
}

/// Bytes that it takes to make the table of a join, and bytes of it when it is done.
fn join_table(join: &Join, input: &Rows) -> (f64, f64) {
    let span = |name: &str| {
        let column = input.find(name)?;
        let is_whole = matches!(column.min, Some(Scalar::Int(_) | Scalar::Timestamp(_)));
        let (min, max) = (column.min.as_ref().and_then(number)?, column.max.as_ref().and_then(number)?);
        (is_whole && max - min <= DENSE_MAX * input.rows).then_some(max - min + 1.0)
    };
    match join.keys.as_slice() {
        [] => (0.0, 0.0),
        // Whole numbers that lie close together: a slot for each, and the next row of each row.
        [only] if let Some(span) = span(&only.right) => (SLOT * (span + input.rows), SLOT * span),
        keys => {
            let of_keys = KEY * keys.len() as f64;
            (input.rows * (JOIN_TABLE + of_keys), input.rows * (JOIN_DONE + of_keys))
        }
    }
}

/// Bytes of the column that takes the most.
fn widest(input: &Rows) -> f64 {
    let bytes = |column| Rows { columns: vec![column], ..*input }.bytes_at_once();
    input.columns.iter().cloned().map(bytes).fold(0.0, f64::max)
}

fn of_rows(rows: f64, width: f64, keys: f64, per_row: &PerRow) -> State {
    let held = rows * (per_row.columns * width + per_row.keys * keys + per_row.fixed);
    let gathering = held;
    // Each row has its place in the input beside it there.
    State { gathering, room: held * per_row.room, kept: held * per_row.kept, spilling: rows * (width + RANK), is_mixed: false }
}

impl State {
    /// The same with so many bytes of the result beside it.
    fn with(self, result: f64) -> Self {
        Self {
            gathering: self.gathering + result,
            room: self.room + result,
            kept: self.kept + result,
            spilling: self.spilling + result,
            ..self
        }
    }
}

/// Rows to which others are added: those of the input, each with `fixed` bytes beside its columns, and those of the result.
fn of_added(input: &Rows, output: &Rows, fixed: f64) -> State {
    let per_row = PerRow { columns: 2.0, keys: 0.0, fixed, room: 1.0, kept: 1.0 };
    of_rows(input.rows, input.width(), 0.0, &per_row).with(output.rows * (16.0 + output.width()))
}

/// The best rows, of all or of each group: workers keep those that may still be among them, and gather twice as many before they look.
fn of_best(input: &Rows, output: &Rows, keys: f64, is_whole: bool, tasks: f64) -> State {
    let candidates = (tasks * (2.0 * output.rows + CANDIDATES_MORE)).min(input.rows);
    let fixed = CANDIDATE + if is_whole { 0.0 } else { BEST_GROUP };
    let per_row = PerRow { columns: 1.0, keys: 1.0, fixed, room: 3.0, kept: 1.0 };
    let (gathered, best) = (of_rows(candidates, input.width(), keys, &per_row), of_rows(output.rows, input.width(), keys, &per_row));
    // The best of all workers, once more in their order. On disk candidates are sorted, and then sorted back.
    let gathering = gathered.gathering.max(2.0 * best.gathering);
    State { gathering, kept: 2.0 * best.kept, spilling: if is_whole { 1.0 } else { 2.0 } * gathered.spilling, is_mixed: true, ..gathered }
}

/// Bytes of an expression for each row.
fn width_of(expr: &Expr, rows: &Rows) -> f64 {
    let mut names = Vec::new();
    expr.collect_columns(&mut names);
    names.iter().filter_map(|name| rows.find(name)).map(own_width).fold(0.0, f64::max)
}

/// Bytes of keys that are packed into bytes that sort: a text takes whole blocks, with a byte for each.
pub(super) fn key_bytes(exprs: &[Expr], rows: &Rows) -> f64 {
    const BLOCK: f64 = 8.0;
    let bytes = |expr: &Expr| {
        let width = width_of(expr, rows);
        1.0 + if width > BLOCK { (width / BLOCK).ceil() * (BLOCK + 1.0) } else { width.max(1.0) }
    };
    exprs.iter().map(bytes).sum()
}
