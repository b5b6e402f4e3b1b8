//! The frame of the parser: tokens in hand, stages, names. Verbs and expressions have files of their own.

use arrow::datatypes::{DataType, SchemaRef};
use frame_core::{Error, QueryError, Result, Scalar, Span, Spot};
use frame_expr::scalars::replaced;
use frame_expr::{BadCast, Expr, Node, RESERVED};
use frame_plan::{Catalog, Input, Plan, Project, Scan, Union};

use crate::advice::usage;
use crate::aliases::{Meaning, has_aliases, meaning};
use crate::lexer::{Kind, Token, tokens};
use crate::verbs::Verb;
use crate::{foreign, options, spots, types, verbs};

/// Tokens, and where in them the parser stands.
pub(crate) struct Parser<'a> {
    pub(crate) text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    /// Stages read so far.
    stages: usize,
    catalog: &'a dyn Catalog,
    /// How deeply the expression in hand is nested.
    pub(crate) depth: usize,
    /// What a pipeline without `from` reads.
    default: Option<Plan>,
    /// `let` bindings, each of which may use those before it.
    bindings: Vec<(String, Plan)>,
    /// What the stage in hand reads, if names behind aliases can stand in it.
    scope: Option<Plan>,
    /// Columns of what the stage in hand reads that are there because it names them: no pattern stands for them.
    asked: Vec<Spot>,
}

/// How deeply queries may stand in each other.
const QUERY_DEPTH_MAX: usize = 20;

/// How many stages a query may have, those of its inner queries among them.
const STAGES_MAX: usize = 256;

