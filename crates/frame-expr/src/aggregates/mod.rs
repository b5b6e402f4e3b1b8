//! The aggregate functions, one per file; [`ALL`] lists them and everything else is derived from it.

mod all;
mod any;
mod approx_nunique;
mod approx_quantile;
mod argmax;
mod argmin;
mod concat;
mod corr;
mod count;
mod cov;
mod extreme;
mod first;
mod kurtosis;
mod last;
mod list;
mod max;
mod mean;
mod median;
mod min;
mod mode;
mod numeric;
mod nunique;
mod product;
mod quantile;
mod skew;
#[cfg(test)]
mod span;
mod std;
mod sum;
#[cfg(test)]
mod tests;
mod top;
mod value;
mod var;
mod wmean;

use ::std::ops::RangeInclusive;
use ::std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use frame_core::{Error, QueryError, Result, Scalar};

use crate::partial::{OfStates, ToStates, fields};

/// An aggregate function as the language knows it.
pub trait AggregateFunction: Send + Sync + ::std::fmt::Debug {
    /// The name in queries.
    fn name(&self) -> &'static str;

    /// One sentence for `frame help`.
    fn help(&self) -> &'static str;

    /// An `agg` item that works on `data/sales.csv`.
    fn example(&self) -> &'static str;

    /// How many arguments it takes.
    fn arguments(&self) -> RangeInclusive<usize> {
        1..=1
    }

    /// How many constants it takes: they are fixed before any row is read, as the 0.9 of `quantile 0.9 ms`.
    fn constants(&self) -> RangeInclusive<usize> {
        0..=0
    }

    /// Chooses the states for arguments of these types; their number has been checked.
    ///
    /// # Errors
    /// A type or range error if the aggregate does not take such arguments or constants.
    fn bind(&self, arguments: &[DataType], constants: &[Scalar]) -> Result<BoundAggregate>;
}

/// An aggregate for arguments of known types.
#[derive(Clone)]
pub struct BoundAggregate {
    inputs: Vec<DataType>,
    output: DataType,
    needs_order: bool,
    can_overflow: bool,
    start: Arc<dyn Fn() -> Box<dyn GroupStates> + Send + Sync>,
    framed: Option<Framed>,
    /// The types of the columns of states, if these are always the same.
    states: Vec<DataType>,
}

/// The values of frames, made of the arguments of all rows; `None` where these values need the general way.
type Framed = Arc<dyn Fn(&[ArrayRef], &[(u32, u32)]) -> Result<Option<ArrayRef>> + Send + Sync>;

impl ::std::fmt::Debug for BoundAggregate {
    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
        write!(f, "{:?} -> {:?}", self.inputs, self.output)
    }
}

