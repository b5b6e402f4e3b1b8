//! The library facade: a session owns threads and memory, a query runs in it, a run gives batches and a report.

mod aggregates;
mod builder;
mod frame;
mod grouped;
mod joins;
mod query;
mod run;
mod shape;
mod windows;

pub use aggregates::{
    AggregateSpec, aggregate, all, any, approx_nunique, approx_quantile, argmax, argmin, concat, corr, count, cov, first, kurtosis,
    largest, last, list, max, mean, median, min, mode, nunique, product, quantile, skew, std, sum, var, wmean,
};
pub use builder::{Session, SessionBuilder, parse_size};
pub use frame::Frame;
pub use grouped::GroupedFrame;
pub use joins::{IntoKeyPair, JoinSpec};
pub use query::Query;
pub use run::Run;
pub use windows::{Over, WindowSpec, cume_dist, dense_rank, lag, lead, nth, ntile, percent_rank, rank, row_number, window};
