//! The values of a group whose rows come in stretches, one behind the other, because they are too many to be at hand at once.
//!
//! A place is counted on; a frame of few rows has some rows of the stretches beside it at hand; a frame that begins with the group carries
//! the state of the rows in front; what depends on all rows is found in a first pass. The values have the bits that the whole group gives.

use std::ops::Range;

use arrow::array::{Array, ArrayRef, UInt32Array, UInt64Array};
use arrow::compute::take;
use frame_core::{Error, QueryError, Result};

use super::bound::Function;
use super::stretch::{Extent, Part};
use super::tree::Tree;
use super::{BoundWindow, Streams, Stretch};
use crate::aggregates::{BoundAggregate, GroupStates};

/// The most rows beside a stretch that are worth having at hand.
const BESIDE_MAX: usize = 1 << 16;

/// What must be at hand for the values of a stretch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// Rows in front of it.
    pub before: usize,
    /// Rows behind it.
    pub behind: usize,
    /// It ends with the last one of some peers.
    pub peers: bool,
    /// All rows of the group have been looked at.
    pub total: bool,
}

/// How the values of a window are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Of the rows at hand.
    Near,
    /// Of the place.
    Place,
    /// All rows have one value.
    Whole,
    /// Frames begin with the group.
    Carried,
    /// Frames begin where a stretch of time does.
    Range,
}

impl Needs {
    /// What two windows need.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            before: self.before.max(other.before),
            behind: self.behind.max(other.behind),
            peers: self.peers || other.peers,
            total: self.total || other.total,
        }
    }
}

impl BoundWindow {
    /// What the values of a group need that is read from its first row to its last one; `None` if it is all of its rows.
    pub fn needs(&self) -> Option<Needs> {
        self.way().map(|(_, needs)| needs).filter(|needs| needs.before.max(needs.behind) <= BESIDE_MAX)
    }

    fn way(&self) -> Option<(Way, Needs)> {
        let none = Needs::default();
        let before = |bound: i64| usize::try_from(bound.saturating_neg().max(0)).unwrap_or(usize::MAX);
        let behind = |bound: i64| usize::try_from(bound.max(0)).unwrap_or(usize::MAX);
        let is_aggregate = match &self.function {
            Function::Aggregate(_) => true,
            Function::Own(own) => match own.streams? {
                Streams::Near { before, behind } => return Some((Way::Near, Needs { before, behind, ..none })),
                Streams::Place { peers, total } => return Some((Way::Place, Needs { peers, total, ..none })),
                Streams::Frame => false,
            },
        };
        match self.extent {
            Extent::Rows(Some(start), Some(end)) => Some((Way::Near, Needs { before: before(start), behind: behind(end), ..none })),
            Extent::Range => Some((Way::Range, Needs { peers: true, ..none })),
            Extent::Group if is_aggregate => Some((Way::Whole, Needs { total: true, ..none })),
            Extent::Running if is_aggregate => Some((Way::Carried, Needs { peers: true, ..none })),
            Extent::Rows(None, Some(end)) if is_aggregate => {
                Some((Way::Carried, Needs { before: before(end), behind: behind(end), ..none }))
            }
            _ => None,
        }
    }
}

/// Where the values of a group have come to.
pub struct GroupStream<'a> {
    window: &'a BoundWindow,
    way: Way,
    /// Rows in front of those at hand.
    first: u64,
    /// Rows whose values are out, and runs of peers among them.
    done: (u64, i64),
    /// The rows that have been looked at.
    rows: u64,
    /// The states of rows that were looked at or are in front of those at hand.
    states: Option<Box<dyn GroupStates>>,
    /// The states of the rows in front as one row, and the value of all rows.
    front: Vec<ArrayRef>,
    whole: Option<ArrayRef>,
}

impl<'a> GroupStream<'a> {
    /// Before the first row of a group; `None` if the window needs all of its rows.
    pub fn new(window: &'a BoundWindow) -> Option<Self> {
        let (way, _) = window.way()?;
        Some(Self { window, way, first: 0, done: (0, 0), rows: 0, states: None, front: Vec::new(), whole: None })
    }

    /// The first pass, for a window that needs it: looks at the next rows.
    ///
    /// # Errors
    /// An arithmetic error of the aggregate.
    pub fn look(&mut self, rows: usize, arguments: &[ArrayRef]) -> Result<()> {
        if let (Way::Whole, Function::Aggregate(aggregate)) = (self.way, &self.window.function) {
            let arguments = with_order(aggregate, arguments, rows, self.rows);
            self.states.get_or_insert_with(|| started(aggregate)).update(&vec![0; rows], &arguments)?;
        }
        self.rows += rows as u64;
        Ok(())
    }

    /// The first pass is over.
    ///
    /// # Errors
    /// An arithmetic error if the value does not fit its type.
    pub fn looked(&mut self) -> Result<()> {
        self.whole = self.states.take().map(|mut states| states.take_values()).transpose()?;
        Ok(())
    }

