//! Batches whose rows are to be put into an order: columns from which rows are picked here and there.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::compute::interleave;
use arrow::datatypes::DataType;
use frame_core::{CancelToken, Result, memory_bytes};
use frame_memory::{MemoryBudget, SpillFile};

use crate::dictionaries::{NewIds, unified};
use crate::narrow::{Distances, Narrow, Place, near};
use crate::packed::{Packed, bytes_of_texts, dictionary};
use crate::spill::{Piece, SharedValues, Shares, plain};

/// Rows are picked for so many parts of what goes to disk, one after the other: all of a column at once is as near to the cache as can be,
/// and takes more memory.
const SLABS: usize = 4;

/// Bytes of memory that writing rows takes if they take so many, besides those of pieces: the numbers of a part of them, packed and not.
pub(crate) fn slab_bytes(bytes: usize) -> usize {
    bytes / 2 / SLABS
}

/// The parts of an order that are written at a time.
pub(crate) fn slabs(parts: &[Range<usize>]) -> impl Iterator<Item = &[Range<usize>]> {
    let rows = parts.last().map_or(0, |part| part.end).max(1);
    parts.chunk_by(move |one, other| one.start * SLABS / rows == other.start * SLABS / rows)
}

/// The columns of some batches.
pub(crate) struct Sources {
    columns: Vec<Column>,
    /// Where the values of some columns are, if they stay in memory.
    shares: Option<Shares>,
}

/// Where dictionaries are shared with those who write other rows.
#[derive(Clone, Copy)]
pub(crate) struct Sharing<'a> {
    pub(crate) values: &'a Arc<SharedValues>,
    pub(crate) budget: &'a MemoryBudget,
}

/// A column batch by batch.
enum Column {
    Numbers(Vec<Narrow>),
    Ids {
        ids: Vec<Narrow>,
        /// For each batch.
        new_ids: Vec<NewIds>,
        values: ArrayRef,
        are_shared: bool,
    },
    Plain(Vec<ArrayRef>),
}

impl Sources {
    /// Takes over the columns of some batches.
    pub(crate) fn new<C: Into<Packed>>(batches: Vec<Vec<C>>) -> Result<Self> {
        Self::sharing(batches, None)
    }

    /// The same for rows whose dictionaries are to be shared with others, if they are small.
    pub(crate) fn sharing<C: Into<Packed>>(mut batches: Vec<Vec<C>>, sharing: Option<Sharing<'_>>) -> Result<Self> {
        let mut columns = Vec::new();
        while let Some(parts) = batches.iter_mut().map(Vec::pop).collect::<Option<Vec<_>>>().filter(|parts| !parts.is_empty()) {
            let at = batches.first().map_or(0, Vec::len);
            columns.push(Column::new(parts.into_iter().map(Into::into).collect(), sharing.map(|sharing| (sharing, at)))?);
        }
        columns.reverse();
        let are_shared: Arc<[bool]> = columns.iter().map(|column| matches!(column, Column::Ids { are_shared: true, .. })).collect();
        let sharing = sharing.filter(|_| are_shared.contains(&true));
        Ok(Self { columns, shares: sharing.map(|sharing| Shares { values: sharing.values.clone(), columns: are_shared }) })
    }

    /// The rows at some places, of the first `count` columns.
    pub(crate) fn rows(&self, places: &[Place], count: usize) -> Result<Vec<ArrayRef>> {
        self.columns.iter().take(count).map(|column| column.rows(places)?.column()).collect()
    }

    /// About as many bytes of memory as all rows take as columns.
    pub(crate) fn bytes(&self) -> usize {
        self.columns.iter().map(Column::bytes).sum()
    }

    /// Writes the rows at some places to a file; each of the parts, which lie end to end, becomes a piece.
    ///
    /// # Errors
    /// `DiskError`.
    pub(crate) fn write(
        &self,
        file: &Arc<SpillFile>,
        places: &[Place],
        parts: &[Range<usize>],
        cancel: &CancelToken,
    ) -> Result<Vec<Piece>> {
        cancel.check()?;
        let start = parts.first().map_or(0, |part| part.start);
        let parts: Vec<Range<usize>> = parts.iter().map(|part| part.start - start..part.end - start).collect();
        let packed = self.packed(places, &parts)?;
        let piece = |(part, columns): (&Range<usize>, _)| {
            Piece::write_packed(file, self.complete(columns, &places[part.clone()])?, part.len(), self.shares.clone())
        };
        parts.iter().zip(packed).map(piece).collect()
    }