impl BoundAggregate {
    /// An aggregate that converts its arguments to `inputs`, losing nothing, and gives `output`.
    pub(crate) fn new<S: GroupStates + 'static>(
        inputs: Vec<DataType>,
        output: DataType,
        start: impl Fn() -> S + Send + Sync + 'static,
    ) -> Self {
        let start = Arc::new(move || -> Box<dyn GroupStates> { Box::new(start()) });
        Self { inputs, output, needs_order: false, can_overflow: false, start, framed: None, states: Vec::new() }
    }

    /// The same aggregate, with the order of the rows as one more argument behind the others; see [`GroupStates::update`].
    #[must_use]
    pub(crate) fn ordered(mut self) -> Self {
        self.needs_order = true;
        self
    }

    /// The same aggregate with a quick way to its values over frames, each the first row and the one behind the last; neither ever
    /// falls from one frame to the next. The values must have the bits that the states would give.
    #[must_use]
    pub(crate) fn framed(
        mut self,
        framed: impl Fn(&[ArrayRef], &[(u32, u32)]) -> Result<Option<ArrayRef>> + Send + Sync + 'static,
    ) -> Self {
        self.framed = Some(Arc::new(framed));
        self
    }

    /// The values of frames by the quick way, if there is one for these values.
    pub(crate) fn quickly(&self, arguments: &[ArrayRef], frames: &[(u32, u32)]) -> Result<Option<ArrayRef>> {
        self.framed.as_ref().map_or(Ok(None), |framed| framed(arguments, frames))
    }

    /// The same aggregate, whose result may not fit its type.
    #[must_use]
    pub(crate) fn overflowing(mut self) -> Self {
        self.can_overflow = true;
        self
    }

    /// The same aggregate, whose columns of states have these types; the last ones may be left out where they have no value.
    #[must_use]
    pub(crate) fn with_states(mut self, states: impl Into<Vec<DataType>>) -> Self {
        self.states = states.into();
        self
    }

    /// The same aggregate with its states as result, a struct.
    pub(crate) fn to_states(&self) -> Self {
        let (start, fields) = (self.start.clone(), fields(&self.states));
        let of = fields.clone();
        Self::new(self.inputs.clone(), DataType::Struct(fields), move || ToStates { states: start(), fields: of.clone() })
    }

    /// The same aggregate of such results in place of rows.
    pub(crate) fn of_states(&self) -> Self {
        let start = self.start.clone();
        let merged = Self::new(vec![DataType::Struct(fields(&self.states))], self.output.clone(), move || OfStates(start()));
        Self { can_overflow: self.can_overflow, ..merged }
    }

    /// Whether its states may stand for rows: they fit into a column, and the order of rows does not matter.
    pub fn has_states(&self) -> bool {
        !self.states.is_empty() && !self.needs_order
    }

    /// The types that the arguments are converted to.
    pub fn inputs(&self) -> &[DataType] {
        &self.inputs
    }

    /// The type of the result.
    pub fn output(&self) -> &DataType {
        &self.output
    }

    /// Whether the order of the rows matters.
    pub fn needs_order(&self) -> bool {
        self.needs_order
    }

    /// Whether the result of some group may not fit its type, which is an error.
    pub fn can_overflow(&self) -> bool {
        self.can_overflow
    }

    /// States without groups.
    pub fn start(&self) -> Box<dyn GroupStates> {
        (self.start)()
    }
}

/// The states of one aggregate for many groups, in columns.
///
/// The result must not depend on the order of updates and merges: threads, spills and batch sizes must not show.
pub trait GroupStates: Send {
    /// Makes room for groups `0 .. groups`; new ones have seen nothing.
    fn resize(&mut self, groups: usize);

    /// Adds row `i` of each argument to group `groups[i]`, for every i.
    ///
    /// An aggregate that needs an order gets it as the last argument: either `UInt64` ranks or `Binary` keys, always the same for the
    /// life of the states; no two rows have the same, and the smaller comes first (bytewise).
    ///
    /// # Errors
    /// An internal error if an argument is not of the type that the aggregate was bound to; an arithmetic error.
    fn update(&mut self, groups: &[u32], arguments: &[ArrayRef]) -> Result<()>;

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
pub const ALL: &[&dyn AggregateFunction] = &[
    &count::Count,
    &sum::Sum,
    &product::ProductOf,
    &mean::Mean,
    &wmean::WeightedMean,
    &min::Min,
    &max::Max,
    &median::Median,
    &quantile::QuantileOf,
    &approx_quantile::ApproximateQuantile,
    &std::Std,
    &var::Var,
    &skew::Skew,
    &kurtosis::Kurtosis,
    &cov::Cov,
    &corr::Corr,
    &nunique::CountUnique,
    &approx_nunique::ApproximateCountUnique,
    &mode::Mode,
    &first::First,
    &last::Last,
    &any::Any,
    &all::All,
    &argmin::ArgMin,
    &argmax::ArgMax,
    &top::Largest,
    &list::ListOf,
    &concat::Concat,
    #[cfg(test)]
    &span::Span,
];

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

/// Checks the number of constants and arguments of a call.
///
/// # Errors
/// `QueryError::Arity`.
pub(crate) fn check_count(function: &dyn AggregateFunction, constants: &[Scalar], arguments: usize) -> Result<()> {
    let arity = |expected: &RangeInclusive<usize>, what: &str, found: usize| {
        let (least, most) = (*expected.start(), *expected.end());
        let number = if least == most { least.to_string() } else { format!("{least} to {most}") };
        let expected = format!("{number} {what}{}", if most == 1 { "" } else { "s" });
        Err(Error::new(QueryError::Arity { function: function.name().to_owned(), expected, found })
            .hint(format!("for example `{}`", function.example())))
    };
    if !function.constants().contains(&constants.len()) {
        return arity(&function.constants(), "constant", constants.len());
    }
    if !function.arguments().contains(&arguments) {
        return arity(&function.arguments(), "argument", arguments);
    }
    Ok(())
}
