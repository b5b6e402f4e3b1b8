//! Whether a right side has each key once by how it is made, so that a join gives one row at most for a left row.

use arrow::datatypes::{DataType, Schema};
use frame_expr::Node;

use crate::{Expect, Join, JoinKind, KeyPair, Plan};

/// Whether a join gives more than one row for some left row, as far as can be told without reading.
pub(super) fn can_fan_out(join: &Join, left: &Schema, right: &Schema) -> bool {
    if join.kind.is_filter() || join.kind == JoinKind::AsOf || join.expect.is_some_and(Expect::right_once) {
        return false;
    }
    // Values that differ may be equal as another type, and −0.0 and 0.0 are.
    let is_exact = |of_left: &DataType, of_right: &DataType| {
        of_left == of_right && !of_left.is_floating() && !of_left.is_nested() && !matches!(of_left, DataType::Dictionary(..))
            || is_text(of_left) && is_text(of_right)
    };
    let type_of = |schema: &Schema, name: &str| schema.field_with_name(name).ok().map(|field| field.data_type().clone());
    let is_told = |pair: &&KeyPair| type_of(left, &pair.left).zip(type_of(right, &pair.right)).is_some_and(|(a, b)| is_exact(&a, &b));
    let names: Vec<&str> = join.keys.iter().filter(is_told).map(|pair| pair.right.as_str()).collect();
    !is_unique(&join.right, &names)
}

pub(in crate::rules) fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => values.is_string(),
        other => other.is_string(),
    }
}

/// Whether no two rows have the same values in these columns; nulls aside, which match nothing.
fn is_unique(plan: &Plan, names: &[&str]) -> bool {
    match plan {
        // Without keys there is one row.
        Plan::Aggregate(aggregate) => !aggregate.with_total && aggregate.keys.iter().all(|key| names.contains(&key.name.as_str())),
        Plan::Dedup(dedup) => dedup.by.iter().all(|name| names.contains(&name.as_str())) || is_unique(&dedup.input, names),
        Plan::Limit(limit) => limit.count <= 1 || is_unique(&limit.input, names),
        Plan::Tail(tail) => tail.count <= 1 || is_unique(&tail.input, names),
        Plan::Project(project) => {
            let below = project.items.iter().filter(|(_, name)| names.contains(&name.as_str()));
            let below: Vec<&str> = below
                .filter_map(|(expr, _)| match &expr.node {
                    Node::Column(column) => Some(column.as_str()),
                    _ => None,
                })
                .collect();
            is_unique(&project.input, &below)
        }
        Plan::Join(join) if join.kind.is_filter() => is_unique(&join.left, names),
        Plan::Filter(filter) => is_unique(&filter.input, names),
        Plan::Sort(sort) => is_unique(&sort.input, names),
        Plan::Mark(mark) => is_unique(&mark.input, names),
        _ => false,
    }
}
