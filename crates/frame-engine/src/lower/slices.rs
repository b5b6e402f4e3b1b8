//! Group bys and joins that are computed slice by slice.

use std::sync::Arc;

use frame_core::Result;
use frame_plan::{Join, JoinColumn, JoinKind, Plan};

use super::joins::kept;
use super::{Lowering, Open, Use};
use crate::context::Context;
use crate::graph::{Feed, StageSink};
use crate::group_by::GroupBy;
use crate::join::{Build, BuiltSlot, Key, Making, Probe, Prober};
use crate::pipeline::{Pipe, Pipeline};
use crate::slices::{Sliced, SlicedScan, Work, cut, extents};
use crate::source::TableSource;

/// Values of a key must lie that much farther apart than a worker's table has groups: so many groups are counted without slices.
const WIDTH: usize = 4;

impl Lowering<'_> {
    /// The groups of an input, if it is a table that lies in the order of one of the keys: of the first one, if groups are wanted in order.
    pub(super) fn sliced_groups(&self, plan: &Plan, input: &Open, group_by: &GroupBy) -> Option<Open> {
        if group_by.with_total || !self.is_used_once(plan) {
            return None;
        }
        let keys = if group_by.is_unordered { group_by.keys.len() } else { 1 };
        let names = group_by.keys.iter().take(keys).filter_map(|key| Some(input.schema.field(key.as_column()?).name().as_str()));
        let (scan, key) = names.into_iter().find_map(|name| Some((self.sliced(input, name, self.cx.slice_rows)?, name)))?;
        let text = format!("  in {} slices by {key}\n{}  {}\n", scan.slices(), of_input(input), StageSink::explain(group_by));
        let (cx, schema) = (of_slices(self.cx), group_by.schema.clone());
        let (of_slice, group_by) = (scan.clone(), group_by.clone());
        let work: Work = Box::new(move |at, scheduler| {
            let source = group_by.collect(pipeline(of_slice.slice(at), Vec::new(), &cx), scheduler)?;
            Ok(pipeline(source, Vec::new(), &cx))
        });
        Some(Open { feed: Feed::Sliced(Arc::new(Sliced::new(vec![scan], work, text))), pipes: Vec::new(), limit: None, schema })
    }

    /// The rows of a join of two large tables that lie in the order of one of its keys, if their own order does not matter.
    pub(super) fn sliced_join(
        &self,
        (join, plan): (&Join, &Plan),
        (left, right): (&Open, &Open),
        (left_keys, right_keys): (&[Key], &[Key]),
        columns: &[JoinColumn],
    ) -> Result<Option<Open>> {
        let can_be = matches!(join.kind, JoinKind::Inner | JoinKind::Left | JoinKind::Semi | JoinKind::Anti)
            && join.as_of.is_none()
            && join.expect.is_none()
            && self.order == Use::Nothing;
        if !can_be || !self.is_used_once(plan) || rows(right).is_none_or(|rows| rows <= self.cx.join_slice_rows) {
            return Ok(None);
        }
        let scans = join.keys.iter().find_map(|pair| {
            let (of_left, of_right) = (left.schema.field_with_name(&pair.left).ok()?, right.schema.field_with_name(&pair.right).ok()?);
            if of_left.data_type() != of_right.data_type() {
                return None;
            }
            let left = self.sliced(left, &pair.left, self.cx.join_slice_rows)?;
            let right = self.cut_alike(right, &pair.right, &left)?;
            Some((left, right, pair.left.clone()))
        });
        let Some((left_scan, right_scan, key)) = scans else { return Ok(None) };
        let schema = plan.schema(self.tables)?;
        let is_kept = kept(columns, &right.schema);
        let slices = left_scan.slices();
        let text = format!("  in {slices} slices by {key}\n{}{}  {}\n", of_input(right), of_input(left), plan.explain());
        let (kind, left_columns, right_schema) = (join.kind, left.schema.fields().len(), right.schema.clone());
        let (left_keys, right_keys, columns) = (left_keys.to_vec(), right_keys.to_vec(), columns.to_vec());
        let (cx, batch_rows, joined) = (of_slices(self.cx), self.cx.batch_rows, schema.clone());
        let (lefts, rights) = (left_scan.clone(), right_scan.clone());
        let work: Work = Box::new(move |at, scheduler| {
            let built = BuiltSlot::default();
            let making = Making { keys: right_keys.clone(), near: None, is_kept: is_kept.clone() };
            let build = Build::new(making, right_schema.clone(), built.clone());
            build.collect(pipeline(rights.slice(at), Vec::new(), &cx), scheduler)?;
            let result = (columns.clone(), joined.clone());
            let prober = Prober::new(left_keys.clone(), kind, result, built, batch_rows);
            let prober = Prober { left_columns, is_unordered: true, ..prober };
            pipeline(lefts.slice(at), vec![Arc::new(Probe(Arc::new(prober)))], &cx).staged(false, scheduler)
        });
        let sliced = Sliced::new(vec![left_scan, right_scan], work, text);
        Ok(Some(Open { feed: Feed::Sliced(Arc::new(sliced)), pipes: Vec::new(), limit: None, schema }))
    }

    /// Whether a plan has its place but once in the query: what is computed slice by slice is not kept for another place.
    fn is_used_once(&self, plan: &Plan) -> bool {
        uses(self.whole, plan) < 2
    }

    /// A table in slices of a column, of so many rows.
    fn sliced(&self, input: &Open, column: &str, rows: u64) -> Option<Arc<SlicedScan>> {
        let scan = scan(input)?;
        let extents = extents(scan.table.as_ref(), column)?;
        let slices = cut(&extents, rows, self.cx.table_groups.saturating_mul(WIDTH) as u64)?;
        Some(SlicedScan::new(scan, column, extents, slices, self.cx))
    }

    /// A table that is cut where another one is.
    fn cut_alike(&self, input: &Open, column: &str, other: &SlicedScan) -> Option<Arc<SlicedScan>> {
        let scan = scan(input)?;
        let extents = extents(scan.table.as_ref(), column)?;
        let slices = other.alike(&extents)?;
        Some(SlicedScan::new(scan, column, extents, slices, self.cx))
    }
}

/// The table that an input is, if it is one as it stands.
fn scan(input: &Open) -> Option<TableSource> {
    match &input.feed {
        Feed::Table { table, request, path, is_again, .. } if input.pipes.is_empty() && input.limit.is_none() => {
            Some(TableSource { table: table.clone(), request: request.clone(), path: path.clone(), is_again: *is_again, within: None })
        }
        _ => None,
    }
}

fn rows(input: &Open) -> Option<u64> {
    scan(input)?.table.rows()
}

fn of_input(input: &Open) -> String {
    let mut text = String::new();
    input.feed.explain(&mut text);
    text
}

/// A slice is small: its groups need no buckets.
fn of_slices(cx: &Context) -> Context {
    Context { table_groups: usize::MAX, ..cx.clone() }
}

fn pipeline(source: Arc<dyn crate::source::Source>, pipes: Vec<Arc<dyn Pipe>>, cx: &Context) -> Pipeline {
    Pipeline { source, pipes: pipes.into(), cx: cx.clone() }
}

/// How often a plan is part of another one.
fn uses(whole: &Plan, part: &Plan) -> usize {
    usize::from(whole == part) + whole.inputs().into_iter().map(|input| uses(input, part)).sum::<usize>()
}
