//! The side that goes through: each batch is looked up as a whole, and then the columns of its matches are taken.

use std::sync::{Arc, Mutex, OnceLock};

use arrow::array::{Array, ArrayRef, AsArray, UInt32Array};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type, SchemaRef};
use frame_core::{Batch, Error, Result};
use frame_plan::{JoinColumn, JoinKind};

use super::build::{Built, BuiltSlot, Side};
use super::columns::picked;
use super::keys::{Key, Keys, of_values};
use super::near::NearRule;
use super::parted::Apart;
use super::table::NONE;
use crate::graph::StageSink;
use crate::pipeline::{Pieces, Pipe};
use crate::source::Source;

/// Dictionaries whose values have been looked up; as many as there may be threads with batches of different row groups.
const DICTIONARIES_MAX: usize = 64;

/// What one side of a join does with the table of the other one.
#[derive(Debug)]
pub(crate) struct Prober {
    pub(crate) keys: Vec<Key>,
    pub(crate) near: Option<NearRule>,
    pub(crate) kind: JoinKind,
    /// Where the columns of the result come from.
    pub(crate) columns: Vec<JoinColumn>,
    /// How many columns go in.
    pub(crate) left_columns: usize,
    pub(crate) schema: SchemaRef,
    pub(crate) built: BuiltSlot,
    pub(crate) batch_rows: usize,
    /// The order of the rows of the result does not matter.
    pub(crate) is_unordered: bool,
    /// The join as text.
    pub(crate) text: String,
    /// Row groups share dictionaries between batches: their values are looked up once.
    pub(crate) dictionaries: Mutex<Vec<Looked>>,
    /// The result, if a first pass over the rows that go through has given all of it.
    pub(crate) joined: OnceLock<Arc<dyn Source>>,
}

/// The values of a dictionary, and the row found for each of them.
pub(crate) type Looked = (ArrayRef, Arc<Vec<u32>>);

/// A join as a pipe.
#[derive(Debug)]
pub(crate) struct Probe(pub(crate) Arc<Prober>);

impl Pipe for Probe {
    fn apply(&self, batch: Batch, _: &mut u64) -> Result<Batch> {
        self.0.apply(batch)
    }

    fn pieces(&self, batch: &Batch) -> Result<Option<Pieces>> {
        let built = match self.0.side()? {
            Side::Pieces(pieces) => return Ok(Some(pieces.beside(&self.0, batch.clone().dense()?))),
            Side::Passing => return Ok(None),
            Side::Table(_) | Side::Buckets(_) => self.0.built()?,
        };
        if built.near.is_some() || built.table.is_unique() || self.0.kind.is_filter() {
            return Ok(None);
        }
        let batch = batch.clone().dense()?;
        let found = self.0.found(&batch)?;
        Ok(Some(self.0.matches(batch, found)))
    }

    fn stage(&self, is_cut: bool) -> Option<Box<dyn StageSink>> {
        match self.0.built.get() {
            Some(Side::Buckets(_)) => Some(Box::new(Apart { prober: self.0.clone(), is_cut })),
            _ => None,
        }
    }

    fn explain(&self) -> String {
        self.0.text.clone()
    }
}

impl Prober {
    /// What has become of the other side.
    pub(super) fn side(&self) -> Result<&Side> {
        self.built.get().ok_or_else(|| Error::internal("a join before its table"))
    }

    pub(super) fn built(&self) -> Result<&Built> {
        match self.side()? {
            Side::Table(built) => Ok(built),
            Side::Buckets(_) | Side::Pieces(_) | Side::Passing => Err(Error::internal("a join without its table")),
        }
    }

    /// The results for a dense batch whose rows have found these.
    pub(super) fn joined(self: &Arc<Self>, batch: Batch, found: Vec<u32>) -> Result<Pieces> {
        let built = self.built()?;
        if built.near.is_some() || built.table.is_unique() || self.kind.is_filter() {
            return Ok(Box::new(std::iter::once(self.of_found(batch, found))));
        }
        Ok(self.matches(batch, found))
    }

    /// The result for a batch whose rows may match several times.
    fn matches(self: &Arc<Self>, batch: Batch, found: Vec<u32>) -> Pieces {
        Box::new(Matches { prober: self.clone(), batch, found, row: 0, match_at: None })
    }

    /// For each row of a dense batch the first row of the other side that matches, or [`NONE`].
    pub(super) fn found(&self, batch: &Batch) -> Result<Vec<u32>> {
        let built = self.built()?;
        let mut found = Vec::with_capacity(batch.len());
        match self.keys.as_slice() {
            [only] if only.is_text() && is_dictionary(&batch.columns()[only.column]) => {
                self.find_ids(built, &batch.columns()[only.column], &mut found)?;
            }
            keys => built.table.find(&Keys::new(keys, batch.columns(), batch.len())?, &mut found),
        }
        if let (Some(near), Some(rule)) = (&built.near, &self.near) {
            near.narrow(rule, &batch.columns()[rule.left.column], &mut found)?;
        }
        Ok(found)
    }

    fn find_ids(&self, built: &Built, column: &ArrayRef, found: &mut Vec<u32>) -> Result<()> {
        let column = column.as_dictionary::<Int32Type>();
        let of_values = self.of_dictionary(built, column.values())?;
        let ids = column.keys();
        match ids.nulls().filter(|nulls| nulls.null_count() > 0) {
            None => found.extend(ids.values().iter().map(|id| of_values[*id as usize])),
            Some(nulls) => {
                let rows = ids.values().iter().zip(nulls);
                found.extend(rows.map(|(id, valid)| if valid { of_values[*id as usize] } else { NONE }));
            }
        }
        Ok(())
    }

