//! Writing rows to files, in their order, on the thread that takes them: one file, or a folder with one for each partition.

mod folder;
mod outputs;
mod sink;
mod target;
mod workers;

pub(crate) use folder::Keys;
pub(crate) use outputs::Outputs;
pub(crate) use sink::Write;
pub(crate) use target::{check, format, key_text, usage};
pub(crate) use workers::Threads;
