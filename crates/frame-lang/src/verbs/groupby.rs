//! `groupby`: groups rows by keys and aggregates each group.

use frame_core::{Error, QueryError, Result};
use frame_expr::Node;
use frame_plan::{Aggregate, KeyItem, Plan};

use super::{Verb, aggregates};
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "groupby",
    aliases: &["group"],
    usage: "groupby KEY [as NAME], ... AGGREGATE [as NAME], ...",
    help: "One row per distinct key, sorted by key, nulls last. The first name without a comma before it begins the aggregates.",
    example: "groupby category mean value, count as n",
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let keys = keys(parser)?;
    if parser.at_stage_end() {
        return Err(parser.expected("an aggregate").hint("for example `groupby category count`"));
    }
    let aggregates = aggregates::parse(parser)?;
    Ok(Plan::Aggregate(Aggregate { input: Box::new(input), keys, aggregates }))
}

/// `key, key as name, …`
pub(super) fn keys(parser: &mut Parser<'_>) -> Result<Vec<KeyItem>> {
    parser.list(|parser| {
        let expr = parser.expr()?;
        if parser.accept_word("as") {
            let (name, _) = parser.name()?;
            return Ok(KeyItem { expr, name });
        }
        match &expr.node {
            Node::Column(name) => Ok(KeyItem { name: name.clone(), expr }),
            _ => {
                let error =
                    QueryError::Syntax { expected: "`as NAME` behind a key that is computed".to_owned(), found: format!("`{expr}` alone") };
                Err(Error::new(error).at(expr.span).hint("name it: `groupby length(x) as size count`"))
            }
        }
    })
}