    /// The row found for each value of a dictionary.
    fn of_dictionary(&self, built: &Built, values: &ArrayRef) -> Result<Arc<Vec<u32>>> {
        let lock = || self.dictionaries.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some((_, known)) = lock().iter().find(|(known, _)| Arc::ptr_eq(known, values)) {
            return Ok(known.clone());
        }
        let mut found = Vec::new();
        built.table.find(&of_values(values)?, &mut found);
        let found = Arc::new(found);
        let mut known = lock();
        if known.len() >= DICTIONARIES_MAX {
            known.remove(0);
        }
        known.push((values.clone(), found.clone()));
        Ok(found)
    }

    /// The result for a batch of which each row matches once at most.
    fn apply(&self, batch: Batch) -> Result<Batch> {
        if matches!(self.side()?, Side::Passing) {
            return Ok(batch);
        }
        let batch = batch.dense()?;
        let found = self.found(&batch)?;
        self.of_found(batch, found)
    }

    /// The result for a dense batch whose rows have found these, each one at most.
    fn of_found(&self, batch: Batch, found: Vec<u32>) -> Result<Batch> {
        let origin = batch.origin();
        let all = batch.len();
        let matched = found.iter().filter(|row| **row != NONE).count();
        if self.kind.is_filter() {
            let is_wanted = self.kind == JoinKind::Semi;
            if matched == if is_wanted { all } else { 0 } {
                return Ok(batch);
            }
            let rows = (0..).zip(&found).filter(|(_, row)| (**row != NONE) == is_wanted).map(|(at, _)| at);
            return Ok(batch.with_selection(Some(Arc::new(UInt32Array::from_iter_values(rows)))));
        }
        if self.keeps_left() || matched == all {
            let nulls = (matched < all).then(|| found.iter().map(|row| *row != NONE).collect::<NullBuffer>());
            let mut rows = found;
            if nulls.is_some() {
                rows.iter_mut().filter(|row| **row == NONE).for_each(|row| *row = 0);
            }
            return Ok(self.beside(self.built()?, &batch, None, &UInt32Array::new(rows.into(), nulls))?.with_origin(origin));
        }
        let left: Vec<u32> = (0..).zip(&found).filter(|(_, row)| **row != NONE).map(|(at, _)| at).collect();
        let mut right = found;
        right.retain(|row| *row != NONE);
        Ok(self.beside(self.built()?, &batch, Some(&UInt32Array::from(left)), &UInt32Array::from(right))?.with_origin(origin))
    }

    /// Whether rows without a match come out of the probe.
    fn keeps_left(&self) -> bool {
        matches!(self.kind, JoinKind::Left | JoinKind::Full | JoinKind::AsOf)
    }

    /// Rows of the batch (all of them without `left`) beside rows of the other side.
    pub(super) fn beside(&self, built: &Built, batch: &Batch, left: Option<&UInt32Array>, right: &UInt32Array) -> Result<Batch> {
        let of_left = |place: usize| match left {
            None => Ok(batch.columns()[place].clone()),
            Some(rows) => picked(&batch.columns()[place], rows),
        };
        let column = |(at, column): (usize, &JoinColumn)| match column {
            JoinColumn::Left(place) | JoinColumn::Either(place, _) => as_type(&of_left(*place)?, self.schema.field(at).data_type()),
            JoinColumn::Right(place) => as_type(&picked(built.column(*place)?, right)?, self.schema.field(at).data_type()),
        };
        let columns = self.columns.iter().enumerate().map(column).collect::<Result<Vec<_>>>()?;
        Batch::new(self.schema.clone(), columns, right.len())
    }
}

impl Built {
    /// A gathered column that is needed behind the join.
    pub(super) fn column(&self, place: usize) -> Result<&ArrayRef> {
        self.columns[place].as_ref().ok_or_else(|| Error::internal("a column that was not kept"))
    }
}

pub(super) fn as_type(column: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    Ok(if column.data_type() == to { column.clone() } else { cast(column, to)? })
}

fn is_dictionary(column: &ArrayRef) -> bool {
    matches!(column.data_type(), DataType::Dictionary(ids, _) if **ids == DataType::Int32)
}

/// The result for a batch whose rows may match several times, piece by piece.
struct Matches {
    prober: Arc<Prober>,
    batch: Batch,
    found: Vec<u32>,
    /// The row in hand, and its match in hand if it has begun.
    row: usize,
    match_at: Option<u32>,
}

impl Iterator for Matches {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.row >= self.found.len() {
            return None;
        }
        Some(self.piece())
    }
}

impl Matches {
    fn piece(&mut self) -> Result<Batch> {
        let prober = self.prober.clone();
        let (built, keeps_left) = (prober.built()?, prober.keeps_left());
        let most = prober.batch_rows.max(1);
        let (mut left, mut right) = (Vec::with_capacity(most), Vec::with_capacity(most));
        let mut has_nulls = false;
        while self.row < self.found.len() && left.len() < most {
            let mut at = self.match_at.take().unwrap_or(self.found[self.row]);
            if at == NONE && keeps_left {
                has_nulls = true;
                left.push(self.row as u32);
                right.push(NONE);
            }
            while at != NONE && left.len() < most {
                left.push(self.row as u32);
                right.push(at);
                at = built.table.next(at);
            }
            if at != NONE {
                self.match_at = Some(at);
                break;
            }
            self.row += 1;
        }
        let nulls = has_nulls.then(|| right.iter().map(|row| *row != NONE).collect::<NullBuffer>());
        if has_nulls {
            right.iter_mut().filter(|row| **row == NONE).for_each(|row| *row = 0);
        }
        prober.beside(built, &self.batch, Some(&UInt32Array::from(left)), &UInt32Array::new(right.into(), nulls))
    }
}
