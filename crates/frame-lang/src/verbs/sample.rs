//! `sample`: rows by chance, the same ones every time.

use frame_core::{Error, QueryError, Result, Scalar};
use frame_plan::{Plan, Sample, SampleSize};

use super::Verb;
use crate::lexer::Kind;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "sample",
    aliases: &[],
    usage: "sample COUNT|PERCENT% [per KEY, ...] [seed NUMBER]",
    help: "Keeps rows by chance, in their order: so many (of each group, if there is a key), or each with that chance. The same seed gives the same rows.",
    example: "sample 10 seed 7",
    picks: false,
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let token = parser.next();
    let number = match token.kind {
        Kind::Literal(Scalar::Int(number @ 0..)) => number as f64,
        Kind::Literal(Scalar::Float(number)) if number >= 0.0 => number,
        _ => return Err(parser.expected_at("a number of rows, or a percentage such as 1%", &token)),
    };
    let size = if parser.accept_symbol("%") {
        if number > 100.0 {
            let error = QueryError::Syntax { expected: "at most 100%".to_owned(), found: format!("{number}%") };
            return Err(Error::new(error).at(token.span).hint("each row is kept once at most: `sample 100%` keeps all"));
        }
        SampleSize::Fraction(number / 100.0)
    } else if number.fract() == 0.0 {
        SampleSize::Rows(number as u64)
    } else {
        return Err(parser.expected_at("a whole number of rows, or a percentage such as 1%", &token));
    };
    let per = if parser.accept_word("per") { parser.list(Parser::expr)? } else { Vec::new() };
    let seed = if parser.accept_word("seed") { parser.count()? } else { 0 };
    Ok(Plan::Sample(Sample { input: Box::new(input), size, per, seed }))
}
