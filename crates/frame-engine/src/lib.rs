//! The physical side: from a plan to a task graph of sources, pipes and sinks, and its run.
//!
//! This crate knows nothing of query text; what a plan's inputs are, it learns from `frame-io`.

mod added;
mod compact;
mod complete;
mod context;
mod dictionaries;
mod engine;
mod expand;
mod fill;
mod filter;
mod folders;
mod gaps;
mod gathered;
mod graph;
mod group_by;
mod join;
mod kept;
mod lower;
mod narrow;
mod packed;
mod pipeline;
mod project;
mod reject;
mod rejects;
mod report;
mod restart;
mod run;
mod slices;
mod sort;
mod source;
mod sources;
mod spans;
mod spill;
mod stream;
mod tables;
mod tail;
mod top;
mod union;
mod whole;
mod window;
mod write;

pub use engine::{Engine, Settings};
pub use report::{Progress, Report};
pub use run::Run;
pub use tables::Tables;
