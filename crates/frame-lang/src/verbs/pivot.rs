//! `pivot`: values as columns. It is a grouping with a condition behind each aggregate.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Int64Type, Schema, TimeUnit};
use frame_core::{Error, QueryError, Result, Scalar, Span};
use frame_expr::{AggregateCall, BadCast, BinaryOp, Expr, Node, type_name};
use frame_plan::{Aggregate, Catalog, KeyItem, Limit, Plan, Project};

use super::{Verb, aggregates};
use crate::columns;
use crate::parser::Parser;

pub(super) const VERB: Verb = Verb {
    name: "pivot",
    aliases: &[],
    usage: "pivot COLUMN [in (VALUE, ...)] values AGGREGATE, ... [rows COLUMN, ...]",
    help: "One row per group of rows, one column per value of a column, named after it (and the aggregate, if there are several). Without `in` the values are looked up first, without `rows` all other columns are the group.",
    example: "pivot category in ('category_001', 'category_002') values sum value rows note",
    picks: true,
    parse,
};

/// The most values that are made into columns.
pub const VALUES_MAX: usize = 10_000;

fn parse(parser: &mut Parser<'_>, input: Plan) -> Result<Plan> {
    let span = parser.peek().span;
    let column = columns::name(parser, &input)?;
    let values = if parser.accept_word("in") {
        parser.expect_symbol("(")?;
        let values = parser.list(value)?;
        parser.expect_symbol(")")?;
        Some(values)
    } else {
        None
    };
    parser.expect_word("values")?;
    let mut calls: Vec<AggregateCall> = Vec::new();
    parser.list(|parser| {
        let mut new = aggregates::unnamed(parser, &input, calls.last())?;
        let name = if parser.accept_word("as") { Some(parser.name()?.0) } else { None };
        new.iter_mut().for_each(|call| call.name = name.clone().or_else(|| aggregates::default_name(call)).unwrap_or_default());
        calls.extend(new);
        Ok(())
    })?;
    let rows = if parser.accept_word("rows") { Some(columns::names(parser, &input)?) } else { None };
    let whole = span.to(parser.last_span());
    let catalog = parser.catalog();
    let plan = pivoted(input, (column, span), values, &calls, rows, catalog)?;
    super::checked(parser, plan, |_| whole)
}

/// A constant and its place.
fn value(parser: &mut Parser<'_>) -> Result<(Scalar, Span)> {
    let token = parser.peek().clone();
    let expr = parser.expr()?;
    match expr.node {
        Node::Literal(value) => Ok((value, expr.span)),
        _ => Err(parser.expected_at("a constant", &token).hint("the values are known before any row is read: in ('q1', 'q2')")),
    }
}

/// The plan of `pivot column in (values) values calls rows a, b`. Without values they are found by reading the input.
///
/// # Errors
/// `UnknownColumn`; `TooLarge` if more than [`VALUES_MAX`] values are found; what reading the input can fail with.
pub fn pivoted(
    input: Plan,
    (column, span): (String, Span),
    values: Option<Vec<(Scalar, Span)>>,
    calls: &[AggregateCall],
    rows: Option<Vec<String>>,
    catalog: &dyn Catalog,
) -> Result<Plan> {
    let schema = input.schema(catalog)?;
    columns::known(&schema, &column).map_err(|error| error.at(span))?;
    let mut used = vec![column.clone()];
    calls.iter().flat_map(AggregateCall::expressions).for_each(|expr| expr.collect_columns(&mut used));
    let rows =
        rows.unwrap_or_else(|| schema.fields().iter().map(|field| field.name().clone()).filter(|name| !used.contains(name)).collect());
    let data_type = schema.field_with_name(&column)?.data_type();
    // What is compared with the values: the column, or its text if there are no constants of its type.
    let compared = match data_type {
        _ if has_constants(data_type) => Expr::column(&column).at(span),
        _ if values.is_some() => Expr::column(&column).at(span),
        _ => Expr::new(Node::Cast { operand: Box::new(Expr::column(&column)), to: DataType::Utf8View, bad: BadCast::Fail }).at(span),
    };
    let values = match values {
        Some(values) => values,
        None => found(&input, &compared, catalog)?.into_iter().map(|value| (value, span)).collect(),
    };
    let has_suffix =
        |call: &AggregateCall| calls.len() > 1 || !call.name.is_empty() && Some(&call.name) != aggregates::default_name(call).as_ref();
    let mut cells: Vec<Cell<'_>> = Vec::new();
    for (value, value_span) in values {
        let text = text(&value);
        for call in calls {
            let name = match has_suffix(call) {
                true if call.name.is_empty() => return Err(aggregates::nameless(call)),
                true => format!("{text}_{}", call.name),
                false => text.clone(),
            };
            if rows.contains(&name) || cells.iter().any(|other| other.name == name) {
                let error = Error::new(QueryError::DuplicateColumn { name }).at(value_span);
                return Err(error.hint("each value becomes a column: leave one of them out, or name the aggregate with `as`"));
            }
            cells.push(Cell { name, call, is_value: condition(&compared, &value, value_span) });
        }
    }
    let keys: Vec<KeyItem> = rows.into_iter().map(|name| KeyItem { expr: Expr::column(&name), name }).collect();
    if cells.is_empty() && keys.is_empty() {
        let error = Error::new(QueryError::Usage(format!("`{column}` has no values to make columns of"))).at(span);
        return Err(error.hint("the input has no rows; list the values: `pivot x in ('a', 'b') …`"));
    }
    if cells.len() > NARROW_MAX
        && let Some(plan) = wide(&input, &column, &keys, calls, &cells, &schema)?
    {
        return Ok(plan);
    }
    let aggregate = |cell: Cell<'_>| {
        let filter = Some(match &cell.call.filter {
            None => cell.is_value,
            Some(filter) => Expr::binary(BinaryOp::And, cell.is_value, filter.clone()),
        });
        AggregateCall { name: cell.name, filter, ..cell.call.clone() }
    };
    let aggregates = cells.into_iter().map(aggregate).collect();
    Ok(Plan::Aggregate(Aggregate { input: Box::new(input), keys, aggregates, with_total: false }))
}

