//! The sort as a sink.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use frame_core::{Batch, Result};
use frame_expr::BoundExpr;
use frame_graph::Scheduler;

use super::keys::SortKeys;
use super::order::Order;
use super::sorter::{Sorter, sorted};
use crate::context::Context;
use crate::graph::Sink;
use crate::source::Source;

/// Orders all rows by keys; rows with equal keys keep their order.
#[derive(Debug)]
pub(crate) struct Sort {
    keys: Arc<SortKeys>,
    schema: SchemaRef,
    /// The keys as text.
    text: String,
}

impl Sort {
    /// The sort by some keys.
    ///
    /// # Errors
    /// An Arrow error for a type without an order.
    pub(crate) fn new(keys: Vec<(BoundExpr, Order)>, schema: SchemaRef, text: String) -> Result<Self> {
        Ok(Self { keys: Arc::new(SortKeys::new(keys, true)?), schema, text })
    }
}

impl Sink for Sort {
    type Share = Sorter;

    fn start(&self, cx: &Context) -> Result<Sorter> {
        Ok(Sorter::new(self.keys.clone(), cx))
    }

    fn push(&self, share: &mut Sorter, batch: Batch, cx: &Context) -> Result<()> {
        share.push(batch, cx)
    }

    fn finish(&self, shares: Vec<Sorter>, scheduler: &Scheduler, cx: &Context) -> Result<Arc<dyn Source>> {
        sorted(shares, &self.keys, &self.schema, scheduler, cx)
    }

    fn explain(&self) -> String {
        format!("sort {}", self.text)
    }
}
