//! Windows for queries built in Rust: values of other rows.

use frame_core::Scalar;
use frame_expr::{AggregateCall, Expr, Frame as Rows, Node, SortKey, Window};
use frame_lang::verbs;

use super::AggregateSpec;

/// Which rows a window looks at, and in which order: what stands behind `over` in the language.
///
/// ```
/// # fn main() -> frame::Result<()> {
/// use frame::{Over, Session, col, lag, mean};
///
/// let session = Session::builder().threads(1).build()?;
/// let over = Over::all().by([col("category")]).order([col("ts")]);
/// let sales = session.scan("data/sales.csv").derive([
///     ("recent", mean("value").over(over.clone().rows(-6, 0))),
///     ("before", lag(col("value"), 1).over(over)),
/// ]);
/// assert_eq!(
///     sales.to_text(),
///     "derive recent = mean(value) over (by category order ts rows -6..0), before = lag(value, 1) over (by category order ts)"
/// );
/// # assert_eq!(sales.start()?.to_vec()?.iter().map(|batch| batch.num_rows()).sum::<usize>(), 1000);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Over {
    by: Vec<Expr>,
    order: Vec<SortKey>,
    frame: Option<Rows>,
}

impl Over {
    /// All rows: `over ()`.
    pub fn all() -> Self {
        Self::default()
    }

    /// The rows that are equal in these: `over (by a, b)`.
    #[must_use]
    pub fn by(self, by: impl IntoIterator<Item = Expr>) -> Self {
        Self { by: by.into_iter().collect(), ..self }
    }

    /// The rows in this order, up to those that are equal in it: `over (order a, -b)`.
    #[must_use]
    pub fn order<O: Into<SortKey>>(self, order: impl IntoIterator<Item = O>) -> Self {
        Self { order: order.into_iter().map(Into::into).collect(), ..self }
    }

    /// The rows from `start` to `end` rows behind each row, negative before it; `None` reaches to the end: `over (order a rows -6..0)`.
    #[must_use]
    pub fn rows(self, start: impl Into<Option<i64>>, end: impl Into<Option<i64>>) -> Self {
        Self { frame: Some(Rows::Rows { start: start.into(), end: end.into() }), ..self }
    }

    /// The rows less than a duration before each row: `over (order ts range 15m)`.
    #[must_use]
    pub fn range(self, duration: Scalar) -> Self {
        Self { frame: Some(Rows::Range(duration)), ..self }
    }
}

impl AggregateSpec {
    /// The aggregate over other rows, as an expression: `sum(x) over (by a order b)`.
    #[must_use]
    pub fn over(self, over: Over) -> Expr {
        let order = if over.order.is_empty() { self.0.order.clone() } else { over.order };
        Expr::new(Node::Window(Box::new(verbs::windowed(self.0, over.by, order, over.frame))))
    }
}

/// A window function that wants to know over which rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowSpec(AggregateCall);

impl WindowSpec {
    /// The function over other rows, as an expression: `rank() over (by a order b)`.
    #[must_use]
    pub fn over(self, over: Over) -> Expr {
        let AggregateCall { function, constants, arguments, .. } = self.0;
        Expr::new(Node::Window(Box::new(Window { function, constants, arguments, by: over.by, order: over.order, frame: over.frame })))
    }
}

/// Any window function by its name, what it takes of rows, and its constants: `window("lag", [col("x")], [1.into()])`.
pub fn window(function: &str, arguments: impl IntoIterator<Item = Expr>, constants: impl IntoIterator<Item = Scalar>) -> WindowSpec {
    let call = AggregateCall::new(function, arguments.into_iter().collect(), "");
    WindowSpec(AggregateCall { constants: constants.into_iter().collect(), ..call })
}

/// The number of each row: `row_number()`.
pub fn row_number() -> WindowSpec {
    window("row_number", [], [])
}

/// The place of each row, with gaps behind equal ones: `rank()`.
pub fn rank() -> WindowSpec {
    window("rank", [], [])
}

/// The place of each row without gaps: `dense_rank()`.
pub fn dense_rank() -> WindowSpec {
    window("dense_rank", [], [])
}

/// The part of the other rows that come before each row: `percent_rank()`.
pub fn percent_rank() -> WindowSpec {
    window("percent_rank", [], [])
}

/// The part of the rows up to each row: `cume_dist()`.
pub fn cume_dist() -> WindowSpec {
    window("cume_dist", [], [])
}

/// Which of `parts` parts each row falls into: `ntile(parts)`.
pub fn ntile(parts: i64) -> WindowSpec {
    window("ntile", [], [parts.into()])
}

/// The value so many rows before each row: `lag(x, rows)`.
pub fn lag(value: Expr, rows: i64) -> WindowSpec {
    window("lag", [value], [rows.into()])
}

/// The value so many rows behind each row: `lead(x, rows)`.
pub fn lead(value: Expr, rows: i64) -> WindowSpec {
    window("lead", [value], [rows.into()])
}

/// The value of the row with this number in the frame, from 1: `nth(x, number)`.
pub fn nth(value: Expr, number: i64) -> WindowSpec {
    window("nth", [value], [number.into()])
}
