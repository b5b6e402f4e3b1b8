//! The scalar functions, one per file; [`ALL`] lists them and everything else is derived from it.

mod ceil;
mod coalesce;
mod concat;
mod contains;
mod ends;
mod floor;
mod length;
mod like;
mod lower;
mod replace;
mod round;
mod signature;
mod starts;
mod substr;
mod trim;
mod upper;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use frame_core::{Error, QueryError, Result, Span};

use crate::bind::BoundExpr;

/// A scalar function as the language knows it.
pub trait ScalarFunction: Send + Sync + std::fmt::Debug {
    /// The name in queries.
    fn name(&self) -> &'static str;

    /// How it is called and what it gives, in one sentence for `frame help`.
    fn help(&self) -> &'static str;

    /// An expression and its value, both as query text.
    fn example(&self) -> (&'static str, &'static str);

    /// Checks and converts the arguments; gives them and the type of the result.
    ///
    /// # Errors
    /// An arity or type error.
    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)>;

    /// One value per row, from arguments of `rows` rows each.
    ///
    /// # Errors
    /// What the function can fail with.
    fn evaluate(&self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef>;

    /// Whether some values can make the evaluation fail.
    fn can_fail(&self) -> bool {
        false
    }
}

/// Every scalar function, in the order in which `frame help` shows them.
pub const ALL: &[&dyn ScalarFunction] = &[
    &lower::Lower,
    &upper::Upper,
    &trim::Trim,
    &length::Length,
    &contains::Contains,
    &starts::Starts,
    &ends::Ends,
    &like::Like,
    &concat::Concat,
    &substr::Substr,
    &replace::Replace,
    &coalesce::Coalesce,
    &round::Round,
    &floor::Floor,
    &ceil::Ceil,
];

/// The function called `name`.
///
/// # Errors
/// `QueryError::UnknownFunction` with the names there are.
pub fn find(name: &str) -> Result<&'static dyn ScalarFunction> {
    ALL.iter().copied().find(|function| function.name() == name).ok_or_else(|| {
        Error::new(QueryError::UnknownFunction {
            role: "function",
            name: name.to_owned(),
            known: ALL.iter().map(|function| function.name().to_owned()).collect(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_in_the_list() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/scalars");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .expect("the folder")
            .map(|entry| entry.expect("an entry").path().file_stem().expect("a name").to_string_lossy().into_owned())
            .filter(|name| name != "mod" && name != "signature")
            .collect();
        let mut listed: Vec<String> = ALL.iter().map(|function| function.name().to_owned()).collect();
        files.sort();
        listed.sort();
        assert_eq!(files, listed);
    }
}
