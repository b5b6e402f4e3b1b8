//! Mistakes in the query text, in types, or on the command line.

use super::{nearest, short};

/// What is wrong with a query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The text does not follow the grammar.
    #[error("expected {expected}, found {found}")]
    Syntax {
        /// What could stand here.
        expected: String,
        /// What stands here.
        found: String,
    },
    /// The text is longer, or nested deeper, than is accepted.
    #[error("{what} exceeds the limit of {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The largest accepted.
        limit: usize,
    },
    /// No stage begins with this word.
    #[error("unknown verb `{name}`")]
    UnknownVerb {
        /// The word found.
        name: String,
        /// All verbs.
        known: Vec<String>,
    },
    /// There is no such column.
    #[error("unknown column `{name}`")]
    UnknownColumn {
        /// The name used.
        name: String,
        /// The columns there are.
        known: Vec<String>,
    },
    /// There is no such function or aggregate.
    #[error("unknown {role} `{name}`")]
    UnknownFunction {
        /// `function` or `aggregate`.
        role: &'static str,
        /// The name used.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// A function was called with a wrong number of arguments.
    #[error("`{function}` takes {expected}, found {found}")]
    Arity {
        /// The function.
        function: String,
        /// How many it takes, in words.
        expected: String,
        /// How many there are.
        found: usize,
    },
    /// An operand has a type that the operation does not take.
    #[error("{operation} does not take {found}")]
    Type {
        /// The operation, in words.
        operation: String,
        /// The types found, in words.
        found: String,
    },
    /// Two output columns would have the same name.
    #[error("two columns are called `{name}`")]
    DuplicateColumn {
        /// The name.
        name: String,
    },
    /// A literal is outside the range of its type.
    #[error("{what} is out of range: {text}")]
    OutOfRange {
        /// What kind of literal.
        what: &'static str,
        /// The text.
        text: String,
    },
    /// An arithmetic result or a conversion does not fit its type while the query runs.
    #[error("{0}")]
    Arithmetic(String),
    /// Something else about how frame was called.
    #[error("{0}")]
    Usage(String),
}

impl QueryError {
    pub(super) fn code(&self) -> (&'static str, &'static str) {
        match self {
            Self::Syntax { .. } => ("E0101", "syntax"),
            Self::TooLarge { .. } => ("E0102", "query-too-large"),
            Self::UnknownVerb { .. } => ("E0201", "unknown-verb"),
            Self::UnknownFunction { .. } => ("E0202", "unknown-function"),
            Self::UnknownColumn { .. } => ("E0203", "unknown-column"),
            Self::Arity { .. } => ("E0204", "wrong-arity"),
            Self::Type { .. } => ("E0205", "wrong-type"),
            Self::DuplicateColumn { .. } => ("E0206", "duplicate-column"),
            Self::OutOfRange { .. } => ("E0207", "literal-out-of-range"),
            Self::Arithmetic(_) => ("E0208", "arithmetic"),
            Self::Usage(_) => ("E0301", "usage"),
        }
    }

    pub(super) fn advice(&self) -> Option<String> {
        match self {
            Self::UnknownColumn { name, known } => {
                Some(meant_literal(name).or_else(|| undivided(known)).unwrap_or_else(|| did_you_mean(name, known, "columns")))
            }
            Self::UnknownVerb { name, known } => Some(did_you_mean(name, known, "verbs")),
            Self::UnknownFunction { name, known, role } => {
                Some(did_you_mean(name, known, if *role == "aggregate" { "aggregates" } else { "functions" }))
            }
            Self::DuplicateColumn { .. } => Some("name one of them with `as`".to_owned()),
            _ => None,
        }
    }
}

/// For a file whose header was not divided: which delimiter to try.
fn undivided(known: &[String]) -> Option<String> {
    let [only] = known else { return None };
    let delimiter = [';', '\t', '|'].into_iter().find(|delimiter| only.contains(*delimiter))?;
    let written = if delimiter == '\t' { "\\t".to_owned() } else { delimiter.to_string() };
    Some(format!("there is one column, `{}`: try another delimiter, -d '{written}'", short(only)))
}

/// For a column with the name of a value or a word of another language: what to write.
fn meant_literal(name: &str) -> Option<String> {
    let hint = match name.to_lowercase().as_str() {
        "null" | "none" | "nil" | "na" => "write `null`; `x is null` tests for it",
        "true" => "write `true`",
        "false" => "write `false`",
        "not" => "write `not` in lower case",
        "desc" | "descending" => "for the largest first put a minus in front: `sort -x`",
        "asc" | "ascending" => "leave it out: `sort x` begins with the smallest",
        "case" => "write if x > 1 then 'high' else 'low'",
        _ => return None,
    };
    Some(hint.to_owned())
}

fn did_you_mean(name: &str, known: &[String], what: &str) -> String {
    const SHOWN: usize = 12;
    let list = known.iter().take(SHOWN).map(|name| short(name)).collect::<Vec<_>>().join(", ");
    let more = if known.len() > SHOWN { format!(", … {} in all", known.len()) } else { String::new() };
    match nearest(name, known.iter().map(String::as_str)) {
        Some(best) => format!("did you mean `{best}`?   ({what}: {list}{more})"),
        None => format!("{what}: {list}{more}"),
    }
}
