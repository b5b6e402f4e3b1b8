//! Windows: for each row the rows of its group, in order, and of them those of its frame.

use std::cmp::Ordering;

use frame_core::Scalar;
use frame_expr::{AggregateCall, Frame, SortKey};
use frame_plan::{Window, WindowItem};

use super::expressions::evaluate;
use super::operators::{by_keys, groups, sorted, values};
use super::{Columns, Failure, Kind, Result, aggregates, expressions};

/// The kind of a window's values.
pub(super) fn kind(item: &WindowItem, columns: &Columns) -> Result<Kind> {
    let window = &item.window;
    match window.function.as_str() {
        "row_number" | "rank" | "dense_rank" | "ntile" => Ok(Kind::Int),
        "percent_rank" | "cume_dist" => Ok(Kind::Float),
        "lag" | "lead" | "nth" => expressions::kind(&window.arguments[0], columns),
        _ => aggregates::kind(&call(item), columns),
    }
}

fn call(item: &WindowItem) -> AggregateCall {
    let window = &item.window;
    AggregateCall { constants: window.constants.clone(), ..AggregateCall::new(&window.function, window.arguments.clone(), "") }
}

/// The rows with a value more for each item.
pub(super) fn windowed(window: &Window, columns: &Columns, rows: Vec<Vec<Scalar>>) -> Result<Vec<Vec<Scalar>>> {
    // One more value behind the others says where each row stands.
    let numbered: Vec<Vec<Scalar>> =
        rows.iter().enumerate().map(|(at, row)| row.iter().cloned().chain([Scalar::Int(at as i64)]).collect()).collect();
    let mut result = rows;
    for item in &window.items {
        for (_, members) in groups(&item.window.by, columns, &numbered)? {
            let members = sorted(&item.window.order, columns, members.into_iter().cloned().collect())?;
            for at in 0..members.len() {
                let value = value(item, columns, &members, at)?;
                if let Some(Scalar::Int(place)) = members[at].last() {
                    result[*place as usize].push(value);
                }
            }
        }
    }
    Ok(result)
}

fn value(item: &WindowItem, columns: &Columns, members: &[Vec<Scalar>], at: usize) -> Result<Scalar> {
    let window = &item.window;
    let keys = |row: &Vec<Scalar>| values(window.order.iter().map(|key: &SortKey| &key.expr), columns, row);
    let own = keys(&members[at])?;
    let mut peers = Vec::new();
    for (place, row) in members.iter().enumerate() {
        if by_keys(&window.order, &own, &keys(row)?)? == Ordering::Equal {
            peers.push(place);
        }
    }
    let (first_peer, last_peer) = (peers[0], peers[peers.len() - 1]);
    let len = members.len();
    let number = window.constants.first().map_or(1, |constant| if let Scalar::Int(number) = constant { *number } else { 1 });
    let argument = |place: i64| match usize::try_from(place).ok().and_then(|place| members.get(place)) {
        Some(row) => evaluate(&window.arguments[0], columns, row),
        None => Ok(window.constants.get(1).cloned().unwrap_or(Scalar::Null)),
    };
    let (start, end) = match &window.frame {
        None if window.order.is_empty() => (0, len),
        None => (0, last_peer + 1),
        Some(Frame::Rows { start, end }) => {
            let place = |bound: i64| (at as i64 + bound).clamp(0, len as i64) as usize;
            let start = start.map_or(0, place);
            (start, end.map_or(len, |end| place(end + 1)).max(start))
        }
        Some(frame) => return Err(Failure::Unknown(frame.to_string())),
    };
    Ok(match window.function.as_str() {
        "row_number" => Scalar::Int(at as i64 + 1),
        "rank" => Scalar::Int(first_peer as i64 + 1),
        "dense_rank" => {
            let mut rank = 1;
            for pair in members[..=at].windows(2) {
                rank += i64::from(by_keys(&window.order, &keys(&pair[0])?, &keys(&pair[1])?)? != Ordering::Equal);
            }
            Scalar::Int(rank)
        }
        "percent_rank" => Scalar::Float(if len == 1 { 0.0 } else { first_peer as f64 / (len - 1) as f64 }),
        "cume_dist" => Scalar::Float((last_peer + 1) as f64 / len as f64),
        "ntile" => {
            // The parts one after the other, the first ones a row longer.
            let parts = number as usize;
            let sizes = (0..parts).map(|part| len / parts + usize::from(part < len % parts));
            let ends = sizes.scan(0, |end, size| {
                *end += size;
                Some(*end)
            });
            Scalar::Int(ends.take_while(|end| *end <= at).count() as i64 + 1)
        }
        "lag" => argument(at as i64 - number)?,
        "lead" => argument(at as i64 + number)?,
        "nth" => match members[start..end].get(number as usize - 1) {
            Some(row) => evaluate(&window.arguments[0], columns, row)?,
            None => Scalar::Null,
        },
        _ => {
            let rows: Vec<&Vec<Scalar>> = members[start..end].iter().collect();
            aggregates::value(&call(item), columns, &rows)?
        }
    })
}
