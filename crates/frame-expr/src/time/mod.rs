//! Dates, timestamps and zones, as casts, operators and functions share them.

mod format;
mod local;
mod months;
mod steps;
mod truncate;
mod zone;

pub(crate) use format::{Layout, Reading};
pub(crate) use local::{days, instants, local_micros, micros_of_day, universal_micros};
pub(crate) use months::add_months;
pub use steps::Steps;
pub(crate) use truncate::Step;
pub(crate) use zone::Zone;
