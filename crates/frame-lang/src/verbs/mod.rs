//! The verbs, one per file; [`ALL`] lists them and help is derived from it.

mod agg;
pub(crate) mod aggregates;
mod cast;
mod complete;
mod count;
mod counts;
mod dedup;
mod derive;
mod describe;
mod distinct;
mod drop;
mod explode;
mod fill;
mod filter;
mod groupby;
mod join;
#[cfg(test)]
mod leave;
mod note;
mod pivot;
mod rename;
mod resample;
mod rolling;
mod sample;
mod select;
mod sort;
mod tail;
mod take;
mod top;
mod union;
mod unordered;
mod unpivot;
mod write;

pub use cast::{BadValue, converted};
pub use counts::counted;
pub use derive::derived;
pub use describe::described;
pub use distinct::distinguished;
pub use drop::dropped;
pub use fill::filled;
pub use filter::kept;
pub use pivot::{VALUES_MAX, pivoted};
pub use rename::renamed;
pub use resample::{EmptySteps, resampled};
pub use rolling::{rolled, windowed};
pub use select::selected;
pub(crate) use sort::key as sort_key;

use frame_core::{Error, ErrorKind, QueryError, Result, Span};
use frame_plan::Plan;

use crate::parser::Parser;

/// A verb of the language.
#[derive(Debug)]
pub struct Verb {
    /// The canonical name.
    pub name: &'static str,
    /// Other spellings.
    pub aliases: &'static [&'static str],
    /// The form of the stage.
    pub usage: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// A stage that works on `data/sales.csv`.
    pub example: &'static str,
    /// Whether the columns that come out are those that the stage names: then `_file`, `_line` and `_byte` come out where they are named.
    pub picks: bool,
    /// Reads what follows the verb.
    pub(crate) parse: fn(&mut Parser<'_>, Plan) -> Result<Plan>,
}

/// Every verb, in the order in which help shows them.
pub const ALL: &[Verb] = &[
    filter::VERB,
    select::VERB,
    drop::VERB,
    rename::VERB,
    derive::VERB,
    cast::VERB,
    fill::VERB,
    groupby::VERB,
    agg::VERB,
    count::VERB,
    counts::VERB,
    sort::VERB,
    take::VERB,
    tail::VERB,
    top::VERB,
    distinct::VERB,
    dedup::VERB,
    sample::VERB,
    rolling::VERB,
    resample::VERB,
    pivot::VERB,
    unpivot::VERB,
    explode::VERB,
    complete::VERB,
    join::VERB,
    union::VERB,
    describe::VERB,
    write::VERB,
    unordered::VERB,
    note::VERB,
    #[cfg(test)]
    leave::VERB,
];

/// The verb with this name or alias.
pub fn find(word: &str) -> Option<&'static Verb> {
    ALL.iter().find(|verb| verb.name == word || verb.aliases.contains(&word))
}

/// The plan of a stage whose types are right; what is wrong with it gets a place.
fn checked(parser: &Parser<'_>, plan: Plan, place: impl Fn(&Error) -> Span) -> Result<Plan> {
    match parser.schema(&plan) {
        Ok(_) => Ok(plan),
        Err(error) => {
            let span = place(&error);
            Err(error.at(span))
        }
    }
}

/// Whether an error is of two columns with one name.
fn is_duplicate(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Query(QueryError::DuplicateColumn { .. }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
    use frame_plan::{Catalog, Input, Limit};

    use super::*;

    struct OneColumn;

    impl Catalog for OneColumn {
        fn schema(&self, _: &Input) -> Result<SchemaRef> {
            Ok(Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, true)])))
        }
    }

    fn parsed(text: &str) -> Result<Plan> {
        crate::parse(text, vec![Input { path: "t".to_owned(), ..Input::default() }], &OneColumn)
    }

    #[test]
    fn a_made_up_verb_is_found_parsed_printed_and_explained() {
        let plan = parsed("where id > 0 | leave 10").expect("a plan");
        assert!(matches!(&plan, Plan::Limit(Limit { offset: 10, input, .. }) if matches!(**input, Plan::Filter(_))));
        assert_eq!(parsed("where id > 0 | omit 10").ok().as_ref(), Some(&plan));
        assert_eq!(parsed(&crate::print(&plan)).ok().as_ref(), Some(&plan), "it reads back");
        assert_eq!(find("omit").map(|verb| verb.help), Some("Leaves out the first rows."));
        let explained = |text: &str| parsed(text).expect_err("a mistake").render(Some(text));
        assert!(explained("leav 10").contains("did you mean `leave`?"), "{}", explained("leav 10"));
        assert!(explained("leave 10 20").contains("leave"), "{}", explained("leave 10 20"));
    }
}
