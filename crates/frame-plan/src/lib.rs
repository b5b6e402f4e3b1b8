//! The logical plan: a closed set of operators, the catalog that tells it schemas, the optimizer's rules, explain, and estimates.
//!
//! This crate knows nothing of threads, bytes or query text (spans are carried through, never read).

mod catalog;
mod estimate;
mod operators;
mod rules;
pub mod windows;

pub use catalog::{Catalog, CsvOptions, FormatName, Input};
pub use estimate::{Estimate, Means, OperatorEstimate, about_rows, estimate};
pub use operators::{
    Aggregate, AsOf, Complete, Dedup, Direction, Expect, Explode, Fill, FillFrom, Filter, Gaps, Join, JoinColumn, JoinKind, KeyItem,
    KeyPair, Limit, Mark, Plan, Project, Reject, Remark, Sample, SampleSize, Scan, Sort, Tail, Target, Top, Union, Unpivot, Window,
    WindowItem, Write, explain,
};
pub use rules::{Change, optimize};
