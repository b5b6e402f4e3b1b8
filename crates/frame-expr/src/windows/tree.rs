//! Any aggregate over frames that overlap, by a tree of its states.
//!
//! A leaf holds the state of sixteen rows, a node that of its two children. A frame is the rows at its ends and, between them, at most two
//! nodes of each level, so a value takes at most thirty rows and about twice the logarithm of the frame in merges. All of it goes column by
//! column: the frames of a block are merged level by level. States grow with what they remember (a list, the values of a median), so the
//! blocks of such states are smaller.

use arrow::array::{Array, ArrayRef, UInt32Array};
use arrow::compute::{concat, take};
use frame_core::Result;

use crate::aggregates::BoundAggregate;

/// The rows of a leaf.
const LEAF_ROWS: u32 = 16;

/// About the bytes of the states of a block of frames.
const BLOCK_BYTES: usize = 8 << 20;

/// The most frames of a block.
const BLOCK_FRAMES: usize = 8192;

/// The states of rows, of pairs of them, of pairs of these, up to the longest frame.
pub(super) struct Tree<'a> {
    aggregate: &'a BoundAggregate,
    arguments: &'a [ArrayRef],
    /// The states of each level, leaves first.
    levels: Vec<Vec<ArrayRef>>,
    /// The state of rows in front of all these, as one row, which every frame has too.
    front: Vec<ArrayRef>,
}

/// What a block of frames takes of the tree.
#[derive(Default)]
struct Parts {
    /// Frames and rows at their ends.
    frames: Vec<u32>,
    rows: Vec<u32>,
    /// For each level frames and nodes.
    nodes: Vec<(Vec<u32>, Vec<u32>)>,
}

impl<'a> Tree<'a> {
    /// The tree for these frames.
    pub(super) fn new(aggregate: &'a BoundAggregate, arguments: &'a [ArrayRef], frames: &[(u32, u32)]) -> Result<Self> {
        let rows = frames.last().map_or(0, |(_, end)| *end);
        let longest = frames.iter().map(|(start, end)| end - start).max().unwrap_or(0);
        let mut tree = Self { aggregate, arguments, levels: Vec::new(), front: Vec::new() };
        let mut nodes = rows / LEAF_ROWS;
        let mut covered = LEAF_ROWS;
        while nodes > 0 && covered <= longest {
            let mut states = aggregate.start();
            states.resize(nodes as usize);
            match tree.levels.last() {
                None => {
                    let rows = (nodes * LEAF_ROWS) as usize;
                    let arguments: Vec<ArrayRef> = arguments.iter().map(|argument| argument.slice(0, rows)).collect();
                    states.update(&(0..rows as u32).map(|row| row / LEAF_ROWS).collect::<Vec<_>>(), &arguments)?;
                }
                Some(below) => {
                    let children = nodes * 2;
                    let below: Vec<ArrayRef> = below.iter().map(|column| column.slice(0, children as usize)).collect();
                    states.merge(&(0..children).map(|child| child / 2).collect::<Vec<_>>(), &below)?;
                }
            }
            tree.levels.push(states.take_states()?);
            nodes /= 2;
            covered = covered.saturating_mul(2);
        }
        Ok(tree)
    }

    /// The same tree, whose frames have the rows of a state in front.
    pub(super) fn behind(mut self, front: Vec<ArrayRef>) -> Self {
        self.front = front;
        self
    }

    /// The value of each frame.
    pub(super) fn values(&self, frames: &[(u32, u32)]) -> Result<ArrayRef> {
        let mut values: Vec<ArrayRef> = Vec::new();
        let mut rest = frames;
        while !rest.is_empty() || values.is_empty() {
            let mut bytes = 0;
            let fits = |frame: &&(u32, u32)| {
                bytes += self.bytes(frame.1 - frame.0);
                bytes <= BLOCK_BYTES
            };
            let (block, behind) = rest.split_at(rest.iter().take(BLOCK_FRAMES).take_while(fits).count().max(1).min(rest.len()));
            values.push(self.block(block)?);
            rest = behind;
        }
        let parts: Vec<&dyn Array> = values.iter().map(|values| values.as_ref()).collect();
        Ok(concat(&parts)?)
    }

    /// About how many bytes the state of so many rows has.
    fn bytes(&self, rows: u32) -> usize {
        let mut level = 0;
        while level + 1 < self.levels.len() && LEAF_ROWS << (level + 1) <= rows {
            level += 1;
        }
        let bytes =
            |columns: &Vec<ArrayRef>| columns.iter().map(|column| column.get_array_memory_size() / column.len().max(1)).sum::<usize>();
        // Two nodes of a level at most, and those of the levels below.
        64 + bytes(&self.front) + self.levels.get(level).map_or(0, |columns| 2 * bytes(columns))
    }

    fn block(&self, frames: &[(u32, u32)]) -> Result<ArrayRef> {
        let mut parts = Parts { nodes: vec![Default::default(); self.levels.len()], ..Parts::default() };
        (0..).zip(frames).for_each(|(at, frame)| parts.add(at, *frame));
        let mut states = self.aggregate.start();
        states.resize(frames.len());
        let rows = UInt32Array::from(parts.rows);
        let arguments = self.arguments.iter().map(|argument| Ok(take(argument, &rows, None)?)).collect::<Result<Vec<_>>>()?;
        states.update(&parts.frames, &arguments)?;
        if !self.front.is_empty() {
            let all = UInt32Array::from(vec![0; frames.len()]);
            let front = self.front.iter().map(|column| Ok(take(column, &all, None)?)).collect::<Result<Vec<_>>>()?;
            states.merge(&(0..frames.len() as u32).collect::<Vec<_>>(), &front)?;
        }
        for (columns, (frames, nodes)) in self.levels.iter().zip(parts.nodes).filter(|(_, (frames, _))| !frames.is_empty()) {
            let nodes = UInt32Array::from(nodes);
            let columns = columns.iter().map(|column| Ok(take(column, &nodes, None)?)).collect::<Result<Vec<_>>>()?;
            states.merge(&frames, &columns)?;
        }
        states.take_values()
    }
}

impl Parts {
    /// Takes a frame apart.
    fn add(&mut self, frame: u32, (start, end): (u32, u32)) {
        let (mut first, mut last) = (start.div_ceil(LEAF_ROWS), end / LEAF_ROWS);
        if first >= last || self.nodes.is_empty() {
            return self.add_rows(frame, start, end);
        }
        self.add_rows(frame, start, first * LEAF_ROWS);
        self.add_rows(frame, last * LEAF_ROWS, end);
        let top = self.nodes.len() - 1;
        for (level, (frames, nodes)) in self.nodes.iter_mut().enumerate() {
            if first >= last {
                break;
            }
            if level == top {
                // The highest level has no parents.
                frames.extend((first..last).map(|_| frame));
                nodes.extend(first..last);
                break;
            }
            if first % 2 == 1 {
                frames.push(frame);
                nodes.push(first);
                first += 1;
            }
            if last % 2 == 1 {
                last -= 1;
                frames.push(frame);
                nodes.push(last);
            }
            (first, last) = (first / 2, last / 2);
        }
    }

    fn add_rows(&mut self, frame: u32, start: u32, end: u32) {
        self.frames.extend((start..end).map(|_| frame));
        self.rows.extend(start..end);
    }
}
