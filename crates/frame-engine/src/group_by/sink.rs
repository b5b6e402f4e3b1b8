//! The group-by sink and its aggregates.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::compute::{concat, take};
use arrow::datatypes::{DataType, SchemaRef};
use frame_core::{Batch, Error, Result};
use frame_expr::{BoundCall, BoundExpr, Expr, bind};
use frame_graph::Scheduler;

use super::buckets::{BUCKETS, Spilled};
use super::spelling::Spelling;
use super::spilled::Merging;
use super::totals::{Finished, Totals};
use super::unmerged::{Parts, Place, Unmerged};
use crate::context::Context;
use crate::graph::Sink;
use crate::pipeline::Pipeline;
use crate::sort::{Order, SortKeys, Sorter, sorted, sorted_indices};
use crate::source::{Batches, Source};
use crate::union::Union;

/// Up to as many groups of all workers are merged by one of them: less work than to put them into buckets.
const MERGED_MAX: usize = 1 << 14;

/// While groups are merged from disk, all workers together gather at most this part of the limit before they sort it.
const SORTER_PART: usize = 4;

/// Groups rows by keys and aggregates them; the result is sorted by key, nulls last.
#[derive(Debug, Clone)]
pub(crate) struct GroupBy {
    pub(crate) keys: Vec<BoundExpr>,
    pub(crate) calls: Vec<BoundCall>,
    /// One more row at the end, over all rows.
    pub(crate) with_total: bool,
    /// The order of the rows of the result does not matter.
    pub(crate) is_unordered: bool,
    pub(crate) schema: SchemaRef,
}

impl Sink for GroupBy {
    type Share = Totals;

    fn start(&self, cx: &Context) -> Result<Totals> {
        Totals::new(self, cx)
    }

    fn push(&self, share: &mut Totals, batch: Batch, _: &Context) -> Result<()> {
        share.push(batch, self)
    }

    fn finish(&self, shares: Vec<Totals>, scheduler: &Scheduler, cx: &Context) -> Result<Arc<dyn Source>> {
        let shares = each(shares, scheduler, |share| share.settle(self))?;
        let held: usize = shares.iter().map(Totals::reserved_bytes).sum();
        let is_lazy = self.is_unordered && !self.with_total;
        // Merging takes as much again, and so does the result, unless only some buckets are merged at a time.
        let needed = if is_lazy { held / 4 } else { 2 * held };
        if shares.iter().any(Totals::is_spilled) || !self.keys.is_empty() && cx.budget.free_bytes() < needed {
            return self.by_disk(shares, scheduler, cx);
        }
        let types = self.types();
        let is_small =
            self.keys.is_empty() || shares.len() == 1 || shares.iter().map(Totals::len).sum::<usize>() <= MERGED_MAX.min(cx.table_groups);
        let finished = if is_small && !shares.iter().any(Totals::has_buckets) {
            vec![merged(shares, cx)?.finish(self, &types)?]
        } else {
            let shares = each(shares, scheduler, Totals::flush)?;
            // What did not fit as columns, either, has gone to disk.
            if shares.iter().any(Totals::is_spilled) {
                return self.by_disk(shares, scheduler, cx);
            }
            let parts = parts(shares, cx)?;
            if is_lazy {
                return Ok(Arc::new(Unmerged::new(self.clone(), Place::Memory(Arc::new(parts)), cx)));
            }
            scheduler.map(BUCKETS, |bucket| parts.merged(bucket, self, cx))?
        };
        let wholes: Vec<&Vec<Vec<ArrayRef>>> = finished.iter().filter_map(|part| part.whole.as_ref()).collect();
        let total = if self.with_total { Some(self.total(&wholes, &types)?) } else { None };
        let (mut parts, mut memory) = (Vec::new(), Vec::new());
        for part in finished {
            parts.push(part.columns);
            memory.push(part.memory);
        }
        if !self.is_unordered {
            parts = vec![in_order(&parts, &types, self.keys.len(), scheduler, cx)?];
        }
        parts.extend(total);
        let mut batches = Vec::new();
        for columns in parts {
            batches.extend(sliced(&self.schema, columns, cx.batch_rows)?);
        }
        Ok(Arc::new(Batches::new(batches, memory)))
    }

    fn explain(&self) -> String {
        let names: Vec<_> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
        let (keys, measures) = names.split_at(self.keys.len());
        format!("group by [{}] aggregate [{}]", keys.join(", "), measures.join(", "))
    }
}

