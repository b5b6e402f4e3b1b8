//! The side that goes through: each batch is looked up as a whole, and then the columns of its matches are taken.

use std::sync::{Arc, OnceLock};

use arrow::array::{Array, ArrayRef, UInt32Array};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, SchemaRef};
use frame_core::{Batch, Error, Result};
use frame_plan::{JoinColumn, JoinKind};

use super::build::{Built, BuiltSlot, Side};
use super::columns::picked;
use super::finder::Finder;
use super::keys::Key;
use super::near::NearRule;
use super::parted::Apart;
use super::table::NONE;
use crate::graph::StageSink;
use crate::pipeline::{Pieces, Pipe};
use crate::source::Source;

/// What one side of a join does with the table of the other one.
#[derive(Debug)]
pub(crate) struct Prober {
    pub(crate) finder: Finder,
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
    /// The result, if a first pass over the rows that go through has given all of it.
    pub(crate) joined: OnceLock<Arc<dyn Source>>,
}

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
    /// For rows with these keys, which find rows of a side; `columns` and `schema` are those of the result. Nearest rows, the number of left
    /// columns, an order that does not matter, and the text are for those who have them.
    pub(crate) fn new(
        keys: Vec<Key>,
        kind: JoinKind,
        (columns, schema): (Vec<JoinColumn>, SchemaRef),
        built: BuiltSlot,
        batch_rows: usize,
    ) -> Self {
        let (finder, text) = (Finder::new(keys), String::new());
        Self {
            finder,
            near: None,
            kind,
            columns,
            left_columns: 0,
            schema,
            built,
            batch_rows,
            is_unordered: false,
            text,
            joined: OnceLock::new(),
        }
    }

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
        let mut found = self.finder.find(&built.table, batch.columns(), batch.len())?;
        if let (Some(near), Some(rule)) = (&built.near, &self.near) {
            near.narrow(rule, &batch.columns()[rule.left.column], &mut found)?;
        }
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
