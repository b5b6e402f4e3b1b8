//! A call of an aggregate, as it was written and as it is bound to a schema.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::datatypes::{DataType, Schema};
use frame_core::{Error, QueryError, Result, Scalar, Span};

use crate::aggregates::{self, BoundAggregate};
use crate::bind::{BoundExpr, bind, widen};
use crate::expr::{Expr, SortKey};
use crate::partial::Step;
use crate::types::type_name;

/// A call of an aggregate: `sum amount where paid as revenue`, `quantile 0.9 ms`, `first x order day`.
#[derive(Debug, Clone, Default)]
pub struct AggregateCall {
    /// The aggregate's name, as in `frame_expr::aggregates`.
    pub function: String,
    /// What is fixed before any row is read: the 0.9 of `quantile 0.9 ms`.
    pub constants: Vec<Scalar>,
    /// What it aggregates, for every row.
    pub arguments: Vec<Expr>,
    /// Only rows for which this is true count.
    pub filter: Option<Expr>,
    /// The order in which rows count, for aggregates that ask for one; then the order of the rows themselves.
    pub order: Vec<SortKey>,
    /// The name of the output column.
    pub name: String,
    /// Where it stands in the query text.
    pub span: Span,
    /// Whether it is of rows, or one of two steps (the optimizer makes them).
    pub step: Step,
}

impl PartialEq for AggregateCall {
    fn eq(&self, other: &Self) -> bool {
        (&self.function, &self.constants, &self.arguments, &self.filter, &self.order, &self.name, &self.step)
            == (&other.function, &other.constants, &other.arguments, &other.filter, &other.order, &other.name, &other.step)
    }
}

impl Eq for AggregateCall {}

/// A call whose names and types are known.
#[derive(Debug, Clone)]
pub struct BoundCall {
    /// The aggregate.
    pub aggregate: BoundAggregate,
    /// Its arguments, converted to the types that it takes.
    pub arguments: Vec<BoundExpr>,
    /// Only rows for which this is true count.
    pub filter: Option<BoundExpr>,
    /// What `order` names: expression, descending, nulls first.
    pub order: Vec<(BoundExpr, bool, bool)>,
}

impl AggregateCall {
    /// A call without a filter or an order.
    pub fn new(function: impl Into<String>, arguments: Vec<Expr>, name: impl Into<String>) -> Self {
        Self { function: function.into(), arguments, name: name.into(), ..Self::default() }
    }

    /// Every expression of the call.
    pub fn expressions(&self) -> impl Iterator<Item = &Expr> {
        self.arguments.iter().chain(&self.filter).chain(self.order.iter().map(|key| &key.expr))
    }

    /// Every expression of the call, to change it in place.
    pub fn expressions_mut(&mut self) -> impl Iterator<Item = &mut Expr> {
        self.arguments.iter_mut().chain(&mut self.filter).chain(self.order.iter_mut().map(|key| &mut key.expr))
    }

    /// Binds the call to a schema.
    ///
    /// # Errors
    /// `QueryError` for unknown names, a wrong number of arguments, and types that do not fit.
    pub fn bind(&self, schema: &Schema) -> Result<BoundCall> {
        let function = aggregates::find(&self.function).map_err(|error| error.at(self.span))?;
        let arguments = self.arguments.iter().map(|argument| bind(argument, schema)).collect::<Result<Vec<_>>>()?;
        let types: Vec<DataType> = match &self.step {
            Step::Merged(types) => types.clone(),
            Step::Whole | Step::States => arguments.iter().map(|argument| argument.data_type().clone()).collect(),
        };
        aggregates::check_count(function, &self.constants, types.len()).map_err(|error| error.at(self.span))?;
        let aggregate = function.bind(&types, &self.constants).map_err(|error| error.at(self.span))?;
        let aggregate = match &self.step {
            Step::Whole => aggregate,
            Step::States => aggregate.to_states(),
            Step::Merged(_) => aggregate.of_states(),
        };
        let arguments = arguments.into_iter().zip(aggregate.inputs()).map(|(argument, wanted)| widen(argument, wanted.clone())).collect();
        let filter = self.filter.as_ref().map(|filter| condition(filter, schema)).transpose()?;
        if !self.order.is_empty() && !aggregate.needs_order() {
            let error = QueryError::Usage(format!("the order of rows makes no difference to `{}`", self.function));
            return Err(Error::new(error).at(self.span).hint("leave `order` out"));
        }
        let order = self.order.iter().map(|key| Ok((bind(&key.expr, schema)?, key.descending, key.nulls_first))).collect::<Result<_>>()?;
        Ok(BoundCall { aggregate, arguments, filter, order })
    }
}

fn condition(filter: &Expr, schema: &Schema) -> Result<BoundExpr> {
    let bound = bind(filter, schema)?;
    match bound.data_type() {
        DataType::Boolean => Ok(bound),
        other => {
            let error = QueryError::Type { operation: "`where`".to_owned(), found: type_name(other) };
            Err(Error::new(error).at(filter.span).hint("it takes a truth value; compare with something, such as x > 0"))
        }
    }
}

impl BoundCall {
    /// Whether some values can make the evaluation of the arguments or of the order fail.
    pub fn can_fail(&self) -> bool {
        self.arguments.iter().chain(self.order.iter().map(|(expr, ..)| expr)).any(BoundExpr::can_fail)
    }

    /// The rows that count; `None` for all of them.
    ///
    /// # Errors
    /// What evaluating the filter can fail with.
    pub fn keep(&self, columns: &[ArrayRef], rows: usize) -> Result<Option<BooleanArray>> {
        let Some(filter) = &self.filter else { return Ok(None) };
        let keep = filter.evaluate(columns, rows)?;
        let keep = keep.as_boolean();
        Ok(Some(match keep.nulls() {
            None => keep.clone(),
            Some(nulls) => BooleanArray::new(keep.values() & nulls.inner(), None),
        }))
    }
}
