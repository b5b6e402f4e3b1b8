//! `frame` answers questions about files that are bigger than memory.
//!
//! A [`Session`] owns threads and memory. A query in the verb language, or a [`Frame`] built in Rust, runs in it and gives Arrow
//! record batches and a [`Report`].
//!
//! ```
//! # fn main() -> frame::Result<()> {
//! use frame::{Session, col, mean};
//!
//! let session = Session::builder().threads(2).memory("256M")?.build()?;
//! let as_text = session.query("where value > 1200 | groupby category mean value").input("data/sales.csv");
//! let built = session.scan("data/sales.csv").filter(col("value").gt(1200)).group_by(["category"]).agg([mean("value")]);
//! assert_eq!(&as_text.plan()?, built.plan());
//! for batch in built.start()? {
//!     println!("{} categories", batch?.num_rows());
//! }
//! # Ok(())
//! # }
//! ```

mod session;

pub use arrow;
pub use frame_core::{CancelToken, Error, ErrorKind, FilePosition, Result, Scalar, Span};
pub use frame_engine::{Progress, Report};
pub use frame_expr::{Expr, SortKey, col, lit};
pub use frame_lang::verbs::{BadValue, EmptySteps};
pub use frame_plan::{
    CsvOptions, Direction, Estimate, Expect, FillFrom, FormatName, Input, KeyPair, OperatorEstimate, Plan, SampleSize, Target,
};
pub use session::*;
