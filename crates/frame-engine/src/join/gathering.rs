//! The rows of one side that one worker gathers: in memory as long as there is room, then on disk.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::ArrayRef;
use frame_core::{Batch, Origin, Result};
use frame_graph::Scheduler;
use frame_memory::{Grant, Reservation, SpillFile};

use super::buckets::{BUCKETS, Bucket, ORDER_BYTES, Parter, merge};
use super::columns::held_bytes;
use super::keys::Key;
use crate::context::Context;
use crate::group_by::ranks::ranks;
use crate::spill::Piece;

/// How rows lie on disk.
#[derive(Debug, Clone)]
pub(super) enum Way {
    /// By bucket of their keys, perhaps without those that have a null key.
    ByKey { keys: Vec<Key>, drops_nulls: bool },
    /// In their order.
    InOrder,
    /// Not at all.
    Never,
}

/// Batches of one worker and where they come from.
pub(crate) struct Gathering {
    pub(super) batches: Vec<(Option<Origin>, Batch)>,
    /// Row groups share dictionaries between batches.
    dictionaries: Vec<ArrayRef>,
    rows: usize,
    bytes: usize,
    pub(super) memory: Reservation,
    disk: Option<Disk>,
    /// Whether it is known from the first row on that rows will go to disk.
    goes_to_disk: bool,
}

/// What a worker has put on disk.
enum Disk {
    ByKey(Parter),
    InOrder(Lister),
}

/// Writes batches one after the other.
struct Lister {
    file: Arc<SpillFile>,
    pieces: Vec<Listed>,
}

/// A piece, and where its rows come from: its batch, and its place in that.
type Listed = ((Option<Origin>, usize), Piece);

/// What all workers have put on disk.
pub(super) enum Aside {
    ByKey(Vec<Bucket>, Vec<Reservation>),
    InOrder(Vec<Piece>, Vec<Reservation>),
}

impl Gathering {
    pub(super) fn new(cx: &Context) -> Self {
        let memory = cx.budget.reserve("join");
        Self { batches: Vec::new(), dictionaries: Vec::new(), rows: 0, bytes: 0, memory, disk: None, goes_to_disk: false }
    }

    /// For rows that all go to disk.
    pub(super) fn to_disk(cx: &Context) -> Self {
        Self { goes_to_disk: true, ..Self::new(cx) }
    }

    /// Whether some rows are on disk.
    pub(super) fn is_spilled(&self) -> bool {
        self.disk.is_some()
    }

    /// Adds rows; those that it has go to disk if memory is full.
    pub(super) fn push(&mut self, batch: Batch, way: &Way, cx: &Context) -> Result<()> {
        let mut bytes = self.bytes_of(&batch);
        if matches!(way, Way::Never) {
            self.memory.require(self.bytes + bytes)?;
        } else {
            let is_much = !self.batches.is_empty() && self.bytes + bytes > self.bytes_max(cx);
            let wanted = self.bytes + bytes + self.writing_bytes(self.rows + batch.len(), cx);
            if is_much || self.memory.resize(wanted) == Grant::Full {
                // Few rows make small pieces: some may take of what is left to those who cannot give up anything.
                let is_little = !is_much && self.bytes + bytes <= cx.budget.limit_bytes() / 128;
                if !is_little || self.memory.require(wanted).is_err() {
                    self.spill(way, cx)?;
                    bytes = self.bytes_of(&batch);
                    self.memory.require(bytes + self.writing_bytes(batch.len(), cx))?;
                }
            }
        }
        self.bytes += bytes;
        self.rows += batch.len();
        self.batches.push((batch.origin(), batch));
        Ok(())
    }

    /// The bytes of rows that wait at most. Of those that go to disk in any case no more than make pieces of a good size: the same memory is
    /// used again and again then, and much of it is in the cache.
    fn bytes_max(&self, cx: &Context) -> usize {
        if self.goes_to_disk || self.is_spilled() { cx.gathered_bytes.min(BUCKETS * cx.bucket_pieces().bytes()) } else { cx.gathered_bytes }
    }

    fn bytes_of(&mut self, batch: &Batch) -> usize {
        batch.columns().iter().map(|column| held_bytes(column, &mut self.dictionaries)).sum()
    }

