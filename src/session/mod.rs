//! The library facade: a session owns threads and memory, a query runs in it, a run gives batches and a report.

mod builder;
mod frame;
mod query;
mod run;

pub use builder::{Session, SessionBuilder, parse_size};
pub use frame::{AggregateSpec, Frame, GroupedFrame, aggregate, count, max, mean, min, sum};
pub use query::Query;
pub use run::Run;