impl GroupBy {
    /// Merges groups of which some are on disk.
    fn by_disk(&self, shares: Vec<Totals>, scheduler: &Scheduler, cx: &Context) -> Result<Arc<dyn Source>> {
        let mut shares = each(shares, scheduler, Totals::give_up)?;
        let spelling = Arc::new(Spelling::of(&mut shares, cx)?);
        let mut buckets: Vec<Vec<Spilled>> = vec![Vec::new(); BUCKETS];
        for share in shares {
            buckets.iter_mut().zip(share.into_spilled()).for_each(|(bucket, more)| bucket.extend(more));
        }
        if self.is_unordered && !self.with_total {
            return Ok(Arc::new(Unmerged::new(self.clone(), Place::Disk(buckets, spelling), cx)));
        }
        let keys: Vec<_> = self.schema.fields()[..self.keys.len()]
            .iter()
            .map(|field| Ok((bind(&Expr::column(field.name()), &self.schema)?, Order::default())))
            .collect::<Result<_>>()?;
        let keys = Arc::new(SortKeys::new(keys, false)?);
        // A task takes a sorter that no other one has in hand, so there are no more of them than threads.
        let sorters = Mutex::new(Vec::new());
        // Merging must not have to wait for a sorter to give something up.
        let gathered_bytes = cx.gathered_bytes.min(cx.budget.limit_bytes() / SORTER_PART / scheduler.threads());
        let sorting = Context { gathered_bytes, ..cx.clone() };
        let idle = || sorters.lock().unwrap_or_else(PoisonError::into_inner);
        let wholes = scheduler.map(BUCKETS, |bucket| {
            let mut sorter = idle().pop().unwrap_or_else(|| Sorter::new(keys.clone(), cx));
            let (mut wholes, mut merging) = (Vec::new(), Merging::new(buckets[bucket].clone(), &spelling));
            while let Some(Finished { columns, whole, memory }) = merging.next(self, cx)? {
                let rows = columns[0].len();
                drop(memory);
                sorter.push(Batch::new(self.schema.clone(), columns, rows)?, &sorting)?;
                wholes.extend(whole);
            }
            idle().push(sorter);
            Ok(wholes)
        })?;
        drop(buckets);
        let sorters = sorters.into_inner().unwrap_or_else(PoisonError::into_inner);
        let groups = sorted(sorters, &keys, &self.schema, scheduler, cx)?;
        if !self.with_total {
            return Ok(groups);
        }
        let total = self.total(&wholes.iter().flatten().collect::<Vec<_>>(), &self.types())?;
        let total = Arc::new(Batches::new(sliced(&self.schema, total, 1)?, Vec::new()));
        let pipeline = |source: Arc<dyn Source>| Pipeline { source, pipes: Vec::new().into(), cx: cx.clone() };
        Ok(Arc::new(Union { pipelines: vec![pipeline(groups), pipeline(total)] }))
    }

    /// The types of the result's columns.
    pub(super) fn types(&self) -> Vec<DataType> {
        self.schema.fields().iter().map(|field| field.data_type().clone()).collect()
    }

    /// The row of the total.
    fn total(&self, wholes: &[&Vec<Vec<ArrayRef>>], types: &[DataType]) -> Result<Vec<ArrayRef>> {
        let mut row: Vec<ArrayRef> = types[..self.keys.len()].iter().map(|data_type| new_null_array(data_type, 1)).collect();
        for (at, call) in self.calls.iter().enumerate() {
            let mut sum = call.aggregate.start();
            sum.resize(1);
            wholes.iter().try_for_each(|whole| sum.merge(&[0], &whole[at]))?;
            row.push(sum.take_values()?);
        }
        Ok(row)
    }
}

/// Columns as batches.
pub(super) fn sliced(schema: &SchemaRef, columns: Vec<ArrayRef>, batch_rows: usize) -> Result<Vec<Batch>> {
    let rows = columns.first().map_or(1, |column| column.len());
    let batch = Batch::new(schema.clone(), columns, rows)?;
    let batch_rows = batch_rows.max(1);
    (0..rows).step_by(batch_rows).map(|first| batch.clone().slice(first, batch_rows.min(rows - first))).collect()
}

/// The groups of all workers, after a step that each of them takes.
fn each(shares: Vec<Totals>, scheduler: &Scheduler, step: impl Fn(&mut Totals) -> Result<()> + Sync) -> Result<Vec<Totals>> {
    let shares: Vec<Mutex<Totals>> = shares.into_iter().map(Mutex::new).collect();
    scheduler.map(shares.len(), |at| step(&mut shares[at].lock().unwrap_or_else(PoisonError::into_inner)))?;
    Ok(shares.into_iter().map(|share| share.into_inner().unwrap_or_else(PoisonError::into_inner)).collect())
}

/// The groups of all workers by bucket; their tables are empty.
fn parts(mut shares: Vec<Totals>, cx: &Context) -> Result<Parts> {
    let spelling = Spelling::of(&mut shares, cx)?;
    let mut all = Parts { parts: Vec::new(), groups: 0, memory: Vec::new(), spelling };
    for share in shares {
        let (parts, groups, memory) = share.into_parts();
        all.parts.extend(parts);
        all.memory.push(memory);
        // Most that there can be of them, if no worker met what another one did.
        all.groups += groups;
    }
    Ok(all)
}

/// One table of all groups; the largest one takes over the others.
fn merged(mut shares: Vec<Totals>, cx: &Context) -> Result<Totals> {
    shares.sort_by_key(Totals::len);
    let mut totals = shares.pop().ok_or_else(|| Error::internal("a stage without a share"))?;
    for share in shares {
        cx.cancel.check()?;
        totals.merge(share)?;
    }
    Ok(totals)
}

/// All rows by their keys, nulls last.
fn in_order(parts: &[Vec<ArrayRef>], types: &[DataType], keys: usize, scheduler: &Scheduler, cx: &Context) -> Result<Vec<ArrayRef>> {
    let column = |at: usize| -> Result<ArrayRef> {
        let columns: Vec<&dyn Array> = parts.iter().map(|columns| columns[at].as_ref()).collect();
        Ok(if columns.len() == 1 { Arc::clone(&parts[0][at]) } else { concat(&columns)? })
    };
    let columns = scheduler.map(types.len(), column)?;
    let rows = columns.first().map_or(0, |column| column.len());
    let order: Vec<_> = columns[..keys].iter().map(|column| (column.clone(), Order::default())).collect();
    match sorted_indices(&order, rows, scheduler, &cx.cancel)? {
        None => Ok(columns),
        Some(order) => scheduler.map(columns.len(), |at| Ok(take(&columns[at], &order, None)?)),
    }
}
