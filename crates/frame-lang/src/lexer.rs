//! Text to tokens. Newlines separate stages, except where a line obviously goes on.

use frame_core::{Error, QueryError, Result, Scalar, Span, calendar, duration};

use crate::foreign;

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// A plain word: a verb, a name, a function.
    Word(String),
    /// A name in brackets.
    Quoted(String),
    /// A number, text, date, time or duration.
    Literal(Scalar),
    /// An operator or a punctuation mark.
    Symbol(&'static str),
    /// `|` or a newline between stages.
    Separator,
    /// The end of the text.
    End,
}

/// A token and its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
}

impl Token {
    /// The token as an error names it.
    pub(crate) fn describe(&self) -> String {
        match &self.kind {
            Kind::Word(word) => format!("`{word}`"),
            Kind::Quoted(name) => format!("`[{name}]`"),
            Kind::Literal(value) => format!("`{value}`"),
            Kind::Symbol(symbol) => format!("`{symbol}`"),
            Kind::Separator => "the end of the stage".to_owned(),
            Kind::End => "the end of the query".to_owned(),
        }
    }
}

/// Longer ones first.
const SYMBOLS: [&str; 24] =
    ["??", "//", "==", "!=", "<>", "<=", ">=", "..", "=", "<", ">", "+", "-", "*", "/", "%", "(", ")", "{", "}", ",", ".", ";", ":"];

/// Words that an expression goes on behind: a newline there separates nothing.
const CONTINUING: [&str; 9] = ["and", "or", "not", "then", "else", "elif", "as", "by", "in"];

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    tokens: Vec<Token>,
}

/// Splits a query into tokens; the last one is `End`.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>> {
    let mut lexer = Lexer { text, at: 0, depth: 0, tokens: Vec::new() };
    while let Some(next) = lexer.rest().chars().next() {
        lexer.token(next)?;
    }
    lexer.push(Kind::End, lexer.at);
    Ok(joined(lexer.tokens, text))
}

