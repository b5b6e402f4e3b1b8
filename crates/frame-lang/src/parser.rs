//! The frame of the parser: tokens in hand, stages, names. Verbs and expressions have files of their own.

use arrow::datatypes::SchemaRef;
use frame_core::{Error, QueryError, Result, Scalar, Span};
use frame_expr::RESERVED;
use frame_plan::{Catalog, Input, Plan, Scan, Union};

use crate::lexer::{Kind, Token, tokens};
use crate::{foreign, options, verbs};

/// Tokens, and where in them the parser stands.
pub(crate) struct Parser<'a> {
    tokens: Vec<Token>,
    at: usize,
    catalog: &'a dyn Catalog,
    /// How deeply the expression in hand is nested.
    pub(crate) depth: usize,
    /// What a pipeline without `from` reads.
    default: Option<Plan>,
    /// `let` bindings, each of which may use those before it.
    bindings: Vec<(String, Plan)>,
}

/// How deeply queries may stand in each other.
const QUERY_DEPTH_MAX: usize = 20;

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &str, catalog: &'a dyn Catalog) -> Result<Self> {
        Ok(Self { tokens: tokens(text)?, at: 0, catalog, depth: 0, default: None, bindings: Vec::new() })
    }

    /// A whole query. `sources` are what it reads unless it begins with `from`.
    pub(crate) fn program(mut self, sources: Vec<Input>) -> Result<Plan> {
        if !sources.is_empty() {
            self.default = Some(self.scan_all(sources)?);
        }
        while self.accept_word("let") {
            let (name, _) = self.name()?;
            self.expect_symbol("=")?;
            let plan = self.pipeline()?;
            self.expect_symbol(";")?;
            self.bindings.push((name, plan));
        }
        let plan = self.pipeline()?;
        if self.peek().kind == Kind::End { Ok(plan) } else { Err(self.expected("`|` or the end of the query")) }
    }

    /// `source | stage | stage …`, up to the end, a closing parenthesis or a semicolon.
    fn pipeline(&mut self) -> Result<Plan> {
        let mut plan = if self.accept_word("from") {
            let plan = self.input()?;
            if !self.at_pipeline_end() {
                self.expect_separator()?;
            }
            plan
        } else {
            self.default.clone().ok_or_else(|| {
                Error::new(QueryError::Usage("the query reads nothing".to_owned()))
                    .hint("name a file behind the query, or begin it with from 'file.csv'")
            })?
        };
        while !self.at_pipeline_end() {
            plan = self.stage(plan)?;
            if !self.at_pipeline_end() {
                self.expect_separator()?;
            }
        }
        Ok(plan)
    }

    fn at_pipeline_end(&self) -> bool {
        matches!(self.peek().kind, Kind::End | Kind::Symbol(")" | ";"))
    }

    /// `'path' (options)`, the name of a binding, or a query in parentheses.
    pub(crate) fn input(&mut self) -> Result<Plan> {
        let token = self.next();
        match token.kind {
            Kind::Literal(Scalar::Text(path)) => {
                let mut input = Input { path, span: token.span, ..Input::default() };
                options::parse(self, &mut input)?;
                self.scan_all(vec![input])
            }
            Kind::Word(name) | Kind::Quoted(name) => match self.bindings.iter().rev().find(|(known, _)| *known == name) {
                Some((_, plan)) => Ok(plan.clone()),
                None => {
                    let error = QueryError::Syntax { expected: "the name of a `let`".to_owned(), found: format!("`{name}`") };
                    Err(Error::new(error).at(token.span).hint("a file's path stands in single quotes: from 'file.csv'"))
                }
            },
            Kind::Symbol("(") => {
                self.depth += 1;
                if self.depth > QUERY_DEPTH_MAX {
                    return Err(Error::new(QueryError::TooLarge { what: "the depth of queries", limit: QUERY_DEPTH_MAX }).at(token.span));
                }
                let plan = self.pipeline()?;
                self.depth -= 1;
                self.expect_symbol(")")?;
                Ok(plan)
            }
            _ => Err(self.expected_at("a path in single quotes, a name or a query in parentheses", &token)),
        }
    }

    /// All files that these inputs stand for, one after the other.
    fn scan_all(&self, inputs: Vec<Input>) -> Result<Plan> {
        let mut scans = Vec::new();
        for input in inputs {
            let files = self.catalog.expand(input)?;
            scans.extend(files.into_iter().map(|file| Plan::Scan(Scan::new(file))));
        }
        Ok(match scans.pop() {
            Some(only) if scans.is_empty() => only,
            Some(last) => {
                scans.push(last);
                Plan::Union(Union { inputs: scans, by_position: false })
            }
            None => return Err(Error::internal("an input without files")),
        })
    }

    fn stage(&mut self, input: Plan) -> Result<Plan> {
        let token = self.next();
        let Kind::Word(word) = &token.kind else {
            return Err(self.expected_at("a verb", &token));
        };
        if let Some(verb) = verbs::find(word) {
            return (verb.parse)(self, input);
        }
        let known = verbs::ALL.iter().map(|verb| verb.name.to_owned()).collect();
        let error = Error::new(QueryError::UnknownVerb { name: word.clone(), known }).at(token.span);
        Err(match foreign::translation(word) {
            Some(hint) => error.hint(hint),
            None => error,
        })
    }

    /// What knows the inputs.
    pub(crate) fn catalog(&self) -> &'a dyn Catalog {
        self.catalog
    }

    /// The columns of a plan.
    pub(crate) fn schema(&self, plan: &Plan) -> Result<SchemaRef> {
        plan.schema(self.catalog)
    }

    /// The next token, left in place.
    pub(crate) fn peek(&self) -> &Token {
        self.peek_at(0)
    }

    /// The token `ahead` of the next one.
    pub(crate) fn peek_at(&self, ahead: usize) -> &Token {
        &self.tokens[(self.at + ahead).min(self.tokens.len() - 1)]
    }

    /// Where the parser stands, for [`Parser::reset`].
    pub(crate) fn mark(&self) -> usize {
        self.at
    }

    /// Goes back to a mark.
    pub(crate) fn reset(&mut self, mark: usize) {
        self.at = mark;
    }

    /// Takes the next token; the last one is never used up.
    pub(crate) fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    /// The place of the token before the next one.
    pub(crate) fn last_span(&self) -> Span {
        self.tokens[self.at.saturating_sub(1)].span
    }

    pub(crate) fn is_word(&self, word: &str) -> bool {
        matches!(&self.peek().kind, Kind::Word(found) if found == word)
    }

    pub(crate) fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.peek().kind, Kind::Symbol(found) if found == symbol)
    }

    pub(crate) fn accept_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.next();
        }
        found
    }

    pub(crate) fn accept_symbol(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(symbol);
        if found {
            self.next();
        }
        found
    }

    pub(crate) fn expect_word(&mut self, word: &str) -> Result<()> {
        if self.accept_word(word) { Ok(()) } else { Err(self.expected(&format!("`{word}`"))) }
    }

    pub(crate) fn expect_symbol(&mut self, symbol: &str) -> Result<()> {
        if self.accept_symbol(symbol) { Ok(()) } else { Err(self.expected(&format!("`{symbol}`"))) }
    }

    fn expect_separator(&mut self) -> Result<()> {
        if self.peek().kind == Kind::Separator {
            self.next();
            return Ok(());
        }
        let error = self.expected("`|` or the end of the query");
        Err(match &self.peek().kind {
            Kind::Word(word) => foreign::translation(word).map_or(error.clone(), |hint| error.hint(hint)),
            _ => error,
        })
    }

    /// Whether the stage ends here.
    pub(crate) fn at_stage_end(&self) -> bool {
        matches!(self.peek().kind, Kind::Separator | Kind::End | Kind::Symbol(")" | ";"))
    }

    /// The error for a next token that is not what it should be.
    pub(crate) fn expected(&self, expected: &str) -> Error {
        self.expected_at(expected, self.peek())
    }

    pub(crate) fn expected_at(&self, expected: &str, found: &Token) -> Error {
        let error = QueryError::Syntax { expected: expected.to_owned(), found: found.describe() };
        Error::new(error).at(found.span)
    }

    /// A name: a word that is not reserved, or anything in brackets.
    pub(crate) fn name(&mut self) -> Result<(String, Span)> {
        let token = self.next();
        match token.kind {
            Kind::Quoted(name) => Ok((name, token.span)),
            Kind::Word(word) if RESERVED.contains(&word.as_str()) => {
                let error = QueryError::Syntax { expected: "a name".to_owned(), found: format!("the word `{word}`") };
                Err(Error::new(error).at(token.span).hint(format!("a column of that name is written [{word}]")))
            }
            Kind::Word(word) => Ok((word, token.span)),
            _ => Err(self.expected_at("a name", &token)),
        }
    }

    /// A whole number that is not negative.
    pub(crate) fn count(&mut self) -> Result<u64> {
        let token = self.next();
        match token.kind {
            Kind::Literal(Scalar::Int(count @ 0..)) => Ok(count as u64),
            _ => Err(self.expected_at("a whole number", &token)),
        }
    }

    /// Items between commas.
    pub(crate) fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.accept_symbol(",") {
            items.push(item(self)?);
        }
        Ok(items)
    }
}
