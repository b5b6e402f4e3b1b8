//! What `alias.name` means behind a join.

use arrow::datatypes::SchemaRef;
use frame_core::{Error, QueryError, Result};
use frame_expr::{Expr, Node};
use frame_plan::{Catalog, Join, JoinKind, Plan};

/// What a column behind an alias is called in the rows of a plan.
pub(crate) enum Meaning {
    /// No join of the plan has that alias.
    Unknown,
    /// The column.
    Column(String),
}

/// Whether the plan has a join whose right side has columns.
pub(crate) fn has_aliases(plan: &Plan) -> bool {
    matches!(plan, Plan::Join(join) if !join.kind.is_filter()) || plan.inputs().first().is_some_and(|input| has_aliases(input))
}

/// What `alias.name` is called in the rows of `plan`.
///
/// # Errors
/// `UnknownColumn` if the alias is known and the column is not there, or not any more.
pub(crate) fn meaning(plan: &Plan, alias: &str, name: &str, catalog: &dyn Catalog) -> Result<Meaning> {
    let below = match plan {
        Plan::Join(join) if join.prefix() == alias && !join.kind.is_filter() => return of_join(join, name, catalog).map(Meaning::Column),
        Plan::Scan(_) | Plan::Union(_) => return Ok(Meaning::Unknown),
        Plan::Join(join) => &join.left,
        other => match other.inputs().into_iter().next() {
            Some(input) => input,
            None => return Ok(Meaning::Unknown),
        },
    };
    let Meaning::Column(found) = meaning(below, alias, name, catalog)? else { return Ok(Meaning::Unknown) };
    let is_it = |expr: &Expr| matches!(&expr.node, Node::Column(column) if *column == found);
    let renamed = match plan {
        Plan::Project(project) => project.items.iter().find(|(expr, _)| is_it(expr)).map(|(_, name)| name.clone()),
        Plan::Aggregate(aggregate) => aggregate.keys.iter().find(|key| is_it(&key.expr)).map(|key| key.name.clone()),
        _ => return Ok(Meaning::Column(found)),
    };
    renamed.map(Meaning::Column).ok_or_else(|| match plan.schema(catalog) {
        Ok(schema) => unknown(&format!("{alias}.{name}"), &schema),
        Err(error) => error,
    })
}

/// What a right column is called in the result of its join.
fn of_join(join: &Join, name: &str, catalog: &dyn Catalog) -> Result<String> {
    let (left, right) = (join.left.schema(catalog)?, join.right.schema(catalog)?);
    if right.field_with_name(name).is_err() {
        return Err(unknown(name, &right));
    }
    let Some(pair) = join.keys.iter().find(|pair| pair.right == name) else { return Ok(join.output(name, &left)) };
    if matches!(join.kind, JoinKind::Inner | JoinKind::Right) {
        return Ok(pair.left.clone());
    }
    let error = QueryError::Usage(format!("`{}.{name}` is a key and appears once in the result, as `{}`", join.prefix(), pair.left));
    Err(Error::new(error).hint("to tell rows without a match, join a column that is never null, or use `join anti`"))
}

fn unknown(name: &str, schema: &SchemaRef) -> Error {
    let known = schema.fields().iter().map(|field| field.name().clone()).collect();
    Error::new(QueryError::UnknownColumn { name: name.to_owned(), known })
}
