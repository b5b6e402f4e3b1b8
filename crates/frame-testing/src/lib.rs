//! Test helpers of frame: the csv-crate oracle, worlds, the naive model.
