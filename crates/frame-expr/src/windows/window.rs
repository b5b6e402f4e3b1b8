//! A call over other rows, as it was written.

use std::fmt::{self, Display, Formatter};

use frame_core::Scalar;

use super::find;
use crate::call::AggregateCall;
use crate::expr::{Expr, SortKey};

/// A call over other rows: `mean(close) over (by symbol order day rows -6..0)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The name of a window function or of an aggregate.
    pub function: String,
    /// What is fixed before any row is read.
    pub constants: Vec<Scalar>,
    /// What the function is computed of, for every row.
    pub arguments: Vec<Expr>,
    /// What the rows of a group have in common; without it all rows are one group.
    pub by: Vec<Expr>,
    /// The order of the rows of a group; rows that are equal in it are peers, and stay in their order.
    pub order: Vec<SortKey>,
    /// Which rows of the group count for a row. Without it these are all of them, or with an order those up to the last peer.
    pub frame: Option<Frame>,
}

/// Which rows of a group count for a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// Those from `start` to `end` rows behind it, both included; negative is before it. `None` reaches to the end of the group.
    Rows {
        /// The first row.
        start: Option<i64>,
        /// The last row.
        end: Option<i64>,
    },
    /// Those less than a duration before it, and its peers.
    Range(Scalar),
}

impl Window {
    /// Every expression of the call.
    pub fn expressions(&self) -> impl Iterator<Item = &Expr> {
        self.arguments.iter().chain(&self.by).chain(self.order.iter().map(|key| &key.expr))
    }

    /// Every expression of the call, to change it in place.
    pub fn expressions_mut(&mut self) -> impl Iterator<Item = &mut Expr> {
        self.arguments.iter_mut().chain(&mut self.by).chain(self.order.iter_mut().map(|key| &mut key.expr))
    }

    /// The call without what stands behind `over`.
    fn call(&self) -> String {
        if find(&self.function).is_err() {
            let call =
                AggregateCall { constants: self.constants.clone(), ..AggregateCall::new(&self.function, self.arguments.clone(), "") };
            return call.to_string();
        }
        let arguments = self.arguments.iter().map(Expr::to_string).chain(self.constants.iter().map(Scalar::to_string));
        format!("{}({})", self.function, arguments.collect::<Vec<_>>().join(", "))
    }
}

/// The call as it is written.
impl Display for Window {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let list = |word: &str, items: Vec<String>| (!items.is_empty()).then(|| format!("{word} {}", items.join(", ")));
        let parts = [
            list("by", self.by.iter().map(Expr::to_string).collect()),
            list("order", self.order.iter().map(SortKey::to_string).collect()),
            self.frame.as_ref().map(Frame::to_string),
        ];
        write!(f, "{} over ({})", self.call(), parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
    }
}

impl Display for Frame {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let bound = |bound: &Option<i64>| bound.map(|bound| bound.to_string()).unwrap_or_default();
        match self {
            Self::Rows { start, end } => write!(f, "rows {}..{}", bound(start), bound(end)),
            Self::Range(duration) => write!(f, "range {duration}"),
        }
    }
}
