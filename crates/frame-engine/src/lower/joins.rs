//! Joins in the task graph: the stages that make their tables, and the pipes that go through them.

use std::sync::Arc;

use arrow::datatypes::Schema;
use frame_core::Result;
use frame_plan::{AsOf, Expect, Join, JoinColumn, JoinKind, KeyPair, Plan};

use super::{Lowering, Open, Use};
use crate::graph::{Feed, Flowline, Stage};
use crate::join::{self, Build, BuiltSlot, Key, Making, Marks, NearRule, Once, Probe, Prober, Staying, Unmatched, Within};

/// A left side is small beside a right side with so many times its rows.
const SMALLER: u64 = 4;

/// Left rows are many if they are so many times the right ones.
const MANY: u64 = 2;

/// A row of a table in memory takes more bytes than that, on average.
const ROW_BYTES: u64 = 12;

/// A side of a join whose table an earlier stage makes.
pub(super) struct Joined {
    plan: Plan,
    keys: Vec<Key>,
    is_kept: Vec<bool>,
    /// Some of its rows may stay in memory when not all of them fit there.
    stays: bool,
    built: BuiltSlot,
}

impl Lowering<'_> {
    /// A join makes a table of its right side; the left side goes through it. Where unmatched right rows are wanted, the left side is
    /// read twice: first to know them.
    pub(super) fn join(&mut self, join: &Join, plan: &Plan) -> Result<Open> {
        let mut left = self.lower(&join.left)?;
        // The matches of a row are in the order of the right side.
        let order = std::mem::replace(&mut self.order, Use::Needed);
        let mut right = self.lower(&join.right)?;
        self.order = order;
        let schema = plan.schema(self.tables)?;
        let (columns, _) = join.columns(&left.schema, &right.schema)?;
        let pairs = join.keys.iter().map(|pair| matching(pair, &left.schema, &right.schema)).collect::<Result<Vec<_>>>()?;
        let (left_keys, right_keys): (Vec<Key>, Vec<Key>) = pairs.into_iter().unzip();
        if let Some(sliced) = self.sliced_join((join, plan), (&left, &right), (&left_keys, &right_keys), &columns)? {
            return Ok(sliced);
        }
        let text = plan.explain();
        if join.expect.is_some_and(Expect::left_once) {
            let (is_kept, schema) = (vec![false; left.schema.fields().len()], left.schema.clone());
            let once = join.expect.map(|expect| Once { expect, side: "left", pairs: join.keys.clone() });
            let making = Making { keys: left_keys.clone(), near: None, is_kept };
            let sink = Build { once, text: text.clone(), ..Build::new(making, schema, BuiltSlot::default()) };
            self.stages.push(Stage { flowline: left.into_flowline(), sink: Box::new(sink) });
            left = self.again(&join.left)?;
        }
        let rows = (join::rows(&join.left, self.tables)?, join::rows(&join.right, self.tables)?);
        let is_reduced = is_left_small(join, rows);
        if is_reduced {
            self.reduce(&mut left, &mut right, &left_keys, &right_keys, &text);
        }
        let near = join.as_of.as_ref().map(|as_of| near_rule(as_of, &left.schema, &right.schema)).transpose()?;
        let is_kept = kept(&columns, &right.schema);
        let once = join.expect.filter(|expect| expect.right_once());
        let once = once.map(|expect| Once { expect, side: "right", pairs: join.keys.clone() });
        let is_left_checked = join.expect.is_some_and(Expect::left_once);
        let making = Making { keys: right_keys, near: near.clone(), is_kept };
        let built = self.build((join, rows), right, making, (once, is_reduced), &text)?;
        if matches!(join.kind, JoinKind::Inner | JoinKind::Semi) && !is_left_checked {
            narrow(&mut left, &left_keys, &built);
        }
        let prober = Arc::new(Prober {
            near,
            left_columns: left.schema.fields().len(),
            is_unordered: self.order == Use::Nothing,
            text,
            ..Prober::new(left_keys, join.kind, (columns, schema.clone()), built, self.cx.batch_rows)
        });
        if !join.kind.keeps_right() {
            left.pipes.push(Arc::new(Probe(prober)));
            left.schema = schema;
            return Ok(left);
        }
        self.stages.push(Stage { flowline: left.into_flowline(), sink: Box::new(Unmatched(prober.clone())) });
        let rest = Flowline { feed: Feed::Stage(self.stages.len() - 1), pipes: Vec::new().into(), limit: None };
        let mut left = self.again(&join.left)?;
        left.pipes.push(Arc::new(Probe(prober)));
        Ok(Open { feed: Feed::Union(vec![left.into_flowline(), rest]), pipes: Vec::new(), limit: None, schema })
    }

    /// Gathers the left side, and leaves out right rows that match none of it.
    fn reduce(&mut self, left: &mut Open, right: &mut Open, left_keys: &[Key], right_keys: &[Key], text: &str) {
        let built = BuiltSlot::default();
        let gathered = Open { feed: Feed::Stage(self.stages.len()), pipes: Vec::new(), limit: None, schema: left.schema.clone() };
        let input = std::mem::replace(left, gathered);
        let making = Making { keys: left_keys.to_vec(), near: None, is_kept: vec![false; input.schema.fields().len()] };
        let sink = Build { passes_on: true, text: text.to_owned(), ..Build::new(making, input.schema.clone(), built.clone()) };
        self.stages.push(Stage { flowline: input.into_flowline(), sink: Box::new(sink) });
        let result = (Vec::new(), right.schema.clone());
        let prober = Prober {
            left_columns: right.schema.fields().len(),
            text: format!("keep what matches for {text}"),
            ..Prober::new(right_keys.to_vec(), JoinKind::Semi, result, built, self.cx.batch_rows)
        };
        narrow(right, right_keys, &prober.built);
        right.pipes.push(Arc::new(Probe(Arc::new(prober))));
    }

    /// The stage that makes the table of the right side, unless there is one already.
    fn build(
        &mut self,
        (join, (left_rows, rows)): (&Join, (u64, u64)),
        right: Open,
        making: Making,
        (once, is_reduced): (Option<Once>, bool),
        text: &str,
    ) -> Result<BuiltSlot> {
        // Left rows come out as they find something then, those of other buckets later.
        let stays = self.order == Use::Nothing
            && !self.cx.is_short
            && once.is_none()
            && matches!(join.kind, JoinKind::Inner | JoinKind::Left | JoinKind::Semi | JoinKind::Anti);
        let Making { keys, near, is_kept } = &making;
        let is_it = |known: &&Joined| known.plan == *join.right && known.keys == *keys && known.is_kept == *is_kept && known.stays == stays;
        let is_plain = near.is_none() && once.is_none() && !is_reduced;
        if let Some(known) = self.joined.iter().find(is_it).filter(|_| is_plain) {
            return Ok(known.built.clone());
        }
        let built = BuiltSlot::default();
        if is_plain {
            self.joined.push(Joined {
                plan: join.right.as_ref().clone(),
                keys: keys.clone(),
                is_kept: is_kept.clone(),
                stays,
                built: built.clone(),
            });
        }
        let sink = Build {
            staying: stays.then(|| Arc::new(Staying::new(making.clone(), rows))),
            once,
            marks: self.marks(join, (left_rows, rows), stays)?,
            text: text.to_owned(),
            ..Build::new(making, right.schema.clone(), built.clone())
        };
        self.stages.push(Stage { flowline: right.into_flowline(), sink: Box::new(sink) });
        Ok(built)
    }

    /// What remembers the keys of the right side, if it goes to disk. That takes time for each of its rows, and
    /// spares some for each left one that finds nothing; both sides have so many at most.
    fn marks(&self, join: &Join, (left_rows, rows): (u64, u64), stays: bool) -> Result<Option<Arc<Marks>>> {
        let is_asked = matches!(join.kind, JoinKind::Inner | JoinKind::Semi | JoinKind::Right) || stays;
        // What is sure to fit in memory leaves nothing to remember.
        let may_spill = rows.saturating_mul(ROW_BYTES) > self.cx.budget.limit_bytes() as u64 / 8;
        if !is_asked || !may_spill {
            return Ok(None);
        }
        let about = frame_plan::about_rows(&join.right, self.tables)?.map_or(rows, |about| about.min(rows));
        let is_few = about.saturating_mul(MANY) <= left_rows;
        Ok(is_few.then(|| Arc::new(Marks::new(about))))
    }
}

