//! The rows of one side that one worker gathers: in memory as long as there is room, then on disk.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::ArrayRef;
use frame_core::{Batch, Error, Origin, Result};
use frame_graph::Scheduler;
use frame_memory::{Grant, Reservation, SpillFile};

use super::buckets::{BUCKETS, Bucket, ORDER_BYTES, Parter, Rule, Wanted, merge, parting_bytes};
use super::columns::held_bytes;
use super::staying::{Stayed, Staying, group_rows, groups};
use crate::context::Context;
use crate::group_by::ranks::ranks;
use crate::spill::Piece;

/// How rows lie on disk.
#[derive(Debug, Clone)]
pub(super) enum Way {
    /// By bucket of their keys, with ranks behind the columns or not.
    ByKey { rule: Rule, is_ranked: bool },
    /// The same without those of the first `passed` buckets, whose rows went through.
    Behind { rule: Rule, passed: usize },
    /// By bucket of their keys, but rows of some buckets stay in memory.
    Partly { rule: Rule, staying: Arc<Staying> },
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
    /// Rows of buckets that stay in memory.
    stayed: Stayed,
    /// Whether it is known from the first row on that rows will go to disk.
    goes_to_disk: bool,
}

/// What a worker has put on disk.
enum Disk {
    ByKey(Parter),
    InOrder(Lister),
}

impl Disk {
    fn new(way: &Way, cx: &Context) -> Result<Self> {
        let parter = |rule: &Rule| {
            if let Wanted::All(Some(marks)) = &rule.wanted {
                marks.begin(&cx.budget);
            }
            Parter::new(rule.clone(), 0)
        };
        Ok(match way {
            Way::ByKey { rule, .. } | Way::Partly { rule, .. } => Self::ByKey(parter(rule)),
            Way::Behind { rule, passed } => Self::ByKey(parter(rule).behind(*passed)),
            Way::InOrder => Self::InOrder(Lister { file: Arc::new(cx.spill.file()?), pieces: Vec::new() }),
            Way::Never => return Err(Error::internal("rows on disk that are for memory alone")),
        })
    }
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
    ByKey {
        buckets: Vec<Bucket>,
        /// Rows of buckets that stay in memory, and what they take there.
        stayed: Stayed,
        of_stayed: Reservation,
        /// For the places of pieces.
        memory: Vec<Reservation>,
    },
    InOrder(Vec<Piece>, Vec<Reservation>),
}

