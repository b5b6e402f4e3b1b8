//! Remarks on a plan that leave its rows alone.

use arrow::datatypes::SchemaRef;
use frame_core::Result;

use super::Plan;
use crate::Catalog;

/// What a mark says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// The order of the rows does not matter here.
    Unordered,
    /// A label for people.
    Note(String),
}

/// A remark on the rows at this place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Where the rows come from.
    pub input: Box<Plan>,
    /// What is said of them.
    pub remark: Remark,
}

impl Mark {
    pub(super) fn schema(&self, catalog: &dyn Catalog) -> Result<SchemaRef> {
        self.input.schema(catalog)
    }

    pub(super) fn explain(&self) -> String {
        match &self.remark {
            Remark::Unordered => "unordered".to_owned(),
            Remark::Note(text) => format!("note {}", frame_core::Scalar::Text(text.clone())),
        }
    }
}
