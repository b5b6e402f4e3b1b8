//! `groupby`: groups rows by keys and aggregates each group.

use frame_core::{Error, QueryError, Result};
use frame_expr::Node;
use frame_plan::{Aggregate, Filter, KeyItem, Plan};

use super::{Verb, aggregates};
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "groupby",
    aliases: &["group"],
    usage: "groupby KEY [as NAME], ... AGGREGATE [where CONDITION] [as NAME], ... [having CONDITION] [with total]",
    help: "One row per distinct key, sorted by key, nulls last. The first name without a comma before it begins the aggregates.",
    example: "groupby category mean value, count as n",
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let keys = keys(parser)?;
    if parser.at_stage_end() {
        return Err(parser.expected("an aggregate").hint("for example `groupby category count`"));
    }
    let aggregates = aggregates::parse(parser, &input)?;
    let having = if parser.accept_word("having") { Some(parser.expr()?) } else { None };
    let with_total = parser.accept_word("with");
    if with_total {
        parser.expect_word("total")?;
    }
    if with_total && having.is_some() {
        let error = Error::new(QueryError::Usage("`having` and `with total` do not go together".to_owned())).at(parser.last_span());
        return Err(error.hint("the total would count groups that `having` drops; filter the rows first, or leave one of them out"));
    }
    let groups = Plan::Aggregate(Aggregate { input: Box::new(input), keys, aggregates, with_total });
    Ok(match having {
        None => groups,
        Some(predicate) => Plan::Filter(Filter { input: Box::new(groups), predicate }),
    })
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
