//! What to try when a query breaks the grammar: the writer may have meant another language, or forgotten a bar, a comma, a quote.

use frame_core::{Error, QueryError, Span};
use frame_expr::{RESERVED, WORD_OPERATORS, aggregates, scalars};
use frame_plan::Plan;

use crate::foreign;
use crate::lexer::{Kind, Token};
use crate::parser::Parser;
use crate::verbs::{self, Verb};

const VERBS: &str = "a stage begins with a verb: where, select, derive, groupby, agg, sort, take, …";

/// How a stage with this verb is written.
pub(crate) fn usage(verb: &Verb) -> String {
    if verb.usage == verb.example {
        return format!("write `{}`", verb.example);
    }
    format!("write `{}`, for example `{}`", verb.usage, verb.example)
}

impl Parser<'_> {
    /// The error with advice: what the error itself knows, else what the words at its place mean elsewhere, else `otherwise`.
    pub(crate) fn advise(&self, error: Error, otherwise: &str) -> Error {
        if !matches!(error.kind(), frame_core::ErrorKind::Query(QueryError::Syntax { .. })) || error.advice().is_some() {
            return error;
        }
        let unclosed = error.to_string().starts_with("expected `)`").then(|| self.unclosed()).flatten();
        let hint = error.span().and_then(|span| self.meaning(span)).or(unclosed).unwrap_or_else(|| otherwise.to_owned());
        error.hint(hint)
    }

    /// What someone may have meant who wrote what stands at a place where it cannot stand.
    fn meaning(&self, span: Span) -> Option<String> {
        if let Some(hint) = foreign::symbol(self.text, span.start) {
            return Some(hint.to_owned());
        }
        let token = self.token_at(span.start)?;
        match &token.kind {
            Kind::Word(word) => lower_case(word).or_else(|| null(word)).or_else(|| foreign::infix(word).map(str::to_owned)),
            Kind::Symbol(".") => Some("functions are called f(x), not x.f(); a part of a struct is field(x, 'name')".to_owned()),
            Kind::Symbol("*") => Some("to count rows write `count`, without a star".to_owned()),
            Kind::Quoted(_) => Some(
                "square brackets hold the name of a column; an item of a list is item(x, 1), values stand in round brackets".to_owned(),
            ),
            _ => None,
        }
    }

    /// At the end of the query: the bracket that is still open.
    fn unclosed(&self) -> Option<String> {
        if self.peek().kind != Kind::End && self.previous()?.kind != Kind::End {
            return None;
        }
        let mut open = Vec::new();
        for token in self.taken() {
            match token.kind {
                Kind::Symbol("(") => open.push(token.span.end),
                Kind::Symbol(")") => drop(open.pop()),
                _ => {}
            }
        }
        let behind: String = self.text[*open.last()?..].chars().take_while(|c| *c != '\n').take(20).collect();
        Some(format!("the bracket in front of `{}` is not closed", behind.trim()))
    }

    /// The error for a stage that begins with an unknown word.
    pub(crate) fn unknown_verb(&self, word: &str, span: Span, input: &Plan) -> Error {
        let known = verbs::ALL.iter().map(|verb| verb.name.to_owned()).collect();
        let error = Error::new(QueryError::UnknownVerb { name: word.to_owned(), known }).at(span);
        match self.meant_verb(word, input) {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }

    /// What the first word of a stage means that is no verb; it has been taken.
    fn meant_verb(&self, word: &str, input: &Plan) -> Option<String> {
        let next = self.peek();
        match (&next.kind, &self.peek_at(1).kind) {
            (Kind::Symbol("."), Kind::Word(method)) => return Some(self.meant_method(method)),
            (Kind::Quoted(_), _) if aggregates::find(word).is_err() => {
                return Some("tables have no name here: `where value > 1` keeps rows, `select a, b` columns".to_owned());
            }
            (Kind::Symbol("-"), Kind::Word(second)) => {
                if let Some(hint) = foreign::verb(&format!("{word}_{second}")) {
                    return Some(hint.to_owned());
                }
            }
            (Kind::Symbol("%"), _) => return foreign::symbol(self.text, next.span.start).map(str::to_owned),
            _ => {}
        }
        if let Some(hint) = foreign::verb(word) {
            return Some(hint.to_owned());
        }
        if verbs::find(&word.to_lowercase()).is_some() {
            return Some(format!("verbs are written in lower case: `{}`", word.to_lowercase()));
        }
        if aggregates::find(word).is_ok() {
            let columns = self.words_between_commas();
            let argument = if columns.len() > 1 { format!("{{{}}}", columns.join(", ")) } else { columns.concat() };
            let argument = if argument.is_empty() { "value".to_owned() } else { argument };
            return Some(format!("write `agg {word} {argument}` for all rows, `groupby key {word} {argument}` for groups"));
        }
        // Columns that cannot be known are no reason to say something else.
        let columns = self.schema(input).ok()?;
        if columns.fields().iter().any(|field| field.name() == word) {
            return Some(match next.kind {
                Kind::Symbol("=") if self.peek_at(1).kind != Kind::End => {
                    format!("write `derive {word} = …` to set it, `where {word} = …` to keep rows")
                }
                Kind::End | Kind::Separator | Kind::Symbol(",") => {
                    format!("`{word}` is a column: write `select {word}` or `counts {word}`")
                }
                _ => format!("`{word}` is a column: write `where {word} …` to keep rows"),
            });
        }
        if scalars::find(word).is_ok() {
            return Some(format!("`{word}` is a function: write `derive name = {word}(…)` or use it in a condition"));
        }
        let aliases = verbs::ALL.iter().flat_map(|verb| verb.aliases.iter().copied().chain([verb.name]));
        let nearest = frame_core::error::nearest(word, aliases)?;
        verbs::ALL.iter().all(|verb| verb.name != nearest).then(|| format!("did you mean `{nearest}`?"))
    }

    /// What `df.method(…)` is without a table in front.
    fn meant_method(&self, method: &str) -> String {
        let own = verbs::find(method).map(|verb| format!("write `{}`", verb.example));
        let meaning = own.or_else(|| foreign::verb(method).or_else(|| foreign::function(method)).map(str::to_owned));
        format!("a verb stands alone, without a table and a dot; {}", meaning.unwrap_or_else(|| VERBS.to_owned()))
    }

    /// The names that come next, if there is nothing between them but commas.
    fn words_between_commas(&self) -> Vec<String> {
        let mut words = Vec::new();
        while let Kind::Word(word) = &self.peek_at(2 * words.len()).kind {
            words.push(word.clone());
            if self.peek_at(2 * words.len() - 1).kind != Kind::Symbol(",") {
                break;
            }
        }
        words
    }

    /// The error for a stage that begins with something else than a word.
    pub(crate) fn no_verb(&self, token: &Token) -> Error {
        let error = self.expected_at("a verb", token);
        match (&token.kind, &self.peek().kind) {
            (Kind::Symbol("."), Kind::Word(method)) => error.hint(self.meant_method(method)),
            (Kind::Symbol("("), _) => error.hint("in a condition write `or` in place of the bar; a stage begins with a verb"),
            (Kind::Separator, _) => error.hint("there is nothing in front of this bar; leave it out"),
            _ => self.advise(error, VERBS),
        }
    }

    /// The error for something that stands between a stage and the next bar.
    pub(crate) fn not_separated(&self, verb: Option<&Verb>) -> Error {
        let error = self.expected("`|` or the end of the query");
        let Some(verb) = verb else {
            if self.is_word("as") {
                return error.hint("names for inputs (`as`) are not there yet; `let name = from 'file.csv'; …` names a query");
            }
            return self
                .advise(error, "options of a file stand in brackets: from 'file.csv' (delimiter ';'); a bar comes before the first verb");
        };
        if let Some(hint) = self.meant_before(verb) {
            return error.hint(hint);
        }
        if matches!(verb.name, "groupby" | "agg") && verbs::aggregates::is_next(self) {
            return error.hint("a comma stands between aggregates: `mean value, count`");
        }
        if matches!(verb.name, "groupby" | "agg") && matches!(self.peek().kind, Kind::Symbol("*" | "/" | "//" | "+" | "-" | "%")) {
            return error.hint("what is computed stands in brackets: `sum(value * 2) as total`");
        }
        let otherwise = match &self.peek().kind {
            Kind::Symbol(",") if verb.name == "where" => "join conditions with `and` or `or`".to_owned(),
            Kind::Word(word) if self.meaning(self.peek().span).is_none() && verbs::find(word).is_some() => {
                format!("a bar stands between stages: `| {word} …`")
            }
            Kind::Word(word) if misspelt(word, verb).is_some() => misspelt(word, verb).unwrap_or_default(),
            Kind::Word(_) | Kind::Quoted(_) if matches!(verb.name, "select" | "drop" | "distinct" | "counts" | "dedup" | "sort") => {
                "a comma stands between columns, `as` in front of a new name".to_owned()
            }
            _ => usage(verb),
        };
        self.advise(error, &otherwise)
    }

    /// What the word in front of something that cannot stand there means.
    fn meant_before(&self, verb: &Verb) -> Option<String> {
        let behind = &self.text[..self.peek().span.start];
        if behind.rsplit('\n').next().is_some_and(|line| line.contains("--")) {
            return Some("a comment begins with #".to_owned());
        }
        let Kind::Word(word) = &self.previous()?.kind else { return None };
        if word == "count"
            && matches!((verb.name, &self.peek().kind), ("groupby" | "agg", Kind::Word(_) | Kind::Quoted(_)))
            && !verbs::aggregates::is_next(self)
        {
            return Some("`count` counts rows, `count(x)` those where x is not null; a comma stands before the next aggregate".to_owned());
        }
        lower_case(word).or_else(|| {
            let is_behind_value = matches!(self.peek().kind, Kind::Word(_) | Kind::Literal(_)) && self.meaning(self.peek().span).is_none();
            if is_behind_value { foreign::infix(word).map(str::to_owned) } else { None }
        })
    }
}

/// The word of a stage, or between expressions, that one is nearly.
fn misspelt(word: &str, verb: &Verb) -> Option<String> {
    let of_stage = verb.usage.split(|c: char| !c.is_ascii_lowercase()).filter(|part| part.len() > 1);
    let infixes = ["and", "or", "in", "between", "is"].into_iter().chain(WORD_OPERATORS);
    let words = of_stage.chain(infixes).filter(|_| word.len() > 2);
    frame_core::error::nearest(word, words).map(|best| format!("did you mean `{best}`?"))
}

/// For a word of the language in capitals: how it is written.
fn lower_case(word: &str) -> Option<String> {
    let lower = word.to_lowercase();
    let is_known = RESERVED.contains(&lower.as_str()) || WORD_OPERATORS.contains(&lower.as_str()) || verbs::find(&lower).is_some();
    (lower != word && is_known).then(|| format!("words are written in lower case: `{lower}`"))
}

/// For the null of another language: how it is written.
fn null(word: &str) -> Option<String> {
    matches!(word.to_lowercase().as_str(), "none" | "nil" | "na" | "nan" | "undefined").then(|| "write `null`: x is null".to_owned())
}
