//! Joins, by nested loops.

use std::cmp::Ordering;

use frame_core::Scalar;
use frame_plan::{AsOf, Direction, Join, JoinKind};

use super::expressions::place;
use super::{Columns, Failure, Kind, Result, Rows, order};

/// The columns of a join of two inputs.
pub(super) fn columns(join: &Join, left: &Columns, right: &Columns) -> Result<Columns> {
    let mut columns = left.clone();
    if join.kind.keeps_right() {
        // Later pairs of the same column do not count.
        for pair in join.keys.iter().rev() {
            let (at, to) = (place(&pair.left, left)?, place(&pair.right, right)?);
            columns[at].1 = left[at].1.common(right[to].1)?;
        }
    }
    for (name, kind) in shown(join, right) {
        let is_taken = left.iter().any(|(known, _)| known == name);
        columns.push((if is_taken { format!("{}.{name}", join.prefix()) } else { name.clone() }, *kind));
    }
    Ok(columns)
}

/// The right columns that come out.
fn shown<'a>(join: &'a Join, right: &'a Columns) -> impl Iterator<Item = &'a (String, Kind)> {
    right.iter().filter(|(name, _)| !join.kind.is_filter() && join.keys.iter().all(|pair| pair.right != *name))
}

/// The rows of a join of two inputs.
pub(super) fn rows(join: &Join, columns: &Columns, left: &Rows, right: &Rows) -> Result<Vec<Vec<Scalar>>> {
    let mut rows = Vec::new();
    let mut is_matched = vec![false; right.rows.len()];
    for row in &left.rows {
        let mut matches = Vec::new();
        for (at, other) in right.rows.iter().enumerate() {
            if is_match(join, left, row, right, other)? {
                matches.push(at);
            }
        }
        if let Some(as_of) = &join.as_of {
            matches = nearest(as_of, left, row, right, &matches)?.into_iter().collect();
        }
        matches.iter().for_each(|at| is_matched[*at] = true);
        match join.kind {
            JoinKind::Semi | JoinKind::Anti => {
                if matches.is_empty() == (join.kind == JoinKind::Anti) {
                    rows.push(row.clone());
                }
                continue;
            }
            JoinKind::Left | JoinKind::Full | JoinKind::AsOf if matches.is_empty() => {
                rows.push(beside(join, columns, (Some(row), left), (None, right))?);
            }
            _ => {}
        }
        for at in matches {
            rows.push(beside(join, columns, (Some(row), left), (Some(&right.rows[at]), right))?);
        }
    }
    if join.kind.keeps_right() {
        for (other, is_matched) in right.rows.iter().zip(is_matched) {
            if !is_matched {
                rows.push(beside(join, columns, (None, left), (Some(other), right))?);
            }
        }
    }
    Ok(rows)
}

fn is_match(join: &Join, left: &Rows, row: &[Scalar], right: &Rows, other: &[Scalar]) -> Result<bool> {
    for pair in &join.keys {
        let (a, b) = (&row[place(&pair.left, &left.columns)?], &other[place(&pair.right, &right.columns)?]);
        if *a == Scalar::Null || *b == Scalar::Null || order::compare(a, b)? != Ordering::Equal {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A row of the result.
fn beside(
    join: &Join,
    columns: &Columns,
    (row, left): (Option<&Vec<Scalar>>, &Rows),
    (other, right): (Option<&Vec<Scalar>>, &Rows),
) -> Result<Vec<Scalar>> {
    let mut values = Vec::new();
    for (at, (name, _)) in left.columns.iter().enumerate() {
        let pair = join.keys.iter().find(|pair| pair.left == *name);
        values.push(match (row, other, pair) {
            (Some(row), ..) => row[at].clone(),
            (None, Some(other), Some(pair)) => other[place(&pair.right, &right.columns)?].clone(),
            _ => Scalar::Null,
        });
    }
    for (name, _) in shown(join, &right.columns) {
        values.push(other.map_or(Ok(Scalar::Null), |other| Ok(other[place(name, &right.columns)?].clone()))?);
    }
    Ok(values.into_iter().zip(columns).map(|(value, (_, kind))| kind.hold(value)).collect())
}

/// A value that has distances.
#[derive(Debug, Clone, Copy)]
enum Point {
    Int(i64),
    Float(f64),
}

fn point(value: &Scalar, kind: Kind) -> Result<Option<Point>> {
    const DAY: i64 = 86_400_000_000;
    Ok(match (value, kind) {
        (Scalar::Null, _) => None,
        (Scalar::Int(int), Kind::Int) => Some(Point::Int(*int)),
        (Scalar::Int(int), Kind::Float) => Some(Point::Float(*int as f64)),
        (Scalar::Float(float), _) => (!float.is_nan()).then_some(Point::Float(*float)),
        (Scalar::Date(days), _) => Some(Point::Int(i64::from(*days) * DAY)),
        (other, _) => return Err(Failure::Unknown(format!("the distance of {other}"))),
    })
}

impl Point {
    fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a.cmp(&b),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
            _ => Ordering::Equal,
        }
    }

    /// How far apart two points are, as ints or as floats.
    fn distance(self, other: Self) -> (i128, f64) {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => ((i128::from(a) - i128::from(b)).abs(), 0.0),
            (Self::Float(a), Self::Float(b)) if a != b => (0, (a - b).abs()),
            _ => (0, 0.0),
        }
    }
}

/// The nearest of the right rows at `matches`.
fn nearest(as_of: &AsOf, left: &Rows, row: &[Scalar], right: &Rows, matches: &[usize]) -> Result<Option<usize>> {
    let (at, to) = (place(&as_of.on.left, &left.columns)?, place(&as_of.on.right, &right.columns)?);
    let kind = left.columns[at].1.common(right.columns[to].1)?;
    let Some(target) = point(&row[at], kind)? else { return Ok(None) };
    let mut below: Option<(usize, Point)> = None;
    let mut above: Option<(usize, Point)> = None;
    for other in matches {
        let Some(value) = point(&right.rows[*other][to], kind)? else { continue };
        if value.compare(target).is_le() && below.is_none_or(|(_, best)| value.compare(best).is_ge()) {
            below = Some((*other, value));
        }
        if value.compare(target).is_ge() && above.is_none_or(|(_, best)| value.compare(best).is_lt()) {
            above = Some((*other, value));
        }
    }
    let found = match (as_of.direction, below, above) {
        (Direction::Backward, below, _) => below,
        (Direction::Forward, _, above) => above,
        (Direction::Nearest, Some(below), Some(above)) => {
            Some(if above.1.distance(target) < below.1.distance(target) { above } else { below })
        }
        (Direction::Nearest, below, above) => below.or(above),
    };
    let is_near = |(_, value): &(usize, Point)| {
        let (ints, floats) = value.distance(target);
        match &as_of.within {
            None => true,
            Some(Scalar::Int(most) | Scalar::Duration(most)) => ints <= i128::from(*most) && floats <= *most as f64,
            Some(Scalar::Float(most)) => ints as f64 <= *most && floats <= *most,
            Some(_) => false,
        }
    };
    Ok(found.filter(is_near).map(|(at, _)| at))
}
