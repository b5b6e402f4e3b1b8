//! `groupby`: groups rows by keys and aggregates each group.

use frame_core::{Error, QueryError, Result};
use frame_expr::Node;
use frame_plan::{Aggregate, Filter, KeyItem, Plan};

use super::{Verb, aggregates};
use crate::lexer::Kind;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "groupby",
    aliases: &["group"],
    usage: "groupby KEY [as NAME], ... AGGREGATE [where CONDITION] [as NAME], ... [having CONDITION] [with total]",
    help: "One row per distinct key, sorted by key, nulls last. The first name without a comma before it begins the aggregates.",
    example: "groupby category mean value, count as n",
    picks: true,
    parse,
};

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    if parser.is_word("by") {
        return Err(parser.expected("a key").hint("leave `by` out: `groupby category count`"));
    }
    let keys = keys(parser)?;
    if parser.at_stage_end() {
        let is_behind_bar = parser.peek().kind == Kind::Separator && aggregates::is_word(parser.peek_at(1));
        return Err(parser.expected("an aggregate").hint(match is_behind_bar {
            true => "the aggregates stand in the same stage, without a bar: `groupby category mean value`",
            false => "for example `groupby category count`",
        }));
    }
    let misplaced =
        keys.iter().skip(1).find(|key| matches!(&key.expr.node, Node::Column(name) if frame_expr::aggregates::find(name).is_ok()));
    if let Some(key) = misplaced.filter(|_| !aggregates::is_next(parser)) {
        let error =
            QueryError::Syntax { expected: "another key behind the comma".to_owned(), found: format!("the aggregate `{}`", key.name) };
        return Err(Error::new(error)
            .at(key.expr.span)
            .hint("no comma stands between the keys and the aggregates: `groupby category mean value`"));
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
                Err(Error::new(error).at(expr.span).hint(match &expr.node {
                    Node::Literal(_) => "columns stand without quotes: `groupby category count`",
                    _ => "name it: `groupby length(x) as size count`",
                }))
            }
        }
    })
}