const FROM: &str = "write from 'file.csv', with options in brackets: from 'file.csv' (delimiter ';', types zip=text)";

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &'a str, catalog: &'a dyn Catalog) -> Result<Self> {
        Ok(Self {
            text,
            tokens: tokens(text)?,
            at: 0,
            stages: 0,
            catalog,
            depth: 0,
            default: None,
            bindings: Vec::new(),
            scope: None,
            asked: Vec::new(),
        })
    }

    /// A whole query. `sources` are what it reads unless it begins with `from`.
    pub(crate) fn program(mut self, sources: Vec<Input>) -> Result<Plan> {
        if !sources.is_empty() {
            self.default = Some(self.scan_all(sources)?);
        }
        while self.accept_word("let") {
            let binding =
                self.binding().map_err(|error| self.advise(error, "write `let name = from 'file.csv' | …;` and then the query"))?;
            self.bindings.push(binding);
        }
        let plan = self.pipeline()?;
        if self.peek().kind == Kind::End {
            return Ok(plan);
        }
        let error = self.expected("`|` or the end of the query");
        Err(match self.peek().kind {
            Kind::Symbol(")") => error.hint("no `(` is open here"),
            _ => error.hint("a semicolon ends a `let` and nothing else; stages are joined by a bar"),
        })
    }

    /// `name = pipeline;`
    fn binding(&mut self) -> Result<(String, Plan)> {
        let (name, _) = self.name()?;
        self.expect_symbol("=")?;
        let plan = self.pipeline()?;
        self.expect_symbol(";")?;
        Ok((name, plan))
    }

    /// `source | stage | stage …`, up to the end, a closing parenthesis or a semicolon.
    fn pipeline(&mut self) -> Result<Plan> {
        let mut plan = if self.accept_word("from") {
            let plan = self.input().map_err(|error| self.advise(error, FROM))?;
            self.stage_end(None)?;
            plan
        } else {
            self.default.clone().ok_or_else(|| {
                Error::new(QueryError::Usage("the query reads nothing".to_owned()))
                    .hint("name a file behind the query, or begin it with from 'file.csv'")
            })?
        };
        let outer = self.scope.take();
        while !self.at_pipeline_end() {
            let verb = self.verb(&plan)?;
            self.count_stage()?;
            self.scope = has_aliases(&plan).then(|| plan.clone());
            plan = self.stage(verb, plan).map_err(|error| self.advise(error, &usage(verb)))?;
            self.stage_end(Some(verb))?;
        }
        self.scope = outer;
        Ok(plan)
    }

    /// What follows the verb. A stage that fails for want of `_file`, `_line` or `_byte` is read again with them.
    fn stage(&mut self, verb: &Verb, input: Plan) -> Result<Plan> {
        let outer = std::mem::take(&mut self.asked);
        let plan = self.stage_with_spots(verb, input);
        self.asked = outer;
        plan
    }

    fn stage_with_spots(&mut self, verb: &Verb, input: Plan) -> Result<Plan> {
        let named = self.spots_ahead();
        if named.is_empty() {
            return (verb.parse)(self, input);
        }
        let (mark, stages) = (self.at, self.stages);
        let plan = (verb.parse)(self, input.clone()).and_then(|plan| self.schema(&plan).map(|_| plan));
        let Some((spot, span)) = plan.as_ref().err().and_then(spots::missing).filter(|(spot, _)| named.contains(spot)) else {
            return plan;
        };
        (self.at, self.stages) = (mark, stages);
        let found =
            spots::found(input.clone(), &named, self.catalog).map_err(|error| error.at(span.unwrap_or_else(|| self.last_span())))?;
        let found = found.ok_or_else(|| spots::lost(spot).at(span.unwrap_or_else(|| self.last_span())))?;
        let asked = spots::added(&input, &found, self.catalog)?;
        self.asked.clone_from(&asked);
        let plan = (verb.parse)(self, found)?;
        if verb.picks { Ok(plan) } else { spots::hidden(plan, &asked, self.catalog) }
    }

    /// The spots that the stage in hand may name.
    fn spots_ahead(&self) -> Vec<Spot> {
        let mut depth = 0;
        let mut named = Vec::new();
        for token in &self.tokens[self.at..] {
            match &token.kind {
                Kind::Symbol("(") => depth += 1,
                Kind::Symbol(")") => depth -= 1,
                Kind::Word(name) | Kind::Quoted(name) => named.extend(Spot::named(name)),
                Kind::Separator | Kind::Symbol(";") if depth == 0 => break,
                Kind::End => break,
                _ => {}
            }
            if depth < 0 {
                break;
            }
        }
        named.sort_unstable();
        named.dedup();
        named
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
                    if name == "all" {
                        return Err(Error::new(error)
                            .at(token.span)
                            .hint("leave `all` out: `union` keeps all rows, `distinct` behind it one of each"));
                    }
                    let path = self.text[token.span.start..].split([' ', '\n', '|', '(', ')', ',', ';']).next().unwrap_or_default();
                    Err(Error::new(error).at(token.span).hint(format!("a file's path stands in single quotes: '{path}'")))
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
        let files = self.catalog.expand(inputs)?;
        let mut scans = files.into_iter().map(|file| self.scan(file)).collect::<Result<Vec<_>>>()?;
        Ok(match scans.pop() {
            Some(only) if scans.is_empty() => only,
            Some(last) => {
                scans.push(last);
                Plan::Union(Union { inputs: scans, by_position: false })
            }
            None => return Err(Error::internal("an input without files")),
        })
    }

    /// One file. Columns of types that a scan does not read from text are read as text and cast.
    fn scan(&self, mut file: Input) -> Result<Plan> {
        let mut casts = Vec::new();
        for (name, data_type) in file.csv.types.iter_mut().filter(|(_, data_type)| !types::is_read_from_text(data_type)) {
            casts.push((name.clone(), std::mem::replace(data_type, DataType::Utf8View)));
        }
        let (span, marks) = (file.span, (file.csv.decimal.clone(), file.csv.thousands.clone()));
        let keys = std::mem::take(&mut file.keys);
        let scan = Plan::Scan(Scan::new(file));
        if casts.is_empty() && keys.is_empty() {
            return Ok(scan);
        }
        let schema = self.schema(&scan)?;
        let columns = schema.fields().iter().filter(|field| keys.iter().all(|(key, _)| key != field.name()));
        let items = columns.map(|field| {
            let column = Expr::column(field.name().clone()).at(span);
            let cast = casts.iter().find(|(name, _)| name == field.name());
            let expr = match cast {
                Some((_, to)) => {
                    let operand = Box::new(if to.is_numeric() { without_marks(column, &marks) } else { column });
                    Expr::new(Node::Cast { operand, to: to.clone(), bad: BadCast::Fail }).at(span)
                }
                None => column,
            };
            (expr, field.name().clone())
        });
        let keys = keys.iter().map(|(key, value)| (Expr::literal(value.clone()).at(span), key.clone()));
        Ok(Plan::Project(Project { items: items.chain(keys).collect(), input: Box::new(scan) }))
    }

    /// The verb that the next stage begins with.
    fn verb(&mut self, input: &Plan) -> Result<&'static Verb> {
        let token = self.next();
        match &token.kind {
            Kind::Word(word) => verbs::find(word).ok_or_else(|| self.unknown_verb(word, token.span, input)),
            _ => Err(self.no_verb(&token)),
        }
    }

    /// Counts a step of the plan: plans are walked from step to step, each of which takes some of the stack.
    pub(crate) fn count_stage(&mut self) -> Result<()> {
        self.stages += 1;
        if self.stages <= STAGES_MAX {
            return Ok(());
        }
        let error = Error::new(QueryError::TooLarge { what: "the number of stages and derived columns", limit: STAGES_MAX });
        Err(error
            .at(self.last_span())
            .hint("join conditions with `and`, compute several columns in one `select`, or write a file in between"))
    }

    /// Behind a stage: a separator and a further stage, or the end of the pipeline.
    fn stage_end(&mut self, verb: Option<&Verb>) -> Result<()> {
        if self.at_pipeline_end() {
            return Ok(());
        }
        if self.peek().kind != Kind::Separator {
            return Err(self.not_separated(verb));
        }
        let bar = self.next();
        if self.at_pipeline_end() {
            let found = Token { span: bar.span, ..self.peek().clone() };
            let error = self.expected_at("a stage behind the bar", &found);
            return Err(error.hint("leave the last bar out, or go on, for example with `take 10`"));
        }
        Ok(())
    }

    /// Whether a `let` has given this name.
    pub(crate) fn has_binding(&self, name: &str) -> bool {
        self.bindings.iter().any(|(known, _)| known == name)
    }

    /// Whether a column is there only because the stage in hand names it.
    pub(crate) fn is_asked(&self, name: &str) -> bool {
        self.asked.iter().any(|spot| spot.name() == name)
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

    /// The token before the next one.
    pub(crate) fn previous(&self) -> Option<&Token> {
        self.tokens[..self.at].last()
    }

    /// All tokens before the next one.
    pub(crate) fn taken(&self) -> &[Token] {
        &self.tokens[..self.at]
    }

    /// The token that begins at this byte.
    pub(crate) fn token_at(&self, byte: usize) -> Option<&Token> {
        self.tokens.iter().find(|token| token.span.start == byte)
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
            Kind::Literal(Scalar::Text(text)) => {
                let error = QueryError::Syntax { expected: "a name".to_owned(), found: format!("the text '{text}'") };
                Err(Error::new(error).at(token.span).hint("names stand without quotes, odd ones in square brackets: [Order Date]"))
            }
            Kind::Word(word) if RESERVED.contains(&word.as_str()) => {
                let error = QueryError::Syntax { expected: "a name".to_owned(), found: format!("the word `{word}`") };
                if let Some(hint) = foreign::symbol(self.text, token.span.start) {
                    return Err(Error::new(error).at(token.span).hint(hint));
                }
                Err(Error::new(error).at(token.span).hint(format!("a column of that name is written [{word}]")))
            }
            Kind::Word(word) => Ok((word, token.span)),
            _ => Err(self.expected_at("a name", &token)),
        }
    }

    /// The name of a column, which may stand behind the alias of a join.
    pub(crate) fn column_name(&mut self) -> Result<(String, Span)> {
        let (name, span) = self.name()?;
        let Some(scope) = self.scope.as_ref().filter(|_| self.is_symbol(".")) else { return Ok((name, span)) };
        let (Kind::Word(column) | Kind::Quoted(column)) = &self.peek_at(1).kind else { return Ok((name, span)) };
        let behind = self.peek_at(1).span;
        match meaning(scope, &name, column, self.catalog).map_err(|error| error.at(behind))? {
            Meaning::Unknown => Ok((name, span)),
            Meaning::Column(found) => {
                self.next();
                self.next();
                Ok((found, span.to(behind)))
            }
        }
    }

    /// A whole number that is not negative.
    pub(crate) fn count(&mut self) -> Result<u64> {
        let token = self.next();
        match token.kind {
            Kind::Literal(Scalar::Int(count @ 0..)) => Ok(count as u64),
            Kind::Symbol("-") => Err(self.expected_at("a whole number that is not negative", &token)),
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

/// A number as programs write it, of a text with marks for decimals and thousands. A point that is neither is doubled, which no number has.
fn without_marks(column: Expr, (decimal, thousands): &(Option<String>, Option<String>)) -> Expr {
    let column = thousands.iter().fold(column, |expr, mark| replaced(expr, mark, ""));
    decimal.iter().filter(|mark| *mark != ".").fold(column, |expr, mark| replaced(replaced(expr, ".", ".."), mark, "."))
}
