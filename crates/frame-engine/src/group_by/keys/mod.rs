//! Tables from keys to group numbers, one per layout of the key. The layout is chosen once per stage.

mod composite;
mod dense;
mod dictionary;
mod index;
mod int;
mod packed;
pub(super) mod rows;
mod text;
mod whole;

pub(super) use composite::{is_text, is_word};
pub(super) use dictionary::{Dictionaries, of_numbers};
pub(crate) use int::convert as whole_numbers;

use arrow::array::ArrayRef;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use frame_core::Result;

/// Numbers the distinct keys it is shown, in the order in which it meets them.
///
/// Floats come in with one NaN and no negative zero, so that equal keys have equal bits.
pub(crate) trait KeyTable: Send {
    /// Replaces `groups` by the number of each row's group.
    fn assign(&mut self, keys: &[ArrayRef], rows: usize, groups: &mut Vec<u32>) -> Result<()>;

    /// Number of groups.
    fn len(&self) -> usize;

    /// A hash for each group: equal keys have equal hashes in all tables for the same types.
    fn hashes(&self) -> Vec<u64>;

    /// The keys, one row per group in the order of their numbers; the groups are forgotten.
    fn take_keys(&mut self) -> Result<Vec<ArrayRef>>;

    /// Makes room for more groups, as far as that saves work.
    fn reserve(&mut self, _groups: usize) {}

    /// The keys as columns of these types; the groups are forgotten.
    fn take_keys_as(&mut self, types: &[DataType]) -> Result<Vec<ArrayRef>> {
        let as_type = |(key, data_type): (ArrayRef, &DataType)| Ok(if key.data_type() == data_type { key } else { cast(&key, data_type)? });
        self.take_keys()?.into_iter().zip(types).map(as_type).collect()
    }

    /// Bytes of memory held.
    fn bytes(&self) -> usize;
}

/// The table for keys of these types.
pub(crate) fn table(types: &[DataType]) -> Result<Box<dyn KeyTable>> {
    Ok(match types {
        [] => Box::<whole::Whole>::default(),
        [only] if int::takes(only) => Box::new(int::Ints::new(only)),
        [DataType::Utf8View] => Box::<text::Texts>::default(),
        [DataType::Dictionary(keys, values)] if dictionary::takes(keys, values) => Box::<dictionary::Dictionaries>::default(),
        several => match composite::words(several) {
            Some(1) => Box::new(composite::Composite::<1>::new(several)),
            Some(2) => Box::new(composite::Composite::<2>::new(several)),
            Some(3) => Box::new(composite::Composite::<3>::new(several)),
            Some(4) => Box::new(composite::Composite::<4>::new(several)),
            Some(5) => Box::new(composite::Composite::<5>::new(several)),
            Some(6) => Box::new(composite::Composite::<6>::new(several)),
            Some(7 | composite::WORDS_MAX) => Box::new(composite::Composite::<{ composite::WORDS_MAX }>::new(several)),
            _ => Box::new(packed::Packed::new(several)?),
        },
    })
}
