//! `write`: the rows into a file, or into a folder of files.

use frame_core::{Result, Scalar};
use frame_plan::{Plan, Target, Write};

use super::Verb;
use crate::columns;
use crate::lexer::Kind;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "write",
    aliases: &[],
    usage: "write 'PATH' [as FORMAT] [partition COLUMN, ...]",
    help: "Writes the rows, which appear when they are complete: at the end of a query instead of an answer; elsewhere they go on as well. \
           The ending of the path names the format. With `partition`, PATH is a folder with one such as day=2024-01-31 for each value \
           (parquet unless said otherwise).",
    example: "write 'sales.ndjson'",
    picks: false,
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let token = parser.next();
    let Kind::Literal(Scalar::Text(path)) = token.kind else {
        return Err(parser.expected_at("a path in single quotes", &token));
    };
    let format = if parser.accept_word("as") { Some(parser.name()?.0) } else { None };
    let partition = if parser.accept_word("partition") { parser.list(|parser| columns::name(parser, &input))? } else { Vec::new() };
    Ok(Plan::Write(Write { input: Box::new(input), target: Target { path, format, partition, span: token.span } }))
}