    /// Bytes that putting so many rows on disk takes, and those of what is there.
    fn writing_bytes(&self, rows: usize, cx: &Context) -> usize {
        rows * ORDER_BYTES + cx.bucket_pieces().writing_bytes() + self.listed_bytes()
    }

    fn listed_bytes(&self) -> usize {
        match &self.disk {
            None => 0,
            Some(Disk::ByKey(parter)) => parter.bytes(),
            Some(Disk::InOrder(lister)) => lister.pieces.len() * size_of::<Listed>() * 2,
        }
    }

    /// Gives back what putting rows on disk would take, as they stay in memory.
    pub(super) fn settle(&mut self) -> Result<()> {
        self.memory.require(self.bytes)
    }

    /// Puts the rows in memory on disk.
    fn spill(&mut self, way: &Way, cx: &Context) -> Result<()> {
        if self.batches.is_empty() && self.disk.is_some() {
            return Ok(());
        }
        self.memory.require(self.bytes + self.writing_bytes(self.rows, cx))?;
        let mut batches = std::mem::take(&mut self.batches);
        batches.sort_by_key(|(origin, _)| *origin);
        if self.disk.is_none() {
            self.disk = match way {
                Way::ByKey { keys, drops_nulls } => Some(Disk::ByKey(Parter::new(keys.clone(), 0, *drops_nulls))),
                Way::InOrder => Some(Disk::InOrder(Lister { file: Arc::new(cx.spill.file()?), pieces: Vec::new() })),
                Way::Never => None,
            };
        }
        match &mut self.disk {
            Some(Disk::ByKey(parter)) => {
                let ranked = |(origin, batch): &(Option<Origin>, Batch)| -> Result<Vec<ArrayRef>> {
                    let mut columns = batch.columns().to_vec();
                    columns.push(Arc::new(ranks(*origin, batch.len())?));
                    Ok(columns)
                };
                let rows = batches.iter().map(ranked).collect::<Result<Vec<_>>>()?;
                // Each column is given up when it has been packed.
                drop(batches);
                self.dictionaries.clear();
                parter.write(rows, cx)?;
            }
            Some(Disk::InOrder(lister)) => batches.iter().try_for_each(|(origin, batch)| lister.write(*origin, batch, cx))?,
            None => {}
        }
        self.dictionaries.clear();
        (self.bytes, self.rows) = (0, 0);
        self.memory.require(self.listed_bytes())
    }

    /// Puts all that workers have gathered on disk.
    pub(super) fn spilled(shares: Vec<Self>, way: &Way, scheduler: &Scheduler, cx: &Context) -> Result<Aside> {
        let shares: Vec<_> = shares.into_iter().map(|share| Mutex::new(Some(share))).collect();
        let shares = scheduler.map(shares.len(), |at| {
            let mut share = shares[at].lock().unwrap_or_else(PoisonError::into_inner).take();
            share.iter_mut().try_for_each(|share| share.spill(way, cx))?;
            Ok(share)
        })?;
        let (mut buckets, mut listed, mut memory) = (vec![Bucket::default(); BUCKETS], Vec::new(), Vec::new());
        for share in shares.into_iter().flatten() {
            match share.disk {
                Some(Disk::ByKey(parter)) => merge(&mut buckets, parter.buckets),
                Some(Disk::InOrder(lister)) => listed.extend(lister.pieces),
                None => {}
            }
            memory.push(share.memory);
        }
        listed.sort_by_key(|(place, _)| *place);
        Ok(match way {
            Way::ByKey { .. } => Aside::ByKey(buckets, memory),
            Way::InOrder | Way::Never => Aside::InOrder(listed.into_iter().map(|(_, piece)| piece).collect(), memory),
        })
    }
}

impl Lister {
    fn write(&mut self, origin: Option<Origin>, batch: &Batch, cx: &Context) -> Result<()> {
        let piece_rows = cx.pieces().rows(batch.memory_bytes(), batch.len());
        for (at, first) in (0..batch.len()).step_by(piece_rows).enumerate() {
            cx.cancel.check()?;
            let rows = piece_rows.min(batch.len() - first);
            let columns: Vec<ArrayRef> = batch.columns().iter().map(|column| column.slice(first, rows)).collect();
            self.pieces.push(((origin, at), Piece::write(&self.file, &columns, rows)?));
        }
        Ok(())
    }
}
