//! The aggregate functions, one per file; [`ALL`] lists them and everything else is derived from it.

mod count;
mod extreme;
mod max;
mod mean;
mod min;
mod numeric;
mod sum;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use frame_core::{Error, QueryError, Result};

/// An aggregate function as the language knows it.
pub trait AggregateFunction: Send + Sync + std::fmt::Debug {
    /// The name in queries.
    fn name(&self) -> &'static str;

    /// One sentence for `frame help`.
    fn help(&self) -> &'static str;

    /// The type of the result for an argument of type `argument` (`None`: no argument).
    ///
    /// # Errors
    /// A type or arity error if the aggregate does not take such an argument.
    fn output_type(&self, argument: Option<&DataType>) -> Result<DataType>;

    /// The type that an argument is converted to before [`GroupStates::update`] sees it; lossless.
    ///
    /// # Errors
    /// Those of [`AggregateFunction::output_type`].
    fn input_type(&self, argument: &DataType) -> Result<DataType>;

    /// States for an argument that had type `argument` before the conversion, with no groups yet.
    ///
    /// # Errors
    /// Those of [`AggregateFunction::output_type`].
    fn start(&self, argument: Option<&DataType>) -> Result<Box<dyn GroupStates>>;
}

/// The states of one aggregate for many groups, in columns.
///
/// The result must not depend on the order of updates and merges: threads, spills and batch sizes must not show.
pub trait GroupStates: Send {
    /// Makes room for groups `0 .. groups`; new ones have seen nothing.
    fn resize(&mut self, groups: usize);

    /// Adds row `i` of `argument` to group `groups[i]`, for every i.
    ///
    /// # Errors
    /// An internal error if `argument` is not of the type that the states were started with.
    fn update(&mut self, groups: &[u32], argument: Option<&ArrayRef>) -> Result<()>;

    /// The states as Arrow columns of one row per group; the groups are forgotten.
    ///
    /// # Errors
    /// An internal error if a column cannot be built.
    fn take_states(&mut self) -> Result<Vec<ArrayRef>>;

    /// Adds row `i` of what [`GroupStates::take_states`] gave elsewhere to group `groups[i]`, for every i.
    ///
    /// # Errors
    /// An internal error if the columns have other types.
    fn merge(&mut self, groups: &[u32], states: &[ArrayRef]) -> Result<()>;

    /// The results, one row per group; the groups are forgotten.
    ///
    /// # Errors
    /// An arithmetic error if a result does not fit its type.
    fn take_values(&mut self) -> Result<ArrayRef>;

    /// Bytes of memory held.
    fn bytes(&self) -> usize;
}

/// Every aggregate function, in the order in which `frame help` shows them.
pub const ALL: &[&dyn AggregateFunction] = &[&count::Count, &sum::Sum, &mean::Mean, &min::Min, &max::Max];

/// The aggregate called `name`.
///
/// # Errors
/// `QueryError::UnknownFunction` with the names there are.
pub fn find(name: &str) -> Result<&'static dyn AggregateFunction> {
    ALL.iter().copied().find(|function| function.name() == name).ok_or_else(|| {
        Error::new(QueryError::UnknownFunction {
            role: "aggregate",
            name: name.to_owned(),
            known: ALL.iter().map(|function| function.name().to_owned()).collect(),
        })
    })
}
