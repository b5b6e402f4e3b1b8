//! The best rows among more candidates than fit into memory: they are sorted by group, rank and place, and the first ones of each group
//! are taken.

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt32Array, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use frame_core::{Batch, Result};
use frame_expr::BoundExpr;
use frame_graph::Scheduler;

use super::ranking::Ranking;
use super::sink::{Arrangement, TopRows};
use crate::context::Context;
use crate::kept::Keeper;
use crate::pipeline::{Pipe, Pipeline};
use crate::project::Project;
use crate::sort::{Order, SortKeys, SortedRows, Sorter, canonical, comparable, sorted};
use crate::source::Source;
use crate::union::Union;

/// Rows as they go to disk: with their places, and with their chances if these rank them.
pub(super) fn rows<R>(top: &TopRows<R>, columns: &[ArrayRef], places: Vec<u64>, chances: Option<Vec<u64>>) -> Result<Batch> {
    let len = places.len();
    let numbers = [Some(places), chances].into_iter().flatten().map(|numbers| Arc::new(UInt64Array::from(numbers)) as ArrayRef);
    Batch::new(schema(top), columns.iter().cloned().chain(numbers).collect(), len)
}

/// Group, rank and place.
pub(super) fn keys<R>(top: &TopRows<R>) -> Result<Arc<SortKeys>> {
    let mut keys: Vec<(BoundExpr, Order)> = top.per.iter().map(|key| (key.clone(), Order::default())).collect();
    match &top.ranking {
        Ranking::Keys { keys: ranking, .. } => keys.extend(ranking.iter().cloned()),
        Ranking::Chance { .. } => keys.push((number(top, 1), Order::default())),
    }
    keys.push((number(top, 0), Order::default()));
    Ok(Arc::new(SortKeys::new(keys, false)?))
}

fn schema<R>(top: &TopRows<R>) -> SchemaRef {
    let number = Arc::new(Field::new("", DataType::UInt64, false));
    let numbers = if matches!(top.ranking, Ranking::Chance { .. }) { 2 } else { 1 };
    let fields = top.schema.fields().iter().cloned().chain(std::iter::repeat_n(number, numbers));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The places of rows, or their chances.
fn number<R>(top: &TopRows<R>, at: usize) -> BoundExpr {
    BoundExpr::column(top.schema.fields().len() + at, DataType::UInt64)
}

/// The best rows of all sorters.
pub(super) fn best<R>(top: &TopRows<R>, sorters: Vec<Sorter>, scheduler: &Scheduler, cx: &Context) -> Result<Arc<dyn Source>> {
    let mut rows = SortedRows::new(sorters, &keys(top)?, &schema(top), scheduler, cx)?;
    let mut firsts = Firsts::default();
    let columns = top.schema.fields().len();
    match top.arrangement {
        Arrangement::Best => {
            let mut keeper = Keeper::new("top", cx);
            while let Some((batch, _memory)) = rows.next(scheduler, cx)? {
                rows.keep_room(0, || keeper.spill())?;
                let batch = firsts.of(top, batch)?.dense()?;
                if !batch.is_empty() {
                    keeper.push(Batch::new(top.schema.clone(), batch.columns()[..columns].to_vec(), batch.len())?)?;
                }
                if firsts.are_all {
                    break;
                }
            }
            Ok(Arc::new(keeper.into_source(&top.schema)))
        }
        Arrangement::Input => {
            // Where the last row is the best one, places count down.
            let order = Order { descending: matches!(top.ranking, Ranking::Keys { last_first: true, .. }), nulls_first: false };
            let keys = Arc::new(SortKeys::new(vec![(number(top, 0), order)], false)?);
            let mut sorter = Sorter::new(keys.clone(), cx);
            while let Some((batch, _memory)) = rows.next(scheduler, cx)? {
                rows.keep_room(0, || sorter.spill(cx))?;
                let batch = firsts.of(top, batch)?;
                if !batch.is_empty() {
                    sorter.push(batch, cx)?;
                }
                if firsts.are_all {
                    break;
                }
            }
            drop(rows);
            let source = sorted(vec![sorter], &keys, &schema(top), scheduler, cx)?;
            let items = top.schema.fields().iter().enumerate().map(|(at, field)| BoundExpr::column(at, field.data_type().clone()));
            let pipes: Vec<Arc<dyn Pipe>> = vec![Arc::new(Project { items: items.collect(), schema: top.schema.clone() })];
            Ok(Arc::new(Union { pipelines: vec![Pipeline { source, pipes: pipes.into(), cx: cx.clone() }] }))
        }
    }
}

/// The first rows of each group, of sorted rows.
#[derive(Default)]
struct Firsts {
    /// The group in hand, the rows taken of it, and the rank of the last one that it has room for.
    group: Option<Vec<u8>>,
    taken: u64,
    last: Option<Vec<u8>>,
    /// No row behind is among the first ones of a group.
    are_all: bool,
}

impl Firsts {
    /// The rows of a batch that are.
    fn of<R>(&mut self, top: &TopRows<R>, batch: Batch) -> Result<Batch> {
        let value = |key: &BoundExpr| canonical(key.evaluate(batch.columns(), batch.len())?);
        let groups = comparable(&top.per.iter().map(value).collect::<Result<Vec<_>>>()?)?;
        let ranks = match &top.ranking {
            Ranking::Keys { keys, .. } if top.with_ties => {
                comparable(&keys.iter().map(|(key, _)| value(key)).collect::<Result<Vec<_>>>()?)?
            }
            _ => None,
        };
        let rank = |row: usize| ranks.as_ref().map(|ranks| ranks.row(row).as_ref().to_vec()).unwrap_or_default();
        let mut chosen = Vec::new();
        for row in 0..batch.len() {
            let is_new = match (&groups, row.checked_sub(1)) {
                (None, _) => false,
                (Some(groups), Some(before)) => groups.row(row) != groups.row(before),
                (Some(groups), None) => self.group.as_deref() != Some(groups.row(row).as_ref()),
            };
            if is_new {
                (self.taken, self.last) = (0, None);
            }
            let is_taken = self.taken < top.count || top.with_ties && self.last.as_ref().is_some_and(|last| *last == rank(row));
            if is_taken {
                self.taken += 1;
                if self.taken == top.count && top.with_ties {
                    self.last = Some(rank(row));
                }
                chosen.push(row as u32);
            } else if groups.is_none() {
                self.are_all = true;
                break;
            }
        }
        if let (Some(groups), Some(last)) = (&groups, batch.len().checked_sub(1)) {
            self.group = Some(groups.row(last).as_ref().to_vec());
        }
        Ok(batch.with_selection(Some(Arc::new(UInt32Array::from(chosen)))))
    }
}
