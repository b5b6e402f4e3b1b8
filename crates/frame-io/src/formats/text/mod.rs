//! What the text formats share when they write: cells are put into text column by column, then gathered row by row.

mod answer;
mod cells;
mod numbers;
mod rows;
mod spelling;

pub(crate) use answer::Rows;
pub(crate) use rows::RowWriter;
pub(crate) use spelling::Spelling;