impl Gathering {
    pub(super) fn new(cx: &Context) -> Self {
        let memory = cx.budget.reserve("join");
        Self {
            batches: Vec::new(),
            dictionaries: Vec::new(),
            rows: 0,
            bytes: 0,
            memory,
            disk: None,
            stayed: Stayed::default(),
            goes_to_disk: false,
        }
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
            let wanted = self.kept_bytes(cx) + self.bytes + bytes + self.writing_bytes(self.rows + batch.len(), cx);
            if is_much || self.memory.resize(wanted) == Grant::Full {
                // Few rows make small pieces: some may take of what is left to those who cannot give up anything.
                let is_little = !is_much && self.bytes + bytes <= cx.budget.limit_bytes() / 128;
                if !is_little || self.memory.require(wanted).is_err() {
                    self.spill(way, cx)?;
                    bytes = self.bytes_of(&batch);
                    self.require(bytes + self.writing_bytes(batch.len(), cx), way, cx)?;
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
        if self.goes_to_disk || self.is_spilled() { parting_bytes(cx) } else { cx.gathered_bytes }
    }

    fn bytes_of(&mut self, batch: &Batch) -> usize {
        batch.columns().iter().map(|column| held_bytes(column, &mut self.dictionaries)).sum()
    }

    /// Bytes that putting so many rows on disk takes, if they go there all at once.
    fn writing_bytes(&self, rows: usize, cx: &Context) -> usize {
        rows * ORDER_BYTES + cx.bucket_pieces().writing_bytes()
    }

    /// Bytes of what is on disk, and of rows that stay in memory, with what it takes to put them on disk after all.
    fn kept_bytes(&self, cx: &Context) -> usize {
        self.listed_bytes() + self.stayed.bytes() + self.stayed.lowering_bytes(cx)
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

    /// Puts the rows in memory on disk, but for those that stay.
    fn spill(&mut self, way: &Way, cx: &Context) -> Result<()> {
        let mut batches = std::mem::take(&mut self.batches);
        batches.sort_by_key(|(origin, _)| *origin);
        let (bytes, rows) = (std::mem::take(&mut self.bytes), std::mem::take(&mut self.rows));
        let mut left_bytes = bytes;
        if let Way::Partly { staying, .. } = way {
            staying.choose(&batches, bytes, cx)?;
            self.lower(way, cx)?;
        }
        // As many rows at a time as make pieces of a good size, if there are several.
        let rows_max = if stay(way) == 0 { rows } else { group_rows(rows, bytes, cx) };
        for (group, group_rows) in groups(batches, rows_max, |(_, batch)| batch.len()) {
            let group_bytes = if group_rows == rows { bytes } else { bytes / rows.max(1) * group_rows };
            let beside = left_bytes + self.writing_bytes(group_rows, cx);
            self.require(beside + group_bytes * stay(way) / BUCKETS, way, cx)?;
            self.write(group, way, cx)?;
            left_bytes = left_bytes.saturating_sub(group_bytes);
        }
        self.dictionaries.clear();
        self.require(0, way, cx)
    }

    /// Reserves so many bytes beside those of rows that stay; of these some go to disk if there is no room for both.
    fn require(&mut self, bytes: usize, way: &Way, cx: &Context) -> Result<()> {
        loop {
            let granted = self.memory.require(self.kept_bytes(cx) + bytes);
            let Way::Partly { staying, .. } = way else { return granted };
            if granted.is_ok() || staying.chosen() == 0 && self.stayed.rows() == 0 {
                return granted;
            }
            staying.lower(staying.chosen());
            self.lower(way, cx)?;
        }
    }

    /// Puts rows on disk, but for those of the buckets that stay.
    fn write(&mut self, batches: Vec<(Option<Origin>, Batch)>, way: &Way, cx: &Context) -> Result<()> {
        if self.disk.is_none() {
            self.disk = Some(Disk::new(way, cx)?);
        }
        if let Some(Disk::InOrder(lister)) = &mut self.disk {
            return batches.iter().try_for_each(|(origin, batch)| lister.write(*origin, batch, cx));
        }
        let ranked = |(origin, batch): &(Option<Origin>, Batch)| -> Result<Vec<ArrayRef>> {
            let mut columns = batch.columns().to_vec();
            if matches!(way, Way::ByKey { is_ranked: true, .. }) {
                columns.push(Arc::new(ranks(*origin, batch.len())?));
            }
            Ok(columns)
        };
        let rows = batches.iter().map(ranked).collect::<Result<Vec<_>>>()?;
        let origins: Vec<_> = batches.into_iter().map(|(origin, _)| origin).collect();
        // Each column is given up when it has been packed.
        self.dictionaries.clear();
        let Some(Disk::ByKey(parter)) = &mut self.disk else { return Ok(()) };
        let (stay, stayed) = (stay(way), &mut self.stayed);
        parter.write_behind(stay, rows, |batch, columns, rows| stayed.add(stay, origins[batch], columns, rows), cx)
    }

    /// Puts rows on disk whose buckets do not stay any more.
    fn lower(&mut self, way: &Way, cx: &Context) -> Result<()> {
        let Some(Disk::ByKey(parter)) = &mut self.disk else { return Ok(()) };
        self.stayed.lower(stay(way), parter, cx)
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
        let (mut stayed, mut of_stayed) = (Stayed::default(), cx.budget.reserve("join"));
        for mut share in shares.into_iter().flatten() {
            // One of them may have found too little room when others had put down theirs.
            share.lower(way, cx)?;
            of_stayed.absorb(share.memory.split(share.stayed.bytes()));
            stayed.extend(std::mem::take(&mut share.stayed));
            match share.disk {
                Some(Disk::ByKey(parter)) => merge(&mut buckets, parter.buckets),
                Some(Disk::InOrder(lister)) => listed.extend(lister.pieces),
                None => {}
            }
            memory.push(share.memory);
        }
        listed.sort_by_key(|(place, _)| *place);
        Ok(match way {
            Way::ByKey { .. } | Way::Behind { .. } | Way::Partly { .. } => Aside::ByKey { buckets, stayed, of_stayed, memory },
            Way::InOrder | Way::Never => Aside::InOrder(listed.into_iter().map(|(_, piece)| piece).collect(), memory),
        })
    }
}

/// How many buckets stay.
fn stay(way: &Way) -> usize {
    if let Way::Partly { staying, .. } = way { staying.chosen() } else { 0 }
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
