//! Order: of the rows of a result, in memory, within its reservation.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray, UInt32Array};
use arrow::compute::{SortOptions, concat, take};
use arrow::datatypes::{DataType, Float64Type, SchemaRef};
use arrow::row::{RowConverter, SortField};
use frame_core::{Batch, Error, Origin, QueryError, Result};
use frame_expr::BoundExpr;
use frame_graph::Scheduler;
use frame_memory::Reservation;

use crate::context::Context;
use crate::graph::Sink;
use crate::source::{Batches, Source};

/// How one key orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Order {
    pub(crate) descending: bool,
    pub(crate) nulls_first: bool,
}

/// A column whose equal values have equal bits: one NaN, which sorts last, and no negative zero.
pub(crate) fn canonical(column: ArrayRef) -> Result<ArrayRef> {
    match column.data_type() {
        DataType::Float64 => {
            // Adding zero turns a negative zero into a positive one.
            let floats = column.as_primitive::<Float64Type>();
            Ok(Arc::new(floats.unary::<_, Float64Type>(|value| if value.is_nan() { f64::NAN.abs() } else { value + 0.0 })))
        }
        DataType::Float32 => {
            let floats = column.as_primitive::<arrow::datatypes::Float32Type>();
            Ok(Arc::new(
                floats.unary::<_, arrow::datatypes::Float32Type>(|value| if value.is_nan() { f32::NAN.abs() } else { value + 0.0 }),
            ))
        }
        _ => Ok(column),
    }
}

/// The stable order of `rows` rows by `keys`; `None` if they need no ordering.
pub(crate) fn sorted_indices(keys: &[(ArrayRef, Order)], rows: usize, scheduler: &Scheduler) -> Result<Option<UInt32Array>> {
    if keys.is_empty() || rows < 2 {
        return Ok(None);
    }
    let rows = u32::try_from(rows).map_err(|_| {
        Error::new(QueryError::Usage(format!("{rows} rows are too many to sort in memory"))).hint("filter or aggregate first")
    })?;
    let fields = keys.iter().map(|(column, order)| {
        let options = SortOptions { descending: order.descending, nulls_first: order.nulls_first };
        SortField::new_with_options(column.data_type().clone(), options)
    });
    let converter = RowConverter::new(fields.collect())?;
    let columns = keys.iter().map(|(column, _)| canonical(column.clone())).collect::<Result<Vec<_>>>()?;
    let packed = converter.convert_columns(&columns)?;
    let mut indices: Vec<u32> = (0..rows).collect();
    scheduler.sort_by(&mut indices, |a, b| packed.row(*a as usize).cmp(&packed.row(*b as usize)));
    Ok(Some(UInt32Array::from(indices)))
}

/// Orders all rows by keys; rows with equal keys keep their order.
#[derive(Debug)]
pub(crate) struct Sort {
    pub(crate) keys: Vec<(BoundExpr, Order)>,
    pub(crate) schema: SchemaRef,
    /// The keys as text.
    pub(crate) text: String,
}

/// Batches of one worker and where they come from.
pub(crate) struct Run {
    batches: Vec<(Option<Origin>, Batch)>,
    bytes: usize,
    memory: Reservation,
}

impl Sink for Sort {
    type Share = Run;

    fn start(&self, cx: &Context) -> Result<Run> {
        Ok(Run { batches: Vec::new(), bytes: 0, memory: cx.budget.reserve("sort") })
    }

    fn push(&self, share: &mut Run, batch: Batch, _: &Context) -> Result<()> {
        let batch = compacted(batch)?;
        // The columns, once more for the sorted copy, and the packed keys.
        share.bytes += 2 * batch.memory_bytes() + batch.len() * (16 + 24 * self.keys.len());
        share.memory.require(share.bytes)?;
        share.batches.push((batch.origin(), batch));
        Ok(())
    }

    fn finish(&self, shares: Vec<Run>, scheduler: &Scheduler, cx: &Context) -> Result<Arc<dyn Source>> {
        let (mut batches, mut memory) = (Vec::new(), Vec::new());
        for share in shares {
            batches.extend(share.batches);
            memory.push(share.memory);
        }
        batches.sort_by_key(|(origin, _)| *origin);
        let rows = batches.iter().map(|(_, batch)| batch.len()).sum();
        let column = |at: usize| -> Result<ArrayRef> {
            let parts: Vec<&dyn Array> = batches.iter().map(|(_, batch)| batch.columns()[at].as_ref()).collect();
            Ok(if parts.is_empty() { arrow::array::new_empty_array(self.schema.field(at).data_type()) } else { concat(&parts)? })
        };
        let columns = (0..self.schema.fields().len()).map(column).collect::<Result<Vec<_>>>()?;
        drop(batches);
        cx.cancel.check()?;
        let keys = self.keys.iter().map(|(key, order)| Ok((key.evaluate(&columns, rows)?, *order))).collect::<Result<Vec<_>>>()?;
        let order = sorted_indices(&keys, rows, scheduler)?.unwrap_or_else(|| UInt32Array::from_iter_values(0..rows as u32));
        let mut sorted = Vec::new();
        for first in (0..rows).step_by(cx.batch_rows.max(1)) {
            cx.cancel.check()?;
            let part = order.slice(first, cx.batch_rows.max(1).min(rows - first));
            let columns = columns.iter().map(|column| Ok(take(column, &part, None)?)).collect::<Result<_>>()?;
            sorted.push(Batch::new(self.schema.clone(), columns, part.len())?);
        }
        Ok(Arc::new(Batches::new(sorted, memory)))
    }

    fn explain(&self) -> String {
        format!("sort {}", self.text)
    }
}

/// A dense batch whose texts do not keep read buffers alive.
pub(crate) fn compacted(batch: Batch) -> Result<Batch> {
    let (origin, batch) = (batch.origin(), batch.dense()?);
    let columns = batch.columns().iter().map(|column| match column.as_any().downcast_ref::<StringViewArray>() {
        Some(texts) => Arc::new(texts.gc()) as ArrayRef,
        None => column.clone(),
    });
    Ok(Batch::new(batch.schema().clone(), columns.collect(), batch.len())?.with_origin(origin))
}