fn syntax(expected: &str, found: String, start: usize, end: usize) -> Error {
    Error::new(QueryError::Syntax { expected: expected.to_owned(), found }).at(Span::new(start, end))
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn push(&mut self, kind: Kind, start: usize) {
        self.tokens.push(Token { kind, span: Span::new(start, self.at) });
    }

    /// Takes the characters that `test` accepts.
    fn take(&mut self, test: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let len = rest.find(|c| !test(c)).unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }

    fn token(&mut self, next: char) -> Result<()> {
        let start = self.at;
        match next {
            '#' => {
                self.take(|c| c != '\n');
            }
            '\n' | '|' => {
                // Two bars, or a bar and an arrow, are no empty stage: someone means another language.
                if let Some(mark) = ["||", "|>"].into_iter().find(|mark| self.rest().starts_with(mark)) {
                    let error = syntax("`|` and a stage", format!("`{mark}`"), start, start + mark.len());
                    return Err(foreign::symbol(self.text, start).map_or(error.clone(), |hint| error.hint(hint)));
                }
                self.at += 1;
                if next == '|' || self.depth == 0 {
                    self.push(Kind::Separator, start);
                }
            }
            c if c.is_whitespace() => self.at += c.len_utf8(),
            '\'' => {
                let text = self.delimited('\'', "a closing quote (')")?;
                self.push(Kind::Literal(Scalar::Text(text)), start);
            }
            '[' => {
                let name = self.delimited(']', "a closing bracket (])")?;
                self.push(Kind::Quoted(name), start);
            }
            '@' => self.instant()?,
            c if c.is_ascii_digit() => self.number()?,
            '.' if self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) => self.number()?,
            c if c.is_alphabetic() || c == '_' => {
                let word = self.take(|c| c.is_alphanumeric() || c == '_');
                // `p99.9` is one word.
                let is_percentile =
                    word.strip_prefix('p').is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit()));
                if is_percentile && self.rest().strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
                    self.at += 1;
                    self.take(|c| c.is_ascii_digit());
                }
                self.push(Kind::Word(self.text[start..self.at].to_owned()), start);
            }
            _ => self.symbol(next)?,
        }
        Ok(())
    }

    fn symbol(&mut self, next: char) -> Result<()> {
        let start = self.at;
        let Some(symbol) = SYMBOLS.into_iter().find(|symbol| self.rest().starts_with(symbol)) else {
            let error =
                syntax("a verb, a name, a value or an operator", format!("`{}`", next.escape_debug()), start, start + next.len_utf8());
            let hint = foreign::symbol(self.text, start).unwrap_or("names with odd letters stand in [square brackets]");
            return Err(error.hint(hint));
        };
        self.at += symbol.len();
        match symbol {
            "(" | "{" => self.depth += 1,
            ")" | "}" => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.push(Kind::Symbol(symbol), start);
        Ok(())
    }

    /// Text up to an unescaped `close`; a doubled one is one of them.
    fn delimited(&mut self, close: char, expected: &str) -> Result<String> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            text.push_str(self.take(|c| c != close));
            if self.rest().is_empty() {
                let hint = match close {
                    ']' => "the name that begins here does not end; a bracket in a name is written twice",
                    _ => "the text that begins here does not end; a quote in a text is written twice: 'it''s'",
                };
                return Err(syntax(expected, "the end of the query".to_owned(), start, start + 1).hint(hint));
            }
            self.at += 1;
            if !self.rest().starts_with(close) {
                return Ok(text);
            }
            self.at += 1;
            text.push(close);
        }
    }

    fn number(&mut self) -> Result<()> {
        let start = self.at;
        self.take(|c| c.is_ascii_digit());
        let mut is_float = false;
        if self.rest().starts_with('.') && !self.rest().starts_with("..") {
            is_float = true;
            self.at += 1;
            self.take(|c| c.is_ascii_digit());
        }
        let exponent = self.rest().strip_prefix(['e', 'E']).map(|rest| rest.strip_prefix(['+', '-']).unwrap_or(rest));
        if let Some(digits) = exponent.filter(|digits| digits.starts_with(|c: char| c.is_ascii_digit())) {
            is_float = true;
            self.at = self.text.len() - digits.len();
            self.take(|c| c.is_ascii_digit());
        }
        let digits = &self.text[start..self.at];
        let tail = self.take(|c| c.is_alphanumeric() || c == '_');
        if !tail.is_empty() {
            let text = &self.text[start..self.at];
            let value = duration::parse(text).ok_or_else(|| {
                if duration::is_out_of_range(text) {
                    let error = QueryError::OutOfRange { what: "duration", text: text.to_owned() };
                    let hint = "durations reach to 106751991d (292471 years), or 178956970y in months";
                    return Error::new(error).at(Span::new(start, self.at)).hint(hint);
                }
                let hint = format!("a name that begins with a digit stands in [square brackets]; {}", duration::EXPECTED);
                syntax("a number or a duration", format!("`{text}`"), start, self.at).hint(hint)
            })?;
            self.push(Kind::Literal(value), start);
            return Ok(());
        }
        let out_of_range = |what, hint| {
            Error::new(QueryError::OutOfRange { what, text: digits.to_owned() }).at(Span::new(start, start + digits.len())).hint(hint)
        };
        const FLOATS: &str = "floats reach to 1.8e308";
        const INTS: &str = "ints reach to 9223372036854775807; with a point, as 1e20 or 100.0, it is a float";
        let value = if is_float {
            let value: f64 = digits.parse().map_err(|_| out_of_range("float", FLOATS))?;
            if value.is_infinite() {
                return Err(out_of_range("float", FLOATS));
            }
            Scalar::Float(value)
        } else {
            // 2⁶³ is read for the sake of −2⁶³ by way of a float only if it is written as one.
            Scalar::Int(digits.parse().map_err(|_| out_of_range("int", INTS))?)
        };
        self.push(Kind::Literal(value), start);
        Ok(())
    }

    fn instant(&mut self) -> Result<()> {
        let start = self.at;
        self.at += 1;
        let text = self.take(|c| c.is_alphanumeric() || matches!(c, '-' | ':' | '.'));
        let value = calendar::parse_date(text.as_bytes())
            .map(Scalar::Date)
            .or_else(|| calendar::parse_timestamp(text.as_bytes()).map(Scalar::Timestamp))
            .ok_or_else(|| {
                let error = syntax("a date or time such as @2024-01-31 or @2024-01-31T10:00", format!("`@{text}`"), start, self.at);
                error.hint("year, month and day that the calendar has, then T and the time, if there is one")
            })?;
        self.push(Kind::Literal(value), start);
        Ok(())
    }
}

/// Drops the ends of lines where the query obviously goes on: at its ends, beside a bar, behind an operator or before one. Bars stay.
fn joined(tokens: Vec<Token>, text: &str) -> Vec<Token> {
    let goes_on_behind = |token: &Token| match &token.kind {
        Kind::Separator => true,
        Kind::Symbol(symbol) => !matches!(*symbol, ")" | "}" | "*" | "%"),
        Kind::Word(word) => CONTINUING.contains(&word.as_str()),
        _ => false,
    };
    let goes_on_with = |token: &Token| match &token.kind {
        Kind::Separator | Kind::End => true,
        Kind::Symbol(symbol) => !matches!(*symbol, "(" | "{" | "-"),
        Kind::Word(word) => matches!(word.as_str(), "and" | "or" | "then" | "else" | "elif"),
        _ => false,
    };
    let mut kept: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_needless = kept.last().is_none_or(goes_on_behind) || tokens.peek().is_some_and(goes_on_with);
        let is_line_end = token.kind == Kind::Separator && text.as_bytes()[token.span.start] == b'\n';
        if !is_line_end || !is_needless {
            kept.push(token);
        }
    }
    kept
}
