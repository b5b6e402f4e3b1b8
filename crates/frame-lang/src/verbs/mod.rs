//! The verbs, one per file; [`ALL`] lists them and help is derived from it.

mod agg;
pub(crate) mod aggregates;
mod count;
mod derive;
mod drop;
mod filter;
mod groupby;
mod rename;
mod select;
mod sort;
mod take;

use frame_core::Result;
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
    /// Reads what follows the verb.
    pub(crate) parse: fn(&mut Parser<'_>, Plan) -> Result<Plan>,
}

/// Every verb, in the order in which help shows them.
pub const ALL: &[Verb] =
    &[filter::VERB, select::VERB, drop::VERB, rename::VERB, derive::VERB, groupby::VERB, agg::VERB, count::VERB, sort::VERB, take::VERB];

/// The verb with this name or alias.
pub fn find(word: &str) -> Option<&'static Verb> {
    ALL.iter().find(|verb| verb.name == word || verb.aliases.contains(&word))
}
