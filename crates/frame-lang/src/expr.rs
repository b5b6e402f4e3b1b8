//! Expressions, by precedence climbing: or, and, not, comparison, ??, + -, * / // %, unary minus, term.

use frame_core::{Error, QueryError, Result, Scalar};
use frame_expr::{BadCast, BinaryOp, Expr, Node, UnaryOp, WORD_OPERATORS, aggregates, scalars, windows};

use crate::foreign;
use crate::lexer::Kind;
use crate::parser::Parser;

/// How deeply expressions may be nested. A chain such as `a + b + c` is as deep as it is long.
const DEPTH_MAX: usize = 120;

impl Parser<'_> {
    /// Any expression.
    pub(crate) fn expr(&mut self) -> Result<Expr> {
        self.nested(Self::or)
    }

    /// Parses one level deeper.
    fn nested(&mut self, parse: impl FnOnce(&mut Self) -> Result<Expr>) -> Result<Expr> {
        self.deeper()?;
        let expr = parse(self)?;
        self.depth -= 1;
        Ok(expr)
    }

    fn deeper(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            let error = Error::new(QueryError::TooLarge { what: "the depth of an expression", limit: DEPTH_MAX });
            return Err(error.at(self.peek().span).hint("use `in (…)` for many values, or several stages"));
        }
        Ok(())
    }

    /// `operand op operand op …`, grouped from the left.
    fn chain(&mut self, operand: fn(&mut Self) -> Result<Expr>, operator: fn(&Self) -> Option<BinaryOp>) -> Result<Expr> {
        let mut left = operand(self)?;
        let depth = self.depth;
        while let Some(op) = operator(self) {
            self.next();
            self.deeper()?;
            left = Expr::binary(op, left, operand(self)?);
        }
        self.depth = depth;
        Ok(left)
    }

    fn or(&mut self) -> Result<Expr> {
        self.chain(Self::and, |parser| parser.is_word("or").then_some(BinaryOp::Or))
    }

    fn and(&mut self) -> Result<Expr> {
        self.chain(Self::not, |parser| parser.is_word("and").then_some(BinaryOp::And))
    }

    fn not(&mut self) -> Result<Expr> {
        if !self.is_word("not") {
            return self.comparison();
        }
        let start = self.next().span;
        let operand = self.nested(Self::not)?;
        let span = start.to(operand.span);
        Ok(Expr::new(Node::Unary { op: UnaryOp::Not, operand: Box::new(operand) }).at(span))
    }

    fn comparison(&mut self) -> Result<Expr> {
        let left = self.coalesce()?;
        if let Some(op) = self.comparison_symbol() {
            self.next();
            let right = self.coalesce()?;
            if self.comparison_symbol().is_some() {
                return Err(self.expected("`and`, `or` or the end of the condition").hint("write a < b and b < c"));
            }
            return Ok(Expr::binary(op, left, right));
        }
        if self.accept_word("is") {
            let negated = self.accept_word("not");
            self.expect_word("null")
                .map_err(|error| self.advise(error, "`is` asks for null alone: x is null, x is not null; else write ="))?;
            let span = left.span.to(self.last_span());
            return Ok(Expr::new(Node::IsNull { operand: Box::new(left), negated }).at(span));
        }
        let is_word_operator =
            |kind: &Kind| matches!(kind, Kind::Word(word) if word == "in" || word == "between" || WORD_OPERATORS.contains(&word.as_str()));
        let negated = self.is_word("not") && is_word_operator(&self.peek_at(1).kind);
        if negated {
            self.next();
        }
        if !is_word_operator(&self.peek().kind) {
            return Ok(left);
        }
        self.word_comparison(left, negated)
    }

    /// `[not] in (…)`, `[not] between … and …`, `[not] contains …` and its like; the operator comes next.
    fn word_comparison(&mut self, left: Expr, negated: bool) -> Result<Expr> {
        let start = left.span;
        let Kind::Word(word) = self.next().kind else { return Ok(left) };
        let operand = Box::new(left);
        let node = match word.as_str() {
            "in" => {
                self.expect_symbol("(").map_err(|error| error.hint("values stand in round brackets: x in ('a', 'b')"))?;
                let list = self.list(Self::expr)?;
                self.expect_symbol(")")?;
                Node::In { operand, list, negated }
            }
            "between" => {
                let low = Box::new(self.coalesce()?);
                self.expect_word("and").map_err(|error| self.advise(error, "write x between 1 and 2"))?;
                Node::Between { operand, low, high: Box::new(self.coalesce()?), negated }
            }
            _ => {
                let right = self.coalesce()?;
                let call = Expr::new(Node::Call { function: word, arguments: vec![*operand, right] }).at(start.to(self.last_span()));
                if !negated {
                    return Ok(call);
                }
                Node::Unary { op: UnaryOp::Not, operand: Box::new(call) }
            }
        };
        Ok(Expr::new(node).at(start.to(self.last_span())))
    }

    fn comparison_symbol(&self) -> Option<BinaryOp> {
        let Kind::Symbol(symbol) = self.peek().kind else { return None };
        Some(match symbol {
            "=" | "==" => BinaryOp::Equal,
            "!=" | "<>" => BinaryOp::NotEqual,
            "<" => BinaryOp::Less,
            "<=" => BinaryOp::LessEqual,
            ">" => BinaryOp::Greater,
            ">=" => BinaryOp::GreaterEqual,
            _ => return None,
        })
    }

    fn coalesce(&mut self) -> Result<Expr> {
        self.chain(Self::sum, |parser| parser.is_symbol("??").then_some(BinaryOp::Coalesce))
    }

    fn sum(&mut self) -> Result<Expr> {
        self.chain(Self::product, |parser| match parser.peek().kind {
            Kind::Symbol("+") => Some(BinaryOp::Add),
            Kind::Symbol("-") => Some(BinaryOp::Subtract),
            _ => None,
        })
    }

    fn product(&mut self) -> Result<Expr> {
        self.chain(Self::unary, |parser| match parser.peek().kind {
            Kind::Symbol("*") => Some(BinaryOp::Multiply),
            Kind::Symbol("/") => Some(BinaryOp::Divide),
            Kind::Symbol("//") => Some(BinaryOp::FloorDivide),
            Kind::Symbol("%") => Some(BinaryOp::Modulo),
            _ => None,
        })
    }

    fn unary(&mut self) -> Result<Expr> {
        if !self.is_symbol("-") {
            return self.term();
        }
        let start = self.next().span;
        // A minus before a number is part of it.
        if let Kind::Literal(value @ (Scalar::Int(_) | Scalar::Float(_) | Scalar::Duration(_) | Scalar::Months(_))) = &self.peek().kind {
            let value = match value {
                Scalar::Int(value) => Scalar::Int(-value),
                Scalar::Float(value) => Scalar::Float(-value),
                Scalar::Duration(micros) => Scalar::Duration(-micros),
                Scalar::Months(months) => Scalar::Months(-months),
                other => other.clone(),
            };
            let span = start.to(self.next().span);
            return Ok(Expr::literal(value).at(span));
        }
        let operand = self.nested(Self::unary)?;
        let span = start.to(operand.span);
        Ok(Expr::new(Node::Unary { op: UnaryOp::Negate, operand: Box::new(operand) }).at(span))
    }

    /// A literal, a column, a call, a case, or an expression in parentheses.
    pub(crate) fn term(&mut self) -> Result<Expr> {
        let token = self.peek().clone();
        match &token.kind {
            Kind::Literal(value) => {
                self.next();
                Ok(Expr::literal(value.clone()).at(token.span))
            }
            Kind::Symbol("(") => {
                self.next();
                let inner = self.expr()?;
                self.expect_symbol(")")?;
                Ok(inner)
            }
            Kind::Word(word) => match word.as_str() {
                "true" | "false" => {
                    self.next();
                    Ok(Expr::literal(Scalar::Bool(word == "true")).at(token.span))
                }
                "null" => {
                    self.next();
                    Ok(Expr::literal(Scalar::Null).at(token.span))
                }
                "if" => self.nested(Self::case),
                _ if self.peek_at(1).kind == Kind::Symbol("(") => self.call(),
                _ => self.column(),
            },
            Kind::Quoted(_) => self.column(),
            _ => Err(self.expected("a value")),
        }
    }

    /// A column by its name.
    pub(crate) fn column(&mut self) -> Result<Expr> {
        let (name, span) = self.column_name()?;
        Ok(Expr::column(name).at(span))
    }

    fn call(&mut self) -> Result<Expr> {
        let is_window = self.is_window_next();
        let token = self.next();
        let Kind::Word(function) = token.kind else { return Err(self.expected_at("a function", &token)) };
        self.expect_symbol("(")?;
        if is_window {
            return self.window(function, token.span);
        }
        if function == "cast" {
            return self.cast(token.span);
        }
        scalars::find(&function).map_err(|error| meaning(error, &function).at(token.span))?;
        let arguments = if self.is_symbol(")") { Vec::new() } else { self.list(Self::expr)? };
        self.expect_symbol(")")?;
        Ok(Expr::new(Node::Call { function, arguments }).at(token.span.to(self.last_span())))
    }

    /// `cast(x, type)`, `cast(x, type or null)` or, as the default said aloud, `cast(x, type or fail)`, behind the parenthesis.
    fn cast(&mut self, start: frame_core::Span) -> Result<Expr> {
        let operand = Box::new(self.expr()?);
        self.expect_symbol(",").map_err(|error| error.hint("write cast(x, int), or cast(x, int or null)"))?;
        let to = self.data_type()?;
        let bad = if self.accept_word("or") && !self.accept_word("fail") {
            self.expect_word("null")?;
            BadCast::Null
        } else {
            BadCast::Fail
        };
        self.expect_symbol(")")?;
        Ok(Expr::new(Node::Cast { operand, to, bad }).at(start.to(self.last_span())))
    }

    fn case(&mut self) -> Result<Expr> {
        let start = self.next().span;
        let mut branches = Vec::new();
        loop {
            let when = self.nested(Self::or)?;
            self.expect_word("then").map_err(|error| error.hint("write if x > 1 then 'high' else 'low'"))?;
            branches.push((when, self.nested(Self::or)?));
            if !self.accept_word("elif") {
                break;
            }
        }
        self.expect_word("else").map_err(|error| error.hint("there is always an else: if x > 1 then 'high' else null"))?;
        let otherwise = Box::new(self.nested(Self::or)?);
        let span = start.to(otherwise.span);
        Ok(Expr::new(Node::Case { branches, otherwise }).at(span))
    }
}

/// What a function that is not known means elsewhere.
fn meaning(error: Error, name: &str) -> Error {
    let lower = name.to_lowercase();
    if let Ok(function) = windows::find(&lower) {
        return error.hint(format!("it is a window function: `{}`", function.example()));
    }
    if lower == "cast" {
        return error.hint("words are written in lower case: cast(x, int)");
    }
    if let Some(hint) = foreign::function(name) {
        return error.hint(hint);
    }
    if aggregates::find(&lower).is_ok() {
        let call = if lower == "count" { lower.clone() } else { format!("{lower} x") };
        return error.hint(format!(
            "`{lower}` is an aggregate: first `groupby key {call} as total`, then `total` in `where`, `having` or `derive`; \
             or for each row `{lower}(x) over (by key)`"
        ));
    }
    match foreign::aggregate(name) {
        Some(hint) => error.hint(format!("in `agg` or `groupby` {hint}")),
        None => error,
    }
}
