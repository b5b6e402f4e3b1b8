//! The baseline of `frame bench`: one thread, eager, row at a time, in the manner of pandas.
//!
//! It reads the columns that the query names into memory, whole, then filters row by row, then groups with a hash map and sums in
//! floats, in the order of the rows. It shares the parser of queries with the engine and nothing else: no scan, no operator.

mod columns;
mod rows;

use std::collections::BTreeMap;

use frame::{Error, Input, Plan, Result};
use frame_core::QueryError;
use frame_plan::{Aggregate, Catalog};

use columns::{Cell, Columns};

/// The answer: a header, and a line per group in the order of the keys.
pub(crate) type Lines = Vec<Vec<String>>;

/// Runs a query of the form `[where condition |] groupby keys aggregates` or `agg aggregates` over a CSV file.
pub(crate) fn run(text: &str, input: &Input, catalog: &dyn Catalog) -> Result<Lines> {
    let plan = frame_lang::parse(text, vec![input.clone()], catalog)?;
    let Plan::Aggregate(aggregate) = &plan else { return Err(cannot()) };
    let condition = match aggregate.input.as_ref() {
        Plan::Scan(_) => None,
        Plan::Filter(filter) if matches!(*filter.input, Plan::Scan(_)) => Some(&filter.predicate),
        _ => return Err(cannot()),
    };
    if condition.is_some_and(|condition| !rows::is_known(condition)) {
        return Err(cannot());
    }
    let named = plan.named_columns(catalog)?.concat();
    let schema = catalog.schema(input)?;
    let numeric = schema.fields().iter().filter(|field| field.data_type().is_numeric()).map(|field| field.name().clone());
    let columns = Columns::read(input, &named, &numeric.collect::<Vec<_>>())?;
    let kept: Vec<usize> = match condition {
        None => (0..columns.rows).collect(),
        Some(condition) => (0..columns.rows).filter(|row| rows::is_true(condition, &columns, *row)).collect(),
    };
    group(aggregate, &columns, &kept)
}

fn cannot() -> Error {
    Error::new(QueryError::Usage("the baseline cannot run this query".to_owned()))
        .hint("bench takes `[where condition |] groupby keys aggregates` with columns, comparisons and count, sum, mean, min, max")
}

/// The aggregates that the baseline knows.
const FUNCTIONS: [&str; 5] = ["count", "sum", "mean", "min", "max"];

/// What a group has seen of one aggregate's column.
#[derive(Debug, Clone, Copy)]
struct Total {
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
}

fn group(aggregate: &Aggregate, columns: &Columns, kept: &[usize]) -> Result<Lines> {
    let column = |expr: &frame::Expr| rows::column(expr).and_then(|name| columns.index(name)).ok_or_else(cannot);
    let keys = aggregate.keys.iter().map(|key| column(&key.expr)).collect::<Result<Vec<_>>>()?;
    if aggregate.with_total || aggregate.aggregates.iter().any(|call| call.filter.is_some() || !FUNCTIONS.contains(&call.function.as_str()))
    {
        return Err(cannot());
    }
    let arguments = aggregate.aggregates.iter().map(|call| call.arguments.first().map(column).transpose()).collect::<Result<Vec<_>>>()?;
    for (call, argument) in aggregate.aggregates.iter().zip(&arguments) {
        if call.function != "count" && argument.is_some_and(|column| !columns.is_numeric(column)) {
            return Err(cannot());
        }
    }
    let nothing = Total { count: 0, sum: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY };
    let mut groups: std::collections::HashMap<Vec<Option<String>>, Vec<Total>> = std::collections::HashMap::new();
    for row in kept {
        let key = keys.iter().map(|column| columns.cell(*column, *row).text()).collect();
        let totals = groups.entry(key).or_insert_with(|| vec![nothing; arguments.len()]);
        for (total, argument) in totals.iter_mut().zip(&arguments) {
            match argument.map(|column| columns.cell(column, *row)) {
                None => total.count += 1,
                Some(Cell::Number(value)) => {
                    total.count += 1;
                    total.sum += value;
                    total.min = total.min.min(value);
                    total.max = total.max.max(value);
                }
                Some(Cell::Text(_)) => total.count += 1,
                Some(Cell::Null) => {}
            }
        }
    }
    if aggregate.keys.is_empty() && groups.is_empty() {
        groups.insert(Vec::new(), vec![nothing; arguments.len()]);
    }
    let names = aggregate.keys.iter().map(|key| key.name.clone()).chain(aggregate.aggregates.iter().map(|call| call.name.clone()));
    let mut lines = vec![names.collect()];
    // Nulls come last.
    let sorted: BTreeMap<Vec<(bool, String)>, Vec<Total>> = groups
        .into_iter()
        .map(|(key, totals)| (key.into_iter().map(|key| (key.is_none(), key.unwrap_or_default())).collect(), totals))
        .collect();
    for (key, totals) in sorted {
        let values = aggregate.aggregates.iter().zip(totals).map(|(call, total)| finish(&call.function, total));
        lines.push(key.into_iter().map(|(_, key)| Ok(key)).chain(values).collect::<Result<_>>()?);
    }
    Ok(lines)
}

fn finish(function: &str, total: Total) -> Result<String> {
    let value = match function {
        "count" => return Ok(total.count.to_string()),
        _ if total.count == 0 => return Ok(String::new()),
        "sum" => total.sum,
        "mean" => total.sum / total.count as f64,
        "min" => total.min,
        "max" => total.max,
        _ => return Err(cannot()),
    };
    Ok(format!("{value:?}"))
}
