//! How the rows of two sides match: guesses from numbers of rows and of different keys.
//!
//! The keys of the side that has fewer different ones are taken to be among those of the other side, and each key to have as many rows
//! as any other: the formulas of Selinger et al., "Access path selection in a relational database management system" (1979), table 1.

use frame_expr::Expr;

use super::rows::Rows;
use crate::{JoinKind, KeyPair};

/// What becomes of a row of one side beside the other side, on average.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Matches {
    /// Right rows that match a left row.
    pairs: f64,
    /// The part of the left rows that match a right row.
    left: f64,
    /// The part of the right rows that match a left row.
    right: f64,
    /// Right rows for each left row, matching or not.
    rows: f64,
}

impl Matches {
    /// The matches of these keys.
    pub(crate) fn new(keys: &[KeyPair], left: &Rows, right: &Rows) -> Self {
        let (of_left, of_right) = distinct_keys(keys, left, right);
        Self {
            pairs: right.rows / of_left.max(of_right),
            left: (of_right / of_left).min(1.0),
            right: (of_left / of_right).min(1.0),
            rows: right.rows / left.rows.max(1.0),
        }
    }

    /// The part of the right rows that match a left row.
    pub(super) fn of_right(&self) -> f64 {
        self.right
    }

    /// Rows that a join gives for each left row.
    pub(crate) fn times(&self, kind: JoinKind) -> f64 {
        let (left_alone, right_alone) = (1.0 - self.left, self.rows * (1.0 - self.right));
        match kind {
            JoinKind::Inner | JoinKind::Cross => self.pairs,
            JoinKind::Left => self.pairs + left_alone,
            JoinKind::Right => self.pairs + right_alone,
            JoinKind::Full => self.pairs + left_alone + right_alone,
            JoinKind::Semi => self.left,
            JoinKind::Anti => left_alone,
            JoinKind::AsOf => 1.0,
        }
    }
}

/// Different keys of both sides of a join; one without keys.
fn distinct_keys(keys: &[KeyPair], left: &Rows, right: &Rows) -> (f64, f64) {
    let of_left: Vec<Expr> = keys.iter().map(|pair| Expr::column(&pair.left)).collect();
    let of_right: Vec<Expr> = keys.iter().map(|pair| Expr::column(&pair.right)).collect();
    (left.groups(&of_left).max(1.0), right.groups(&of_right).max(1.0))
}
