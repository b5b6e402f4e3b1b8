//! Words and marks of SQL, pandas, dplyr, KQL, Polars and the shell, and what to write instead. Nothing here is part of the language.

mod functions;
mod infixes;
mod symbols;
mod types;
mod verbs;

pub(crate) use functions::{aggregate, function};
pub(crate) use infixes::infix;
pub(crate) use symbols::symbol;
pub(crate) use types::type_named;
pub(crate) use verbs::verb;

/// What a table of words says about a word, however it is capitalised.
fn find(table: &[(&[&str], &'static str)], word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    table.iter().find(|(words, _)| words.contains(&word.as_str())).map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    #[test]
    fn own_words_are_not_foreign() {
        for function in frame_expr::scalars::ALL {
            assert!(super::function(function.name()).is_none(), "{} is a function", function.name());
        }
        for aggregate in frame_expr::aggregates::ALL {
            assert!(super::aggregate(aggregate.name()).is_none(), "{} is an aggregate", aggregate.name());
        }
    }
}
