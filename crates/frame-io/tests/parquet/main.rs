//! Parquet files read by frame, against what the `parquet` crate itself reads from them.

mod damage;
mod pruning;
mod reading;
mod world;
mod writing;
