//! Aggregates for queries built in Rust: one function for each aggregate of the language, and [`aggregate`] for any by its name.

use frame_core::Scalar;
use frame_expr::{AggregateCall, Expr, SortKey};

/// An aggregate for [`GroupedFrame::agg`](super::GroupedFrame::agg).
///
/// ```
/// # fn main() -> frame::Result<()> {
/// use frame::{Session, col, count, max, quantile};
///
/// let session = Session::builder().threads(1).build()?;
/// let spread = session.scan("data/sales.csv").group_by(["category"]).agg([
///     count().filter(col("note").is_not_null()).named("notes"),
///     max("value"),
///     quantile("value", 0.9),
/// ]);
/// assert_eq!(spread.to_text(), "groupby category count where note is not null as notes, max value, p90 value");
/// # assert!(!spread.start()?.to_vec()?.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AggregateSpec(pub(super) AggregateCall);

impl AggregateSpec {
    /// Only rows for which this is true count: `count where condition`.
    #[must_use]
    pub fn filter(mut self, condition: Expr) -> Self {
        self.0.filter = Some(condition);
        self
    }

    /// The order in which rows count, for aggregates that ask for one: `first x order day`.
    #[must_use]
    pub fn order<O: Into<SortKey>>(mut self, order: impl IntoIterator<Item = O>) -> Self {
        self.0.order = order.into_iter().map(Into::into).collect();
        self
    }

    /// The same aggregate with another name for its column.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.0.name = name.into();
        self
    }
}

/// Any aggregate by its name, its constants and its arguments: `aggregate("quantile", [0.9.into()], [col("ms")])`.
///
/// Unknown names, and arguments that do not fit, are errors when the query is planned.
///
/// ```
/// # fn main() -> frame::Result<()> {
/// use frame::{Session, aggregate, col, mean};
///
/// let session = Session::builder().threads(1).build()?;
/// let sales = session.scan("data/sales.csv");
/// let by_name = sales.clone().agg([aggregate("mean", [], [col("value")])]);
/// assert_eq!(by_name.plan(), sales.agg([mean("value")]).plan());
/// # Ok(())
/// # }
/// ```
pub fn aggregate(function: &str, constants: impl IntoIterator<Item = Scalar>, arguments: impl IntoIterator<Item = Expr>) -> AggregateSpec {
    let constants = constants.into_iter().collect();
    let call = AggregateCall { constants, ..AggregateCall::new(function, arguments.into_iter().collect(), function) };
    let name = frame_lang::default_name(&call).unwrap_or_else(|| function.to_owned());
    AggregateSpec(AggregateCall { name, ..call })
}

fn of_column(function: &str, column: impl Into<String>) -> AggregateSpec {
    aggregate(function, [], [Expr::column(column)])
}

fn of_two(function: &str, first: impl Into<String>, second: impl Into<String>) -> AggregateSpec {
    aggregate(function, [], [Expr::column(first), Expr::column(second)])
}

/// The number of rows.
pub fn count() -> AggregateSpec {
    aggregate("count", [], [])
}

/// The exact sum of a column.
pub fn sum(column: impl Into<String>) -> AggregateSpec {
    of_column("sum", column)
}

/// The mean of a column, exact and rounded once.
pub fn mean(column: impl Into<String>) -> AggregateSpec {
    of_column("mean", column)
}

/// The smallest value of a column.
pub fn min(column: impl Into<String>) -> AggregateSpec {
    of_column("min", column)
}

/// The largest value of a column.
pub fn max(column: impl Into<String>) -> AggregateSpec {
    of_column("max", column)
}

/// The median of a column.
pub fn median(column: impl Into<String>) -> AggregateSpec {
    of_column("median", column)
}

/// The standard deviation of a sample.
pub fn std(column: impl Into<String>) -> AggregateSpec {
    of_column("std", column)
}

/// The variance of a sample.
pub fn var(column: impl Into<String>) -> AggregateSpec {
    of_column("var", column)
}

/// The skewness of a column.
pub fn skew(column: impl Into<String>) -> AggregateSpec {
    of_column("skew", column)
}

/// The excess kurtosis of a column.
pub fn kurtosis(column: impl Into<String>) -> AggregateSpec {
    of_column("kurtosis", column)
}

/// The number of different values of a column.
pub fn nunique(column: impl Into<String>) -> AggregateSpec {
    of_column("nunique", column)
}

/// The most frequent value of a column; of several the smallest.
pub fn mode(column: impl Into<String>) -> AggregateSpec {
    of_column("mode", column)
}

/// The first value of a column, by the order of the rows or by [`AggregateSpec::order`].
pub fn first(column: impl Into<String>) -> AggregateSpec {
    of_column("first", column)
}

/// The last value of a column, by the order of the rows or by [`AggregateSpec::order`].
pub fn last(column: impl Into<String>) -> AggregateSpec {
    of_column("last", column)
}

/// The values of a column as a list.
pub fn list(column: impl Into<String>) -> AggregateSpec {
    of_column("list", column)
}

/// The value below which a fraction of a column lies, from 0 to 1.
pub fn quantile(column: impl Into<String>, fraction: f64) -> AggregateSpec {
    aggregate("quantile", [Scalar::Float(fraction)], [Expr::column(column)])
}

/// A list of the largest values of a column: `top 3 value`.
pub fn largest(column: impl Into<String>, values: u32) -> AggregateSpec {
    aggregate("top", [Scalar::Int(values.into())], [Expr::column(column)])
}

/// The texts of a column, one behind the other, with a separator between them.
pub fn concat(column: impl Into<String>, separator: impl Into<String>) -> AggregateSpec {
    aggregate("concat", [Scalar::Text(separator.into())], [Expr::column(column)])
}

/// The correlation of two columns.
pub fn corr(first: impl Into<String>, second: impl Into<String>) -> AggregateSpec {
    of_two("corr", first, second)
}

/// The covariance of a sample of two columns.
pub fn cov(first: impl Into<String>, second: impl Into<String>) -> AggregateSpec {
    of_two("cov", first, second)
}

/// The mean of a column in which each row counts with its weight.
pub fn wmean(column: impl Into<String>, weight: impl Into<String>) -> AggregateSpec {
    of_two("wmean", column, weight)
}

/// The values of a column multiplied.
pub fn product(column: impl Into<String>) -> AggregateSpec {
    of_column("product", column)
}

/// Whether a condition is true for one row at least.
pub fn any(condition: Expr) -> AggregateSpec {
    aggregate("any", [], [condition])
}

/// Whether a condition is true for all rows.
pub fn all(condition: Expr) -> AggregateSpec {
    aggregate("all", [], [condition])
}

/// About how many different values a column has.
pub fn approx_nunique(column: impl Into<String>) -> AggregateSpec {
    of_column("approx_nunique", column)
}

/// About the value of a column below which `fraction` of them lie.
pub fn approx_quantile(column: impl Into<String>, fraction: f64) -> AggregateSpec {
    aggregate("approx_quantile", [Scalar::Float(fraction)], [Expr::column(column)])
}

/// The value of a column in the row where another one is largest.
pub fn argmax(column: impl Into<String>, by: impl Into<String>) -> AggregateSpec {
    of_two("argmax", column, by)
}

/// The value of a column in the row where another one is smallest.
pub fn argmin(column: impl Into<String>, by: impl Into<String>) -> AggregateSpec {
    of_two("argmin", column, by)
}
