//! Windows over rows that do not fit into memory: the rows are sorted for each arrangement, go through its windows group by group, and are
//! sorted back into the order of the input. The columns that were found go along.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use frame_core::Result;
use frame_expr::BoundExpr;
use frame_graph::Scheduler;

use super::pass::Pass;
use super::sink::Windows;
use crate::context::Context;
use crate::pipeline::{Pipe, Pipeline};
use crate::project::Project;
use crate::sort::{Order, SortKeys, SortedRows, Sorter, sorted};
use crate::source::Source;
use crate::union::Union;

/// The way of rows through sorts. They have the columns of the input, their ranks, and the values of windows that are done.
pub(super) struct Disk<'a> {
    pub(super) windows: &'a Windows,
    pub(super) scheduler: &'a Scheduler,
    pub(super) cx: &'a Context,
    /// Windows that are done, in the order of their columns.
    done: Vec<usize>,
}

impl<'a> Disk<'a> {
    pub(super) fn new(windows: &'a Windows, scheduler: &'a Scheduler, cx: &'a Context) -> Self {
        Self { windows, scheduler, cx, done: Vec::new() }
    }

    /// What rows with ranks are sorted by first.
    pub(super) fn first_keys(windows: &Windows) -> Result<Arc<SortKeys>> {
        keys(windows, windows.firsts().first().copied())
    }

    /// All rows with the values of all windows, in the order of the input.
    pub(super) fn rows(mut self, mut sorters: Vec<Sorter>) -> Result<Arc<dyn Source>> {
        let firsts = self.windows.firsts();
        let mut next = Self::first_keys(self.windows)?;
        for (at, first) in firsts.iter().enumerate() {
            let rows = SortedRows::new(sorters, &next, &self.schema(), self.scheduler, self.cx)?;
            let schema = self.schema();
            self.done.extend(self.windows.alike(*first));
            next = keys(self.windows, firsts.get(at + 1).copied())?;
            sorters = Pass::new(&self, *first, rows, schema, next.clone())?.run()?;
        }
        let source = sorted(sorters, &next, &self.schema(), self.scheduler, self.cx)?;
        let rank = self.inputs();
        let column = |at: usize| {
            let place = match at.checked_sub(rank) {
                None => at,
                Some(item) => rank + 1 + self.done.iter().position(|done| *done == item).unwrap_or(item),
            };
            BoundExpr::column(place, self.windows.schema.field(at).data_type().clone())
        };
        let items = (0..self.windows.schema.fields().len()).map(column).collect();
        let pipes: Vec<Arc<dyn Pipe>> = vec![Arc::new(Project { items, schema: self.windows.schema.clone() })];
        Ok(Arc::new(Union { pipelines: vec![Pipeline { source, pipes: pipes.into(), cx: self.cx.clone() }] }))
    }

    /// The columns of the input.
    fn inputs(&self) -> usize {
        inputs(self.windows)
    }

    /// The rows as they are now.
    pub(super) fn schema(&self) -> SchemaRef {
        let fields = self.windows.schema.fields();
        let rank = Arc::new(Field::new("", DataType::UInt64, false));
        let values = self.done.iter().map(|item| fields[self.inputs() + item].clone());
        Arc::new(Schema::new(fields[..self.inputs()].iter().cloned().chain([rank]).chain(values).collect::<Vec<_>>()))
    }
}

fn inputs(windows: &Windows) -> usize {
    windows.schema.fields().len() - windows.items.len()
}

/// The order of an arrangement, given by its first window, or that of the input; rows that are equal stay in that one.
fn keys(windows: &Windows, first: Option<usize>) -> Result<Arc<SortKeys>> {
    let mut keys = Vec::new();
    if let Some(item) = first.map(|first| &windows.items[first]) {
        keys.extend(item.window.by.iter().map(|expr| (expr.clone(), Order::default())));
        keys.extend(item.window.order.iter().map(|(expr, ..)| expr.clone()).zip(item.orders()));
    }
    keys.push((BoundExpr::column(inputs(windows), DataType::UInt64), Order::default()));
    Ok(Arc::new(SortKeys::new(keys, false)?))
}