/// With more columns the rows are grouped by the column too, before its values become columns: then a row is looked at once.
const NARROW_MAX: usize = 32;

/// A column of the result: an aggregate of the rows that have a value.
struct Cell<'a> {
    name: String,
    call: &'a AggregateCall,
    is_value: Expr,
}

/// Many columns: the aggregates of each group and value, and then the one of each value. `None` if an aggregate of nothing is no null and
/// no number.
fn wide(
    input: &Plan,
    column: &str,
    keys: &[KeyItem],
    calls: &[AggregateCall],
    cells: &[Cell<'_>],
    schema: &Schema,
) -> Result<Option<Plan>> {
    let is_taken = |name: &String| name == column || keys.iter().any(|key| key.name == *name);
    let mut names = (1..).map(|number| format!("value {number}")).filter(|name| !is_taken(name));
    let (mut first, mut nothings) = (Vec::new(), Vec::new());
    for call in calls {
        let mut states = call.bind(schema)?.aggregate.start();
        states.resize(1);
        let nothing = states.take_values()?;
        nothings.push(match nothing.as_primitive_opt::<Int64Type>() {
            _ if nothing.data_type().is_nested() => return Ok(None),
            _ if nothing.is_null(0) => None,
            Some(number) => Some(number.value(0)),
            None => return Ok(None),
        });
        first.push(AggregateCall { name: names.next().unwrap_or_default(), ..call.clone() });
    }
    let of_call = |call: &AggregateCall| calls.iter().position(|other| std::ptr::eq(other, call)).unwrap_or_default();
    let second = cells.iter().map(|cell| {
        let value = Expr::column(&first[of_call(cell.call)].name);
        AggregateCall { filter: Some(cell.is_value.clone()), ..AggregateCall::new("first", vec![value], cell.name.clone()) }
    });
    let second: Vec<AggregateCall> = second.collect();
    let mut items: Vec<(Expr, String)> = keys.iter().map(|key| (Expr::column(&key.name), key.name.clone())).collect();
    items.extend(cells.iter().map(|cell| {
        let value = Expr::column(&cell.name);
        let value = match nothings[of_call(cell.call)] {
            None => value,
            Some(nothing) => Expr::binary(BinaryOp::Coalesce, value, Expr::literal(Scalar::Int(nothing))),
        };
        (value, cell.name.clone())
    }));
    let with_column = keys.iter().cloned().chain([KeyItem { expr: Expr::column(column), name: column.to_owned() }]).collect();
    let groups = Plan::Aggregate(Aggregate { input: Box::new(input.clone()), keys: with_column, aggregates: first, with_total: false });
    let own_keys = keys.iter().map(|key| KeyItem { expr: Expr::column(&key.name), name: key.name.clone() }).collect();
    let plan = Plan::Aggregate(Aggregate { input: Box::new(groups), keys: own_keys, aggregates: second, with_total: false });
    Ok(Some(if nothings.iter().all(Option::is_none) { plan } else { Plan::Project(Project { input: Box::new(plan), items }) }))
}

/// The different values of an expression, sorted, nulls last.
fn found(input: &Plan, compared: &Expr, catalog: &dyn Catalog) -> Result<Vec<Scalar>> {
    let key = KeyItem { expr: compared.clone(), name: "value".to_owned() };
    let distinct =
        Plan::Aggregate(Aggregate { input: Box::new(input.clone()), keys: vec![key], aggregates: Vec::new(), with_total: false });
    // One more than there may be, to know that they are too many.
    let few = Plan::Limit(Limit { input: Box::new(distinct), offset: 0, count: VALUES_MAX as u64 + 1 });
    let values = catalog.values(&few).map_err(|error| error.at(compared.span))?;
    if values.len() > VALUES_MAX {
        let error =
            Error::new(QueryError::TooLarge { what: "the number of values that become columns", limit: VALUES_MAX }).at(compared.span);
        return Err(error.hint("list those that matter: `pivot x in ('a', 'b') …`, or round them first"));
    }
    Ok(values)
}

/// Whether the values of a type can be written as constants.
fn has_constants(data_type: &DataType) -> bool {
    match data_type {
        DataType::UInt64 => false,
        DataType::Boolean | DataType::Float32 | DataType::Float64 | DataType::Date32 => true,
        DataType::Timestamp(TimeUnit::Second | TimeUnit::Millisecond | TimeUnit::Microsecond, None) => true,
        other => other.is_integer() || type_name(other) == "text",
    }
}

/// `column = value`, in a form that is true for nulls and NaN too.
fn condition(compared: &Expr, value: &Scalar, span: Span) -> Expr {
    let node = match value {
        Scalar::Null => Node::IsNull { operand: Box::new(compared.clone()), negated: false },
        Scalar::Float(number) if number.is_nan() => Node::Call { function: "is_nan".to_owned(), arguments: vec![compared.clone()] },
        _ => return Expr::binary(BinaryOp::Equal, compared.clone(), Expr::literal(value.clone()).at(span)).at(span),
    };
    Expr::new(node).at(span)
}

/// The value as the name of a column.
fn text(value: &Scalar) -> String {
    match value {
        Scalar::Text(text) => text.clone(),
        other => other.to_string().trim_start_matches('@').to_owned(),
    }
}
