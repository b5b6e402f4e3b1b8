//! Joins in the task graph: the stages that make their tables, and the pipes that go through them.

use std::sync::{Arc, OnceLock};

use arrow::datatypes::Schema;
use frame_core::Result;
use frame_plan::{AsOf, Expect, Join, JoinColumn, JoinKind, KeyPair, Plan};

use super::{Lowering, Open, Use};
use crate::graph::{Feed, Flowline, Stage};
use crate::join::{self, Build, BuiltSlot, Finder, Key, Making, Marks, NearRule, Once, Probe, Prober, Staying, Unmatched, Within};

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
            let sink = Build {
                making: Making { keys: left_keys.clone(), near: None, is_kept },
                once,
                staying: None,
                marks: None,
                schema,
                passes_on: false,
                built: BuiltSlot::default(),
                text: text.clone(),
            };
            self.stages.push(Stage { flowline: left.into_flowline(), sink: Box::new(sink) });
            left = self.again(&join.left)?;
        }
        let is_reduced = self.is_left_small(join)?;
        if is_reduced {
            self.reduce(&mut left, &mut right, &left_keys, &right_keys, &text);
        }
        let near = join.as_of.as_ref().map(|as_of| near_rule(as_of, &left.schema, &right.schema)).transpose()?;
        let is_kept = kept(&columns, &right.schema);
        let once = join.expect.filter(|expect| expect.right_once());
        let once = once.map(|expect| Once { expect, side: "right", pairs: join.keys.clone() });
        let is_left_checked = join.expect.is_some_and(Expect::left_once);
        let built = self.build(join, right, right_keys, (near.clone(), once), (is_kept, is_reduced), &text)?;
        if matches!(join.kind, JoinKind::Inner | JoinKind::Semi) && !is_left_checked {
            narrow(&mut left, &left_keys, &built);
        }
        let prober = Arc::new(Prober {
            finder: Finder::new(left_keys),
            near,
            kind: join.kind,
            columns,
            left_columns: left.schema.fields().len(),
            schema: schema.clone(),
            built,
            batch_rows: self.cx.batch_rows,
            is_unordered: self.order == Use::Nothing,
            text,
            joined: OnceLock::new(),
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

    /// Whether the left side is so much smaller that the right side is to be cut to what it needs first.
    fn is_left_small(&self, join: &Join) -> Result<bool> {
        let can_be = matches!(join.kind, JoinKind::Inner | JoinKind::Left | JoinKind::Semi | JoinKind::Anti);
        // What is expected of keys is expected of all of them.
        let is_checked = join.expect.is_some_and(|expect| expect.left_once() || expect.right_once());
        if !can_be || is_checked {
            return Ok(false);
        }
        let (left, right) = (join::rows(&join.left, self.tables)?, join::rows(&join.right, self.tables)?);
        Ok(left.saturating_mul(SMALLER) <= right)
    }

    /// Gathers the left side, and leaves out right rows that match none of it.
    fn reduce(&mut self, left: &mut Open, right: &mut Open, left_keys: &[Key], right_keys: &[Key], text: &str) {
        let built = BuiltSlot::default();
        let gathered = Open { feed: Feed::Stage(self.stages.len()), pipes: Vec::new(), limit: None, schema: left.schema.clone() };
        let input = std::mem::replace(left, gathered);
        let sink = Build {
            making: Making { keys: left_keys.to_vec(), near: None, is_kept: vec![false; input.schema.fields().len()] },
            once: None,
            staying: None,
            marks: None,
            passes_on: true,
            schema: input.schema.clone(),
            built: built.clone(),
            text: text.to_owned(),
        };
        self.stages.push(Stage { flowline: input.into_flowline(), sink: Box::new(sink) });
        let prober = Prober {
            finder: Finder::new(right_keys.to_vec()),
            near: None,
            kind: JoinKind::Semi,
            columns: Vec::new(),
            left_columns: right.schema.fields().len(),
            schema: right.schema.clone(),
            built,
            batch_rows: self.cx.batch_rows,
            is_unordered: false,
            text: format!("keep what matches for {text}"),
            joined: OnceLock::new(),
        };
        narrow(right, right_keys, &prober.built);
        right.pipes.push(Arc::new(Probe(Arc::new(prober))));
    }

    /// The stage that makes the table of the right side, unless there is one already.
    fn build(
        &mut self,
        join: &Join,
        right: Open,
        keys: Vec<Key>,
        (near, once): (Option<NearRule>, Option<Once>),
        (is_kept, is_reduced): (Vec<bool>, bool),
        text: &str,
    ) -> Result<BuiltSlot> {
        // Left rows come out as they find something then, those of other buckets later.
        let stays = self.order == Use::Nothing
            && !self.cx.is_short
            && once.is_none()
            && matches!(join.kind, JoinKind::Inner | JoinKind::Left | JoinKind::Semi | JoinKind::Anti);
        let is_it = |known: &&Joined| known.plan == *join.right && known.keys == keys && known.is_kept == is_kept && known.stays == stays;
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
        let making = Making { keys, near, is_kept };
        let rows = join::rows(&join.right, self.tables)?;
        let marks = self.marks(join, rows, stays)?;
        let sink = Build {
            staying: stays.then(|| Arc::new(Staying::new(making.clone(), rows))),
            making,
            once,
            marks,
            passes_on: false,
            schema: right.schema.clone(),
            built: built.clone(),
            text: text.to_owned(),
        };
        self.stages.push(Stage { flowline: right.into_flowline(), sink: Box::new(sink) });
        Ok(built)
    }

    /// What remembers the keys of the right side, of so many rows at most, if it goes to disk. That takes time for each of its rows, and
    /// spares some for each left one that finds nothing.
    fn marks(&self, join: &Join, rows: u64, stays: bool) -> Result<Option<Arc<Marks>>> {
        let is_asked = matches!(join.kind, JoinKind::Inner | JoinKind::Semi | JoinKind::Right) || stays;
        // What is sure to fit in memory leaves nothing to remember.
        let may_spill = rows.saturating_mul(ROW_BYTES) > self.cx.budget.limit_bytes() as u64 / 8;
        if !is_asked || !may_spill {
            return Ok(None);
        }
        let about = frame_plan::about_rows(&join.right, self.tables)?.map_or(rows, |about| about.min(rows));
        let is_few = about.saturating_mul(MANY) <= join::rows(&join.left, self.tables)?;
        Ok(is_few.then(|| Arc::new(Marks::new(about))))
    }
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
