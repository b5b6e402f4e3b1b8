//! The builder's methods that change the shape of a table, and those that look at other rows.

use frame_core::{Scalar, Span};
use frame_expr::{Expr, Frame as Rows};
use frame_lang::verbs::{self, EmptySteps};
use frame_plan::{Complete, Explode, Gaps, Plan, Unpivot};

use super::frame::names;
use super::{AggregateSpec, Frame};

impl Frame {
    /// Adds to each row aggregates over its last `rows` rows by a column, itself among them: `rolling 7 rows on column per keys …`.
    ///
    /// ```
    /// # fn main() -> frame::Result<()> {
    /// use frame::{Session, mean};
    ///
    /// let session = Session::builder().threads(1).build()?;
    /// let recent = session.scan("data/sales.csv").rolling_rows(7, "ts", ["category"], [mean("value")]);
    /// assert_eq!(recent.to_text(), "derive mean_value = mean(value) over (by category order ts rows -6..0)");
    /// # assert_eq!(recent.start()?.to_vec()?.iter().map(|batch| batch.num_rows()).sum::<usize>(), 1000);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn rolling_rows<N: Into<String>>(
        self,
        rows: u32,
        on: impl Into<String>,
        per: impl IntoIterator<Item = N>,
        aggregates: impl IntoIterator<Item = AggregateSpec>,
    ) -> Self {
        self.rolled(Rows::Rows { start: Some(1 - i64::from(rows)), end: Some(0) }, on.into(), names(per), aggregates)
    }

    /// Adds to each row aggregates over the rows less than a duration before it: `rolling 15m on column per keys …`.
    #[must_use]
    pub fn rolling<N: Into<String>>(
        self,
        duration: Scalar,
        on: impl Into<String>,
        per: impl IntoIterator<Item = N>,
        aggregates: impl IntoIterator<Item = AggregateSpec>,
    ) -> Self {
        self.rolled(Rows::Range(duration), on.into(), names(per), aggregates)
    }

    fn rolled(self, frame: Rows, on: String, per: Vec<String>, aggregates: impl IntoIterator<Item = AggregateSpec>) -> Self {
        let calls: Vec<_> = aggregates.into_iter().map(|spec| spec.0).collect();
        self.step(move |input, _| verbs::rolled(input, &frame, (on.clone(), Span::default()), &per, calls.clone()))
    }

    /// Aggregates stretches of time, of each group if there are keys, and says what becomes of those without rows:
    /// `resample column every duration per keys … fill prev`.
    ///
    /// ```
    /// # fn main() -> frame::Result<()> {
    /// use frame::{EmptySteps, Scalar, Session, mean};
    ///
    /// let session = Session::builder().threads(1).build()?;
    /// let sales = session.scan("data/sales.csv");
    /// let months = sales.resample("ts", Scalar::Months(1), [] as [&str; 0], [mean("value")], EmptySteps::Null);
    /// assert_eq!(months.to_text(), "groupby truncate(ts, 1mo) as ts mean value | complete ts every 1mo");
    /// # assert!(!months.start()?.to_vec()?.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn resample<N: Into<String>>(
        self,
        column: impl Into<String>,
        every: Scalar,
        per: impl IntoIterator<Item = N>,
        aggregates: impl IntoIterator<Item = AggregateSpec>,
        empty: EmptySteps,
    ) -> Self {
        let (column, per) = (column.into(), names(per));
        let calls: Vec<_> = aggregates.into_iter().map(|spec| spec.0).collect();
        self.step(move |input, tables| {
            verbs::resampled(input, (column.clone(), Span::default()), every.clone(), &per, calls.clone(), empty, tables)
        })
    }

    /// Makes columns of the values of a column, and a row of each group of `rows`: `pivot column in (values) values aggregates rows a, b`.
    ///
    /// ```
    /// # fn main() -> frame::Result<()> {
    /// use frame::{Session, col, sum};
    ///
    /// let session = Session::builder().threads(1).build()?;
    /// let sales = session.scan("data/sales.csv").filter(col("id").lt(100));
    /// let two = sales.clone().pivot("category", ["category_001", "category_002"], [sum("value")], ["note"]);
    /// assert_eq!(two.start()?.schema().field(1).name(), "category_001");
    /// // Every value that there is becomes a column.
    /// let all = sales.pivot_all("category", [sum("value")], ["note"]);
    /// assert!(all.start()?.schema().fields().len() > 10);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn pivot<V: Into<Scalar>, N: Into<String>>(
        self,
        column: impl Into<String>,
        values: impl IntoIterator<Item = V>,
        aggregates: impl IntoIterator<Item = AggregateSpec>,
        rows: impl IntoIterator<Item = N>,
    ) -> Self {
        let values = values.into_iter().map(|value| (value.into(), Span::default())).collect();
        self.turned(column.into(), Some(values), aggregates, names(rows))
    }

    /// The same for all values that the column has, sorted; the input is read for them first: `pivot column values aggregates rows a, b`.
    #[must_use]
    pub fn pivot_all<N: Into<String>>(
        self,
        column: impl Into<String>,
        aggregates: impl IntoIterator<Item = AggregateSpec>,
        rows: impl IntoIterator<Item = N>,
    ) -> Self {
        self.turned(column.into(), None, aggregates, names(rows))
    }

    fn turned(
        self,
        column: String,
        values: Option<Vec<(Scalar, Span)>>,
        aggregates: impl IntoIterator<Item = AggregateSpec>,
        rows: Vec<String>,
    ) -> Self {
        let calls: Vec<_> = aggregates.into_iter().map(|spec| spec.0).collect();
        self.step(move |input, tables| {
            verbs::pivoted(input, (column.clone(), Span::default()), values.clone(), &calls, Some(rows.clone()), tables)
        })
    }

    /// Makes rows of columns: their names in the column `name`, their values in the column `value`: `unpivot a, b into name, value`.
    #[must_use]
    pub fn unpivot<N: Into<String>>(self, columns: impl IntoIterator<Item = N>, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (columns, name, value) = (names(columns), name.into(), value.into());
        self.with(move |input| Plan::Unpivot(Unpivot { input, columns: columns.clone(), name: name.clone(), value: value.clone() }))
    }

    /// Makes a row of each item of a list: `explode column`.
    #[must_use]
    pub fn explode(self, column: impl Into<String>) -> Self {
        let column = column.into();
        self.with(move |input| Plan::Explode(Explode { input, column: column.clone(), separator: None }))
    }

    /// Makes a row of each part of a text: `explode column by separator`.
    #[must_use]
    pub fn explode_by(self, column: impl Into<String>, separator: impl Into<String>) -> Self {
        let (column, separator) = (column.into(), separator.into());
        self.with(move |input| Plan::Explode(Explode { input, column: column.clone(), separator: Some(separator.clone()) }))
    }

    /// Adds rows for the combinations of keys that have none, with nulls in the other columns: `complete a, b`.
    #[must_use]
    pub fn complete<N: Into<String>>(self, keys: impl IntoIterator<Item = N>) -> Self {
        let keys = names(keys);
        self.with(move |input| Plan::Complete(Complete { input, keys: keys.clone(), value: None }))
    }

    /// Adds rows for the steps of time, from the first to the last of each group, that have none: `complete column every duration per keys`.
    #[must_use]
    pub fn complete_every<N: Into<String>>(self, column: impl Into<String>, every: Scalar, per: impl IntoIterator<Item = N>) -> Self {
        let (column, per) = (column.into(), names(per));
        self.with(move |input| Plan::Gaps(Gaps { input, column: column.clone(), every: every.clone(), per: per.clone(), value: None }))
    }

    /// The same with a value in place of the nulls: `complete a, b with value`.
    #[must_use]
    pub fn complete_with<N: Into<String>>(self, keys: impl IntoIterator<Item = N>, value: impl Into<Expr>) -> Self {
        let (keys, value) = (names(keys), value.into());
        self.with(move |input| Plan::Complete(Complete { input, keys: keys.clone(), value: Some(value.clone()) }))
    }
}
