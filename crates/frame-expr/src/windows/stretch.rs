//! The rows of some groups side by side, in the order of the window: where groups, peers and frames begin and end.

use std::ops::Range;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use frame_core::Result;

/// Rows of whole groups, in the order of a window. All places count from the first of these rows.
#[derive(Debug, Clone, Default)]
pub struct Stretch {
    /// Where each group begins, and behind them the number of rows.
    pub(crate) groups: Vec<u32>,
    /// Where each run of peers begins, and behind them the number of rows. A new group begins a new run.
    pub(crate) peers: Vec<u32>,
    /// The rows that count for each row: the first one, and the one behind the last. Neither ever falls from row to row.
    pub(crate) frames: Vec<(u32, u32)>,
    /// The rows whose values are wanted, if not all are.
    wanted: Option<Range<usize>>,
    /// Where these rows stand if they are only some of their group's.
    part: Part,
}

/// Where rows stand in a group of which others are elsewhere.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Part {
    /// Rows of the group in front of them.
    pub(crate) first: u32,
    /// Runs of peers in front of them.
    pub(crate) runs: i64,
    /// The rows of the group, or as many as are known of; none if all of them are here.
    pub(crate) rows: Option<u32>,
}

/// The ways in which frames are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The whole group.
    Group,
    /// Up to the last peer.
    Running,
    /// By the number of rows.
    Rows(Option<i64>, Option<i64>),
    /// By the values of the order.
    Range,
}

impl Stretch {
    /// Groups and peers by where they begin, and behind them the number of rows. A new group begins a new run of peers.
    pub fn new(groups: Vec<u32>, peers: Vec<u32>) -> Self {
        Self { groups, peers, ..Self::default() }
    }

    /// The same rows, of which only some are wanted a value of; the others are there for their frames. It is for aggregates.
    #[must_use]
    pub fn only(mut self, wanted: Range<usize>) -> Self {
        self.wanted = Some(wanted);
        self
    }

    /// The same rows, which are only some of their group's: [`Stretch::by_row`] counts from the first row of the group.
    pub(crate) fn part(mut self, part: Part) -> Self {
        self.part = part;
        self
    }

    /// Runs of peers of the group in front of these rows.
    pub(crate) fn runs(&self) -> i64 {
        self.part.runs
    }

    /// The frames of the rows whose values are wanted.
    pub(crate) fn wanted(&self) -> &[(u32, u32)] {
        self.wanted.as_ref().map_or(&self.frames, |wanted| &self.frames[wanted.clone()])
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.groups.last().map_or(0, |rows| *rows as usize)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A value for each row, made of the place of the row, the bounds of its group and those of its peers.
    pub(crate) fn by_row<T>(&self, mut value: impl FnMut(u32, (u32, u32), (u32, u32)) -> T) -> Vec<T> {
        let mut values = Vec::with_capacity(self.len());
        let mut peers = self.peers.windows(2).peekable();
        let first = self.part.first;
        for group in self.groups.windows(2) {
            let bounds = self.part.rows.map_or((group[0], group[1]), |rows| (0, rows));
            while let Some(run) = peers.next_if(|run| run[0] < group[1]) {
                let run = (run[0] + first, run[1] + first);
                values.extend((run.0..run.1).map(|row| value(row, bounds, run)));
            }
        }
        values
    }

    /// Makes the frames; `range` are the values of the order and the last values before the frames.
    pub(crate) fn frame(&mut self, extent: Extent, range: Option<&[ArrayRef; 2]>) -> Result<()> {
        self.frames = match (extent, range) {
            (Extent::Group, _) => self.by_row(|_, group, _| group),
            (Extent::Running, _) => self.by_row(|_, group, peers| (group.0, peers.1)),
            (Extent::Rows(start, end), _) => self.by_row(|row, group, _| {
                let place = |bound: i64| i64::from(row).saturating_add(bound).clamp(group.0.into(), group.1.into()) as u32;
                let first = start.map_or(group.0, place);
                (first, end.map_or(group.1, |end| place(end.saturating_add(1))).max(first))
            }),
            (Extent::Range, Some([values, before])) => self.range(&ordered(values)?, &ordered(before)?),
            (Extent::Range, None) => return Err(frame_core::Error::internal("a range without values")),
        };
        Ok(())
    }

    /// Frames from the first value behind the one in `before` to the last peer; a null's frame are its peers.
    fn range(&self, values: &Int64Array, before: &Int64Array) -> Vec<(u32, u32)> {
        let mut first = 0;
        self.by_row(|row, group, peers| {
            let at = row as usize;
            if values.is_null(at) {
                return peers;
            }
            first = first.max(group.0);
            // A value without one before it reaches to the first value.
            while first < row && (values.is_null(first as usize) || before.is_valid(at) && values.value(first as usize) <= before.value(at))
            {
                first += 1;
            }
            (first, peers.1)
        })
    }
}

/// Days or instants as integers in their order.
fn ordered(column: &ArrayRef) -> Result<Int64Array> {
    let column = if *column.data_type() == DataType::Date32 { &cast(column, &DataType::Int32)? } else { column };
    Ok(cast(column, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
}
