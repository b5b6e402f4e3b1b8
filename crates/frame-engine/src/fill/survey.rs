//! The first pass: the outermost known values of each batch, and from them the nearest ones outside of each batch.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use arrow::array::{Array, ArrayRef, UInt32Array};
use arrow::compute::{cast, take};
use arrow::datatypes::DataType;
use frame_core::{Batch, Error, Origin, Result};
use frame_graph::Scheduler;
use frame_memory::Reservation;
use frame_plan::FillFrom;

use super::between::comparable;
use crate::compact::compact;
use crate::context::Context;
use crate::graph::Sink;
use crate::source::{Batches, Source};

/// A known value outside of a batch: how many rows away from its nearest end, from 1, and the value, as a column of one row.
#[derive(Debug, Clone)]
pub(super) struct Neighbour {
    pub(super) distance: u64,
    pub(super) value: ArrayRef,
}

/// The nearest known values of a column above and below a batch.
#[derive(Debug, Clone, Default)]
pub(super) struct Neighbours {
    pub(super) above: Option<Neighbour>,
    pub(super) below: Option<Neighbour>,
}

/// What the survey has found: for each batch its number of rows, and the neighbours of each filled column.
#[derive(Debug)]
pub(crate) struct Found {
    pub(super) batches: BTreeMap<Origin, (usize, Vec<Neighbours>)>,
    /// Held as long as the values.
    _memory: Vec<Reservation>,
}

/// Where the survey leaves what it has found.
pub(crate) type Surveyed = Arc<OnceLock<Found>>;

/// Looks through the rows for the values that nulls in other batches are filled from.
#[derive(Debug)]
pub(crate) struct Survey {
    /// The columns to fill.
    pub(crate) columns: Vec<usize>,
    pub(crate) from: FillFrom,
    pub(crate) found: Surveyed,
    /// The operator as text.
    pub(crate) text: String,
}

/// The first and the last known value of a column in a batch: their rows, and columns of one row.
#[derive(Default)]
struct Ends {
    first: Option<(usize, ArrayRef)>,
    last: Option<(usize, ArrayRef)>,
}

/// What one worker has found.
pub(crate) struct Share {
    batches: Vec<(Origin, usize, Vec<Ends>)>,
    bytes: usize,
    memory: Reservation,
}

impl Survey {
    fn ends(&self, column: &ArrayRef) -> Result<Ends> {
        let column = if self.from == FillFrom::Between { &comparable(column)? } else { column };
        let nulls = column.logical_nulls();
        let (first, last) = match &nulls {
            None if column.is_empty() => (None, None),
            None => (Some(0), Some(column.len() - 1)),
            Some(nulls) => (nulls.valid_indices().next(), nulls.inner().set_slices().last().map(|(_, end)| end - 1)),
        };
        let known = |row: Option<usize>, is_wanted| match row.filter(|_| is_wanted) {
            Some(row) => Ok(Some((row, single(column, row)?))),
            None => Ok::<_, Error>(None),
        };
        Ok(Ends { first: known(first, self.from != FillFrom::Above)?, last: known(last, self.from != FillFrom::Below)? })
    }
}

impl Sink for Survey {
    type Share = Share;

    fn start(&self, cx: &Context) -> Result<Share> {
        Ok(Share { batches: Vec::new(), bytes: 0, memory: cx.budget.reserve("fill") })
    }

    fn push(&self, share: &mut Share, batch: Batch, _: &Context) -> Result<()> {
        let batch = batch.dense()?;
        let origin = batch.origin().ok_or_else(|| Error::internal("a batch without an origin"))?;
        let ends = self.columns.iter().map(|at| self.ends(&batch.columns()[*at])).collect::<Result<Vec<_>>>()?;
        let values = ends.iter().flat_map(|ends| [&ends.first, &ends.last]).flatten();
        // The values, and their places here and in what is made of them.
        share.bytes += values.map(|(_, value)| value.get_array_memory_size()).sum::<usize>() + 200 * (1 + ends.len());
        share.memory.require(share.bytes)?;
        share.batches.push((origin, batch.len(), ends));
        Ok(())
    }

    fn finish(&self, shares: Vec<Share>, _: &Scheduler, _: &Context) -> Result<Arc<dyn Source>> {
        let (mut batches, mut memory) = (Vec::new(), Vec::new());
        for share in shares {
            batches.extend(share.batches);
            memory.push(share.memory);
        }
        batches.sort_by_key(|(origin, ..)| *origin);
        let mut neighbours: Vec<Vec<Neighbours>> = batches.iter().map(|_| vec![Neighbours::default(); self.columns.len()]).collect();
        for column in 0..self.columns.len() {
            let mut above: Option<Neighbour> = None;
            for ((_, rows, ends), neighbours) in batches.iter().zip(&mut neighbours) {
                neighbours[column].above.clone_from(&above);
                above = passed(&ends[column].last, above, *rows, |row| rows - row);
            }
            let mut below: Option<Neighbour> = None;
            for ((_, rows, ends), neighbours) in batches.iter().zip(&mut neighbours).rev() {
                neighbours[column].below.clone_from(&below);
                below = passed(&ends[column].first, below, *rows, |row| row + 1);
            }
        }
        let batches = batches.iter().zip(neighbours).map(|((origin, rows, _), neighbours)| (*origin, (*rows, neighbours))).collect();
        let found = Found { batches, _memory: memory };
        self.found.set(found).map_err(|_| Error::internal("a survey that ran twice"))?;
        Ok(Arc::new(Batches::new(Vec::new(), Vec::new())))
    }

    fn explain(&self) -> String {
        format!("survey for {}", self.text)
    }
}

/// The nearest known value for the batch behind one of `rows` rows: its own, or the one in front of it, which is farther away now.
fn passed(own: &Option<(usize, ArrayRef)>, before: Option<Neighbour>, rows: usize, distance: impl Fn(usize) -> usize) -> Option<Neighbour> {
    match own {
        Some((row, value)) => Some(Neighbour { distance: distance(*row) as u64, value: value.clone() }),
        None => before.map(|before| Neighbour { distance: before.distance + rows as u64, ..before }),
    }
}

/// One value as a column that keeps nothing else alive.
fn single(column: &ArrayRef, row: usize) -> Result<ArrayRef> {
    let value = take(column, &UInt32Array::from(vec![row as u32]), None)?;
    let value = match value.data_type() {
        DataType::Dictionary(_, values) => cast(&value, values)?,
        _ => value,
    };
    Ok(compact(&value))
}
