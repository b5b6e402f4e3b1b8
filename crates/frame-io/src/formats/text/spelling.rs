//! What differs between the text formats: how a cell is spelt. Numbers, dates and booleans look the same in all of them.

/// How a format spells the cells of a column.
pub(crate) trait Spelling {
    /// What stands for null.
    const NULL: &'static [u8] = b"";
    /// What stands on both sides of dates, timestamps and other values that are neither numbers nor text.
    const QUOTE: &'static [u8] = b"";
    /// Whether NaN and the infinities, for want of a form, are written as null.
    const IS_FINITE: bool = false;

    /// A text.
    fn text(&self, out: &mut Vec<u8>, value: &str);

    /// A value of a type without a form of its own, as Arrow prints it.
    fn other(&self, out: &mut Vec<u8>, value: &str) {
        self.text(out, value);
    }
}
