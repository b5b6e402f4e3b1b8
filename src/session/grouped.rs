//! Grouped rows in queries built in Rust.

use frame_core::{Error, QueryError};
use frame_expr::Expr;
use frame_plan::{Aggregate, Filter, KeyItem, Plan};

use super::{AggregateSpec, Frame};

/// A frame whose rows are grouped: only aggregates can follow.
///
/// ```
/// # fn main() -> frame::Result<()> {
/// use frame::{Session, col, count, sum};
///
/// let session = Session::builder().threads(1).build()?;
/// let sales = session.scan("data/sales.csv");
/// let large = sales.clone().group_by(["category"]).having(col("n").gt(1)).agg([count().named("n")]);
/// let with_total = sales.group_by(["category"]).with_total().agg([sum("value")]);
/// assert_eq!(with_total.to_text(), "groupby category sum value with total");
/// # assert_eq!(large.to_text(), "groupby category count as n | where n > 1");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct GroupedFrame {
    frame: Frame,
    keys: Vec<KeyItem>,
    having: Option<Expr>,
    with_total: bool,
}

impl GroupedFrame {
    pub(super) fn new(frame: Frame, keys: Vec<KeyItem>) -> Self {
        Self { frame, keys, having: None, with_total: false }
    }

    /// Keeps the groups for which a condition on the keys and aggregates is true: `… having condition`.
    #[must_use]
    pub fn having(self, condition: Expr) -> Self {
        Self { having: Some(condition), ..self }
    }

    /// One more row at the end, for all rows together: `… with total`. It does not go together with `having`.
    #[must_use]
    pub fn with_total(self) -> Self {
        Self { with_total: true, ..self }
    }

    /// One row per group: the keys, then the aggregates; sorted by key.
    #[must_use]
    pub fn agg(self, aggregates: impl IntoIterator<Item = AggregateSpec>) -> Frame {
        let aggregates: Vec<_> = aggregates.into_iter().map(|spec| spec.0).collect();
        let Self { frame, keys, having, with_total } = self;
        frame.picking(move |input, _| {
            if with_total && having.is_some() {
                let error = Error::new(QueryError::Usage("`having` and `with total` do not go together".to_owned()));
                return Err(error.hint("the total would count groups that `having` drops; filter the rows first, or leave one of them out"));
            }
            let groups = Aggregate { input: Box::new(input), keys: keys.clone(), aggregates: aggregates.clone(), with_total };
            Ok(match having.clone() {
                None => Plan::Aggregate(groups),
                Some(predicate) => Plan::Filter(Filter { input: Box::new(Plan::Aggregate(groups)), predicate }),
            })
        })
    }
}
