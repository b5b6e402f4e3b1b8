//! Windows: values of other rows. The functions that exist only there, one per file; [`ALL`] lists them and everything else is derived from
//! it. Every aggregate can stand there too.

mod bound;
mod cume_dist;
mod dense_rank;
mod frames;
mod lag;
mod lead;
mod nth;
mod ntile;
mod percent_rank;
mod rank;
mod row_number;
mod shift;
mod streamed;
mod stretch;
#[cfg(test)]
mod tests;
mod tree;
mod window;

use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use frame_core::{Error, QueryError, Result, Scalar};

pub use bound::BoundWindow;
pub use streamed::{GroupStream, Needs};
pub use stretch::Stretch;
pub use window::{Frame, Window};

/// A function that makes a value of the rows around each row, as the language knows it.
pub trait WindowFunction: Send + Sync + std::fmt::Debug {
    /// The name in queries.
    fn name(&self) -> &'static str;

    /// One sentence for `frame help`.
    fn help(&self) -> &'static str;

    /// A call that works on `data/sales.csv`.
    fn example(&self) -> &'static str;

    /// How many values of rows it takes: its first arguments.
    fn arguments(&self) -> usize {
        0
    }

    /// How many constants stand behind them.
    fn constants(&self) -> RangeInclusive<usize> {
        0..=0
    }

    /// Whether it means nothing without an order.
    fn needs_order(&self) -> bool {
        true
    }

    /// Whether it looks at the frame.
    fn takes_frame(&self) -> bool {
        false
    }

    /// Chooses the computation for arguments of these types; their number has been checked.
    ///
    /// # Errors
    /// A type or range error if the function does not take such arguments or constants.
    fn bind(&self, arguments: &[DataType], constants: &[Scalar]) -> Result<BoundFunction>;
}

/// Makes the values of some rows of their arguments.
type Compute = Arc<dyn Fn(&[ArrayRef], &Stretch) -> Result<ArrayRef> + Send + Sync>;

/// A window function for arguments of known types.
#[derive(Clone)]
pub struct BoundFunction {
    inputs: Vec<DataType>,
    output: DataType,
    compute: Compute,
    streams: Option<Streams>,
}

/// What a value depends on, for a group that is read from its first row to its last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Streams {
    /// Rows so many before and behind.
    Near { before: usize, behind: usize },
    /// The rows of its frame.
    Frame,
    /// The place of the row alone; with that of its peers, and with the number of rows.
    Place { peers: bool, total: bool },
}

impl BoundFunction {
    /// A function that converts its arguments to `inputs`, losing nothing, and gives `output`.
    pub(crate) fn new(
        inputs: Vec<DataType>,
        output: DataType,
        compute: impl Fn(&[ArrayRef], &Stretch) -> Result<ArrayRef> + Send + Sync + 'static,
    ) -> Self {
        Self { inputs, output, compute: Arc::new(compute), streams: None }
    }

    /// The same function, whose values need not all rows of a group at once.
    #[must_use]
    pub(crate) fn streaming(mut self, streams: Streams) -> Self {
        self.streams = Some(streams);
        self
    }
}

impl std::fmt::Debug for BoundFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} -> {:?}", self.inputs, self.output)
    }
}

/// Every window function, in the order in which `frame help` shows them.
pub const ALL: &[&dyn WindowFunction] = &[
    &row_number::RowNumber,
    &rank::Rank,
    &dense_rank::DenseRank,
    &percent_rank::PercentRank,
    &cume_dist::CumulativeDistribution,
    &ntile::Tile,
    &lag::Lag,
    &lead::Lead,
    &nth::Nth,
];

/// The window function called `name`.
///
/// # Errors
/// `QueryError::UnknownFunction` with the names there are, the aggregates among them.
pub fn find(name: &str) -> Result<&'static dyn WindowFunction> {
    ALL.iter().copied().find(|function| function.name() == name).ok_or_else(|| {
        let aggregates = crate::aggregates::ALL.iter().map(|function| function.name().to_owned());
        let known = ALL.iter().map(|function| function.name().to_owned()).chain(aggregates).collect();
        Error::new(QueryError::UnknownFunction { role: "window function", name: name.to_owned(), known })
    })
}
