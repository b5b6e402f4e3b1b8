//! `frame` answers questions about files that are bigger than memory.
//!
//! A [`Session`] owns threads and memory. A query in the verb language, or a [`Frame`] built in Rust, runs in it and gives Arrow
//! record batches and a [`Report`].

mod session;

pub use arrow;
pub use frame_core::{CancelToken, Error, ErrorKind, FilePosition, Result, Scalar, Span};
pub use frame_engine::{Progress, Report};
pub use frame_expr::{Expr, SortKey, col, lit};
pub use frame_plan::{CsvOptions, FormatName, Input, Plan, SampleSize, Target};
pub use session::*;
