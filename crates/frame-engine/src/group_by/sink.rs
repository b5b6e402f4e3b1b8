//! The group-by sink and its aggregates.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::compute::{concat, take};
use arrow::datatypes::{DataType, SchemaRef};
use frame_core::{Batch, Error, Result};
use frame_expr::{BoundCall, BoundExpr};
use frame_graph::Scheduler;

use super::totals::Totals;
use crate::context::Context;
use crate::graph::Sink;
use crate::sort::{Order, sorted_indices};
use crate::source::{Batches, Source};

/// Groups rows by keys and aggregates them; the result is sorted by key, nulls last.
#[derive(Debug)]
pub(crate) struct GroupBy {
    pub(crate) keys: Vec<BoundExpr>,
    pub(crate) calls: Vec<BoundCall>,
    /// One more row at the end, over all rows.
    pub(crate) with_total: bool,
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

    fn finish(&self, mut shares: Vec<Totals>, _: &Scheduler, cx: &Context) -> Result<Arc<dyn Source>> {
        // The largest share takes over the others.
        shares.sort_by_key(Totals::len);
        let mut totals = shares.pop().ok_or_else(|| Error::internal("a stage without a share"))?;
        for share in shares {
            cx.cancel.check()?;
            totals.merge(share)?;
        }
        let types: Vec<DataType> = self.schema.fields().iter().map(|field| field.data_type().clone()).collect();
        let rows = totals.len();
        let (columns, total, memory) = totals.finish(self, &types)?;
        let keys: Vec<_> = columns[..self.keys.len()].iter().map(|column| (column.clone(), Order::default())).collect();
        let columns = match sorted_indices(&keys, rows)? {
            None => columns,
            Some(order) => columns.iter().map(|column| Ok(take(column, &order, None)?)).collect::<Result<_>>()?,
        };
        let (columns, rows) = match total {
            None => (columns, rows),
            Some(total) => {
                (columns.iter().zip(&total).map(|(rows, total)| Ok(concat(&[rows, total])?)).collect::<Result<Vec<ArrayRef>>>()?, rows + 1)
            }
        };
        let batch = Batch::new(self.schema.clone(), columns, rows)?;
        let mut batches = Vec::new();
        for first in (0..rows).step_by(cx.batch_rows.max(1)) {
            batches.push(batch.clone().slice(first, cx.batch_rows.max(1).min(rows - first))?);
        }
        Ok(Arc::new(Batches::new(batches, vec![memory])))
    }

    fn explain(&self) -> String {
        let names: Vec<_> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
        let (keys, measures) = names.split_at(self.keys.len());
        format!("group by [{}] aggregate [{}]", keys.join(", "), measures.join(", "))
    }
}
