//! Windows: `mean(close) over (by symbol order day rows -6..0)`.

use frame_core::{Error, QueryError, Result, Scalar, Span};
use frame_expr::{AggregateCall, Expr, Frame, Node, Window, aggregates, windows};

use crate::foreign;
use crate::lexer::Kind;
use crate::parser::Parser;
use crate::verbs::{aggregates as calls, sort_key};

const USAGE: &str = "write sum(x) over (by key order ts rows -6..0); each part may be left out";

impl Parser<'_> {
    /// Whether a call with `over` behind it comes next.
    pub(crate) fn is_window_next(&self) -> bool {
        let mut depth = 0_usize;
        for ahead in 1.. {
            match self.peek_at(ahead).kind {
                Kind::End => return false,
                Kind::Symbol("(") => depth += 1,
                Kind::Symbol(")") if depth <= 1 => {
                    return matches!(&self.peek_at(ahead + 1).kind, Kind::Word(word) if word == "over");
                }
                Kind::Symbol(")") => depth -= 1,
                _ => {}
            }
        }
        false
    }

    /// What stands behind the opening bracket of a call of `function`, and what `over` says of it.
    pub(crate) fn window(&mut self, function: String, start: Span) -> Result<Expr> {
        if self.is_symbol("*") {
            return Err(self.expected("an expression").hint("write `count()` without a star"));
        }
        let (function, percent) = match calls::percentile(&function) {
            Some(fraction) => ("quantile".to_owned(), vec![fraction]),
            None => (function, Vec::new()),
        };
        let own = windows::find(&function).map_err(|error| unknown(error, &function).at(start));
        let aggregate = aggregates::find(&function);
        if let (Err(error), Err(_)) = (&own, &aggregate) {
            return Err(error.clone());
        }
        let mut arguments = if self.is_symbol(")") { Vec::new() } else { self.list(Self::expr)? };
        self.expect_symbol(")")?;
        let constants = match (own, aggregate) {
            (Ok(function), _) => {
                let behind = arguments.split_off(function.arguments().min(arguments.len()));
                behind.into_iter().map(constant).collect::<Result<_>>()?
            }
            (_, Ok(aggregate)) => {
                let call = calls::split(AggregateCall { constants: percent, ..AggregateCall::new(&function, arguments, "") }, aggregate);
                arguments = call.arguments;
                call.constants
            }
            (Err(error), Err(_)) => return Err(error),
        };
        let mut window = Window { function, constants, arguments, by: Vec::new(), order: Vec::new(), frame: None };
        self.expect_word("over")?;
        self.over(&mut window).map_err(|error| self.advise(error, USAGE))?;
        Ok(Expr::new(Node::Window(Box::new(window))).at(start.to(self.last_span())))
    }

    /// `(by a, b order c rows -6..0)`
    fn over(&mut self, window: &mut Window) -> Result<()> {
        self.expect_symbol("(")?;
        if self.is_word("partition") {
            return Err(self.expected("`by`, `order`, `rows`, `range` or `)`").hint("leave `partition` out: over (by key order ts)"));
        }
        if self.accept_word("by") {
            window.by = self.list(Self::expr)?;
        }
        if self.accept_word("order") {
            if self.is_word("by") {
                return Err(self.expected("what to order by").hint("leave `by` out behind `order`: over (by key order ts)"));
            }
            window.order = self.list(sort_key)?;
        }
        if self.accept_word("rows") {
            window.frame = Some(self.rows()?);
        } else if self.accept_word("range") {
            let token = self.next();
            let Kind::Literal(duration @ (Scalar::Duration(_) | Scalar::Months(_))) = token.kind else {
                return Err(self.expected_at("a duration", &token).hint("write range 15m or range 7d; rows -6..0 counts rows"));
            };
            window.frame = Some(Frame::Range(duration));
        }
        if self.accept_symbol(")") { Ok(()) } else { Err(self.expected("`by`, `order`, `rows`, `range` or `)`, in this order")) }
    }

    /// `-6..0`, where either end may be left out.
    fn rows(&mut self) -> Result<Frame> {
        const ROWS: &str = "write rows -6..0 for seven rows up to this one, rows ..0 for all up to it";
        if self.is_word("between") {
            return Err(self.expected("the ends of the frame").hint(ROWS));
        }
        let start = self.bound().map_err(|error| error.hint(ROWS))?;
        self.expect_symbol("..").map_err(|error| error.hint(ROWS))?;
        let end = self.bound().map_err(|error| error.hint(ROWS))?;
        Ok(Frame::Rows { start, end })
    }

    /// A number of rows, if one comes next.
    fn bound(&mut self) -> Result<Option<i64>> {
        let is_negative = self.accept_symbol("-");
        match self.peek().kind {
            Kind::Literal(Scalar::Int(rows)) => {
                self.next();
                Ok(Some(if is_negative { -rows } else { rows }))
            }
            _ if is_negative => Err(self.expected("a whole number of rows")),
            _ => Ok(None),
        }
    }
}

/// What a window function takes behind the values of rows.
fn constant(expr: Expr) -> Result<Scalar> {
    match expr.node {
        Node::Literal(value) => Ok(value),
        _ => {
            let error = QueryError::Syntax { expected: "a constant".to_owned(), found: format!("`{expr}`") };
            Err(Error::new(error).at(expr.span).hint("it is known before any row is read, as the 1 of lag(x, 1)"))
        }
    }
}

/// What a window function that is not known means elsewhere.
fn unknown(error: Error, name: &str) -> Error {
    let lower = name.to_lowercase();
    if lower != name && (windows::find(&lower).is_ok() || aggregates::find(&lower).is_ok()) {
        return error.hint(format!("words are written in lower case: {lower}(…) over (…)"));
    }
    match foreign::aggregate(&lower).or_else(|| foreign::function(&lower)) {
        Some(hint) => error.hint(hint),
        None => error.hint("`frame help windows` lists the window functions; every aggregate is one too"),
    }
}
