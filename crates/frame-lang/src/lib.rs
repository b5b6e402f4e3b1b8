//! The query language: text to plan, and plan to canonical text.
//!
//! This crate knows nothing of threads or of the bytes of files.

mod advice;
mod aliases;
mod columns;
mod expr;
mod foreign;
mod lexer;
mod options;
mod parser;
mod print;
mod types;

pub mod operators;
pub mod spots;
pub mod verbs;
mod window;

use frame_core::{Error, QueryError, Result};
use frame_plan::{Catalog, Input, Plan};

pub use print::{print, print_stages};
pub use types::named as type_named;
pub use verbs::aggregates::default_name;

/// The longest query text that is accepted, in bytes.
pub const TEXT_MAX: usize = 1 << 20;

/// Parses a query. `sources` are what the query reads, one after the other, unless it begins with `from`.
///
/// # Errors
/// `QueryError` at its place in the text; what looking at an input for its columns can fail with.
pub fn parse(text: &str, sources: Vec<Input>, catalog: &dyn Catalog) -> Result<Plan> {
    if text.len() > TEXT_MAX {
        return Err(Error::new(QueryError::TooLarge { what: "the length of the query in bytes", limit: TEXT_MAX }));
    }
    parser::Parser::new(text, catalog)?.program(sources)
}