    /// The rows of each part of some places, packed; `None` for a column of which [`Sources::complete`] picks them. Column by column, so
    /// that one of them at a time is in the cache.
    fn packed(&self, places: &[Place], parts: &[Range<usize>]) -> Result<Vec<Vec<Option<Packed>>>> {
        let mut packed = vec![Vec::with_capacity(self.columns.len()); parts.len()];
        for column in &self.columns {
            let picked = if matches!(column, Column::Plain(_)) { None } else { Some(column.rows(places)?) };
            packed.iter_mut().zip(parts).for_each(|(packed, part)| packed.push(picked.as_ref().map(|picked| picked.packed(part.clone()))));
        }
        Ok(packed)
    }

    /// All columns of the rows at some places.
    fn complete(&self, packed: Vec<Option<Packed>>, places: &[Place]) -> Result<Vec<Packed>> {
        let complete =
            |(packed, column): (Option<Packed>, &Column)| packed.map_or_else(|| Ok(column.rows(places)?.packed(0..places.len())), Ok);
        packed.into_iter().zip(&self.columns).map(complete).collect()
    }
}

impl Column {
    /// The parts of a column, with its place if its values may be shared.
    fn new(parts: Vec<Packed>, sharing: Option<(Sharing<'_>, usize)>) -> Result<Self> {
        if parts.iter().all(|part| matches!(part, Packed::Numbers(_))) {
            let numbers: Vec<Narrow> = parts.into_iter().filter_map(Packed::into_numbers).collect();
            if near(&numbers) {
                return Ok(Self::Numbers(numbers));
            }
            return Ok(Self::Plain(numbers.iter().map(Narrow::column).collect::<Result<_>>()?));
        }
        if parts.iter().all(|part| matches!(part, Packed::Ids(..))) {
            let (ids, values): (Vec<_>, Vec<_>) = parts.into_iter().filter_map(Packed::into_ids).unzip();
            if let Some((Sharing { values: shared, budget }, at)) = sharing
                && let Some(numbers) = shared.numbers(at, &values, budget)?
            {
                let new_ids = numbers.into_iter().map(Some).collect();
                return Ok(Self::Ids { ids, new_ids, values: shared.values(at)?, are_shared: true });
            }
            let (values, new_ids) = unified(&values)?;
            return Ok(Self::Ids { ids, new_ids, values, are_shared: false });
        }
        let columns = parts.iter().map(Packed::column).collect::<Result<Vec<_>>>()?;
        // Only some of them are dictionaries where others were written as texts.
        let is_one_type = columns.windows(2).all(|pair| pair[0].data_type() == pair[1].data_type());
        Ok(Self::Plain(if is_one_type { columns } else { plain(&columns)? }))
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Numbers(parts) => parts.iter().map(Narrow::column_bytes).sum(),
            Self::Ids { ids, values, .. } => bytes_of_texts(values, ids.iter().map(Narrow::len).sum()),
            Self::Plain(parts) => parts.iter().map(memory_bytes).sum(),
        }
    }

    fn rows(&self, places: &[Place]) -> Result<Picked> {
        match self {
            Self::Numbers(parts) => Ok(Picked::Numbers(Distances::picked(parts, places), parts[0].data_type().clone())),
            Self::Ids { ids, new_ids, values, .. } => {
                let mut picked = Distances::picked(ids, places);
                if new_ids.iter().any(Option::is_some) {
                    // Null rows may have any id.
                    let new = |ids: &[i32], id: i64| ids.get(id as usize).map_or(0, |id| i64::from(*id));
                    picked.change(|at, id| new_ids[places[at].0 as usize].as_ref().map_or(id, |ids| new(ids, id)));
                }
                Ok(Picked::Ids(picked, ids[0].data_type().clone(), values.clone()))
            }
            Self::Plain(parts) => {
                let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
                let places: Vec<_> = places.iter().map(|(part, row)| (*part as usize, *row as usize)).collect();
                Ok(Picked::Plain(interleave(&parts, &places)?))
            }
        }
    }
}

/// Rows of a column.
enum Picked {
    Numbers(Distances, DataType),
    Ids(Distances, DataType, ArrayRef),
    Plain(ArrayRef),
}

impl Picked {
    fn column(self) -> Result<ArrayRef> {
        match self {
            Self::Numbers(numbers, data_type) => numbers.column(&data_type),
            Self::Ids(ids, data_type, values) => dictionary(&ids.column(&data_type)?, &values),
            Self::Plain(column) => Ok(column),
        }
    }

    /// Some of the rows.
    fn packed(&self, rows: Range<usize>) -> Packed {
        match self {
            Self::Numbers(numbers, data_type) => Packed::Numbers(numbers.narrow(data_type.clone(), rows)),
            Self::Ids(ids, data_type, values) => Packed::Ids(ids.narrow(data_type.clone(), rows), values.clone()),
            Self::Plain(column) => Packed::of(&column.slice(rows.start, rows.len())),
        }
    }
}
