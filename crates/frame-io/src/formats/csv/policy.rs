//! What becomes of rows that are not as they should be.

use frame_core::{Error, QueryError, Result};

/// What becomes of a row with another number of fields than the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RaggedRows {
    /// It ends the run.
    #[default]
    Fail,
    /// Fields that it lacks are null; one field too many ends the run.
    Pad,
    /// It is left out.
    Reject,
}

/// What becomes of a value that would make its column text, or that does not fit a type that was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BadValues {
    /// The column becomes text; under a type that was given it ends the run.
    #[default]
    Widen,
    /// It is null.
    Null,
    /// Its row is left out.
    Reject,
    /// It ends the run.
    Fail,
}

impl RaggedRows {
    /// The names of all.
    pub const NAMES: [&str; 3] = ["fail", "pad", "reject"];

    /// The policy of this name.
    ///
    /// # Errors
    /// A usage error for another name.
    pub fn named(name: &str) -> Result<Self> {
        match name {
            "fail" | "error" => Ok(Self::Fail),
            "pad" => Ok(Self::Pad),
            "reject" => Ok(Self::Reject),
            _ => Err(unknown(name, &Self::NAMES)),
        }
    }
}

impl BadValues {
    /// The names of all.
    pub const NAMES: [&str; 4] = ["widen", "null", "reject", "fail"];

    /// The policy of this name.
    ///
    /// # Errors
    /// A usage error for another name.
    pub fn named(name: &str) -> Result<Self> {
        match name {
            "widen" => Ok(Self::Widen),
            "null" => Ok(Self::Null),
            "reject" => Ok(Self::Reject),
            "fail" => Ok(Self::Fail),
            _ => Err(unknown(name, &Self::NAMES)),
        }
    }
}

fn unknown(name: &str, names: &[&str]) -> Error {
    Error::new(QueryError::Usage(format!("`{name}` says not what to do"))).hint(names.join(", "))
}