    /// The values of the rows `own` of those at hand, and the first row at hand that the next values depend on. `peers` are the places
    /// where runs of peers begin, and behind them the number of rows.
    ///
    /// # Errors
    /// An arithmetic error if a value does not fit its type; a usage error for more rows in a group than can be numbered.
    pub fn values(
        &mut self,
        arguments: &[ArrayRef],
        range: Option<&[ArrayRef; 2]>,
        peers: &[u32],
        own: Range<usize>,
    ) -> Result<(ArrayRef, usize)> {
        let rows = peers.last().copied().unwrap_or(0);
        let mut at_hand = Stretch::new(vec![0, rows], peers.to_vec());
        let (values, from) = match (self.way, &self.window.function) {
            (Way::Near, Function::Own(_)) => (self.window.evaluate(arguments, range, &mut at_hand)?.slice(own.start, own.len()), own.end),
            (Way::Near, _) => (self.window.evaluate(arguments, range, &mut at_hand.only(own.clone()))?, own.end),
            (Way::Range, function) => {
                at_hand = at_hand.only(own.clone());
                let values = self.window.evaluate(arguments, range, &mut at_hand)?;
                let is_of_all = matches!(function, Function::Own(_));
                let values = if is_of_all { values.slice(own.start, own.len()) } else { values };
                (values, at_hand.wanted().last().map_or(own.start, |frame| frame.0 as usize))
            }
            (Way::Place, _) => (self.placed(arguments, peers, &own)?, own.end),
            (Way::Whole, _) => {
                let whole = self.whole.as_ref().ok_or_else(|| Error::internal("a group that was not looked at"))?;
                (take(whole, &UInt32Array::from(vec![0; own.len()]), None)?, own.end)
            }
            (Way::Carried, Function::Aggregate(aggregate)) => {
                at_hand.frame(self.window.extent, None)?;
                let frames = &at_hand.only(own.clone());
                (carried(aggregate, arguments, frames.wanted(), &self.front, self.first)?, own.end)
            }
            (Way::Carried, Function::Own(_)) => return Err(Error::internal("a function without states")),
        };
        let runs =
            peers.partition_point(|begin| (*begin as usize) < own.end) - peers.partition_point(|begin| (*begin as usize) < own.start);
        self.done = (self.done.0 + own.len() as u64, self.done.1 + runs as i64);
        Ok((values, from))
    }

    /// The values of rows that depend on their places.
    fn placed(&self, arguments: &[ArrayRef], peers: &[u32], own: &Range<usize>) -> Result<ArrayRef> {
        let all = self.rows.max(self.done.0 + own.len() as u64);
        let all = u32::try_from(all).ok().filter(|rows| *rows < u32::MAX).ok_or_else(|| {
            Error::new(QueryError::Usage(format!("{all} rows are too many for the group of a window"))).hint("filter or aggregate first")
        })?;
        let (start, end) = (own.start as u32, own.end as u32);
        let mut begins = vec![0];
        begins.extend(peers.iter().filter(|begin| (start + 1..end).contains(*begin)).map(|begin| begin - start));
        begins.push(end - start);
        let part = Part { first: self.done.0 as u32, runs: self.done.1, rows: Some(all) };
        self.window.evaluate(arguments, None, &mut Stretch::new(vec![0, end - start], begins).part(part))
    }

    /// Lets go of the first rows at hand.
    ///
    /// # Errors
    /// An arithmetic error of the aggregate.
    pub fn leave(&mut self, arguments: &[ArrayRef], rows: usize) -> Result<()> {
        if let (Way::Carried, Function::Aggregate(aggregate), true) = (self.way, &self.window.function, rows > 0) {
            let left: Vec<ArrayRef> = arguments.iter().map(|argument| argument.slice(0, rows)).collect();
            let left = with_order(aggregate, &left, rows, self.first);
            let mut states = started(aggregate);
            if !self.front.is_empty() {
                states.merge(&[0], &self.front)?;
            }
            states.update(&vec![0; rows], &left)?;
            self.front = states.take_states()?;
        }
        self.first += rows as u64;
        Ok(())
    }

    /// Bytes of memory that what is known of other rows takes.
    pub fn bytes(&self) -> usize {
        let front: usize = self.front.iter().chain(&self.whole).map(|column| column.get_array_memory_size()).sum();
        front + self.states.as_ref().map_or(0, |states| states.bytes())
    }
}

/// States of one group.
fn started(aggregate: &BoundAggregate) -> Box<dyn GroupStates> {
    let mut states = aggregate.start();
    states.resize(1);
    states
}

/// The arguments, and behind them the numbers of the rows, from `first`, if the aggregate looks at them.
fn with_order(aggregate: &BoundAggregate, arguments: &[ArrayRef], rows: usize, first: u64) -> Vec<ArrayRef> {
    let order = || std::sync::Arc::new(UInt64Array::from_iter_values(first..first + rows as u64)) as ArrayRef;
    arguments.iter().cloned().chain(aggregate.needs_order().then(order)).collect()
}

/// The values of frames that have the rows of a state in front.
fn carried(aggregate: &BoundAggregate, arguments: &[ArrayRef], frames: &[(u32, u32)], front: &[ArrayRef], first: u64) -> Result<ArrayRef> {
    if front.is_empty() {
        return aggregate.over(arguments, frames);
    }
    let mut distinct = frames.to_vec();
    distinct.dedup();
    let rows = arguments.first().map_or(frames.last().map_or(0, |(_, end)| *end as usize), |argument| argument.len());
    let arguments = with_order(aggregate, arguments, rows, first);
    let values = Tree::new(aggregate, &arguments, &distinct)?.behind(front.to_vec()).values(&distinct)?;
    let mut place = 0;
    let places = frames.iter().map(|frame| {
        place += u32::from(distinct[place as usize] != *frame);
        place
    });
    Ok(take(&values, &UInt32Array::from_iter_values(places), None)?)
}
