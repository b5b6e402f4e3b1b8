//! Aggregates over frames: one value for each row, of the rows of its frame.
//!
//! Rows that share a frame share its value. Frames that do not overlap are groups. Some aggregates know a quick way for the rest (see
//! [`BoundAggregate::framed`]); for all others there is a tree of states.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt32Array, UInt64Array};
use arrow::compute::take;
use frame_core::Result;

use super::tree::Tree;
use crate::aggregates::BoundAggregate;

impl BoundAggregate {
    /// A value for each frame, in their order: frames are the first row and the one behind the last, and neither ever falls.
    ///
    /// # Errors
    /// An arithmetic error if a value does not fit its type.
    pub(crate) fn over(&self, arguments: &[ArrayRef], frames: &[(u32, u32)]) -> Result<ArrayRef> {
        let mut distinct: Vec<(u32, u32)> = Vec::new();
        let place = |frame: &(u32, u32)| {
            if distinct.last() != Some(frame) {
                distinct.push(*frame);
            }
            distinct.len() as u32 - 1
        };
        let places: Vec<u32> = frames.iter().map(place).collect();
        let values = self.values(arguments, &distinct)?;
        Ok(if distinct.len() == frames.len() { values } else { take(&values, &UInt32Array::from(places), None)? })
    }

    fn values(&self, arguments: &[ArrayRef], frames: &[(u32, u32)]) -> Result<ArrayRef> {
        let mut arguments = arguments.to_vec();
        if self.needs_order() {
            let rows = frames.last().map_or(0, |(_, end)| u64::from(*end));
            let rows = arguments.first().map_or(rows, |argument| argument.len() as u64);
            arguments.push(Arc::new(UInt64Array::from_iter_values(0..rows)));
        }
        let is_apart = frames.windows(2).all(|pair| pair[0].1 <= pair[1].0);
        if is_apart {
            return self.of_groups(&arguments, frames);
        }
        if let Some(values) = self.quickly(&arguments, frames)? {
            return Ok(values);
        }
        Tree::new(self, &arguments, frames)?.values(frames)
    }

    /// The values of frames that do not overlap.
    fn of_groups(&self, arguments: &[ArrayRef], frames: &[(u32, u32)]) -> Result<ArrayRef> {
        let groups: Vec<u32> = (0..).zip(frames).flat_map(|(group, (start, end))| (*start..*end).map(move |_| group)).collect();
        let mut states = self.start();
        states.resize(frames.len());
        // Frames one behind the other take the rows as they are.
        let (first, last) = (frames.first().map_or(0, |(start, _)| *start), frames.last().map_or(0, |(_, end)| *end));
        let arguments = if groups.len() == (last - first) as usize {
            arguments.iter().map(|argument| argument.slice(first as usize, groups.len())).collect()
        } else {
            let rows = UInt32Array::from_iter_values(frames.iter().flat_map(|(start, end)| *start..*end));
            arguments.iter().map(|argument| Ok(take(argument, &rows, None)?)).collect::<Result<Vec<_>>>()?
        };
        states.update(&groups, &arguments)?;
        states.take_values()
    }
}