/// Whether the left side is so much smaller that the right side is to be cut to what it needs first; both sides have so many rows at most.
fn is_left_small(join: &Join, (left, right): (u64, u64)) -> bool {
    let can_be = matches!(join.kind, JoinKind::Inner | JoinKind::Left | JoinKind::Semi | JoinKind::Anti);
    // What is expected of keys is expected of all of them.
    let is_checked = join.expect.is_some_and(|expect| expect.left_once() || expect.right_once());
    can_be && !is_checked && left.saturating_mul(SMALLER) <= right
}

/// Lets a scan leave out rows whose key is none of a table's. A filter of the scan may fail for rows that are left out, so there must be none.
fn narrow(input: &mut Open, keys: &[Key], built: &BuiltSlot) {
    if let Feed::Table { table, request, within, .. } = &mut input.feed
        && input.pipes.is_empty()
        && input.limit.is_none()
        && request.filter.is_none()
    {
        *within = Within::new(table.as_ref(), request, (keys, &input.schema), built);
    }
}

/// Which columns of the right side are needed behind a join with these columns.
pub(super) fn kept(columns: &[JoinColumn], right: &Schema) -> Vec<bool> {
    let is_kept =
        |place: usize| columns.iter().any(|column| matches!(column, JoinColumn::Right(at) | JoinColumn::Either(_, at) if *at == place));
    (0..right.fields().len()).map(is_kept).collect()
}

/// A pair of columns as keys that can be compared.
fn matching(pair: &KeyPair, left: &Schema, right: &Schema) -> Result<(Key, Key)> {
    let (at, to) = (left.index_of(&pair.left)?, right.index_of(&pair.right)?);
    join::pair((at, left.field(at).data_type()), (to, right.field(to).data_type()))
}

fn near_rule(as_of: &AsOf, left: &Schema, right: &Schema) -> Result<NearRule> {
    let (at, to) = (left.index_of(&as_of.on.left)?, right.index_of(&as_of.on.right)?);
    let (left, right, unit) = join::near_key((at, left.field(at).data_type()), (to, right.field(to).data_type()))?;
    Ok(NearRule { left, right, direction: as_of.direction, within: as_of.within.clone(), unit })
}
