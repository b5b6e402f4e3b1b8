//! Tables from keys to group numbers, one per layout of the key. The layout is chosen once per stage.

mod dictionary;
mod int;
mod packed;
mod text;
mod whole;

use arrow::array::ArrayRef;
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

    /// The keys, one row per group in the order of their numbers; the groups are forgotten.
    fn take_keys(&mut self) -> Result<Vec<ArrayRef>>;

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
        several => Box::new(packed::Packed::new(several)?),
    })
}
