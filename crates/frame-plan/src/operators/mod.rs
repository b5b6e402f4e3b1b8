//! The operators of the logical plan, one per file. The enum dispatches; each operator's struct does the work.

mod aggregate;
mod filter;
mod limit;
mod project;
mod scan;
mod sort;

use arrow::datatypes::SchemaRef;
use frame_core::Result;
use frame_expr::Expr;

pub use aggregate::{Aggregate, KeyItem};
pub use filter::Filter;
pub use limit::Limit;
pub use project::Project;
pub use scan::Scan;
pub use sort::Sort;

use crate::Catalog;

/// A logical plan: what to compute, not how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Reads an input.
    Scan(Scan),
    /// Keeps the rows for which a predicate is true.
    Filter(Filter),
    /// Computes, renames and drops columns.
    Project(Project),
    /// Groups rows by keys and aggregates each group; without keys, all rows are one group.
    Aggregate(Aggregate),
    /// Orders the rows.
    Sort(Sort),
    /// Keeps a stretch of the rows by their place.
    Limit(Limit),
}

/// The columns that someone wants of an operator; `None` means all of them.
pub(crate) type Wanted = Option<Vec<String>>;

impl Plan {
    /// Names and types of the plan's columns; everything in the plan is checked on the way.
    ///
    /// # Errors
    /// `QueryError` for unknown names and for types that do not fit; what looking at an input can fail with.
    pub fn schema(&self, catalog: &dyn Catalog) -> Result<SchemaRef> {
        match self {
            Self::Scan(scan) => scan.schema(catalog),
            Self::Filter(filter) => filter.schema(catalog),
            Self::Project(project) => project.schema(catalog),
            Self::Aggregate(aggregate) => aggregate.schema(catalog),
            Self::Sort(sort) => sort.schema(catalog),
            Self::Limit(limit) => limit.schema(catalog),
        }
    }

    /// The plan that the rows come from; `None` for a scan.
    pub fn input(&self) -> Option<&Self> {
        match self {
            Self::Scan(_) => None,
            Self::Filter(filter) => Some(&filter.input),
            Self::Project(project) => Some(&project.input),
            Self::Aggregate(aggregate) => Some(&aggregate.input),
            Self::Sort(sort) => Some(&sort.input),
            Self::Limit(limit) => Some(&limit.input),
        }
    }

    /// The plan that the rows come from, to change it in place.
    pub fn input_mut(&mut self) -> Option<&mut Self> {
        match self {
            Self::Scan(_) => None,
            Self::Filter(filter) => Some(&mut filter.input),
            Self::Project(project) => Some(&mut project.input),
            Self::Aggregate(aggregate) => Some(&mut aggregate.input),
            Self::Sort(sort) => Some(&mut sort.input),
            Self::Limit(limit) => Some(&mut limit.input),
        }
    }

    /// Every expression of this operator, to change it in place.
    pub(crate) fn expressions_mut(&mut self) -> Vec<&mut Expr> {
        match self {
            Self::Scan(scan) => scan.filter.iter_mut().collect(),
            Self::Filter(filter) => vec![&mut filter.predicate],
            Self::Project(project) => project.items.iter_mut().map(|(expr, _)| expr).collect(),
            Self::Aggregate(aggregate) => aggregate.expressions_mut(),
            Self::Sort(sort) => sort.keys.iter_mut().map(|key| &mut key.expr).collect(),
            Self::Limit(_) => Vec::new(),
        }
    }

    /// What the operator wants of its input so that `wanted` can be had of it.
    pub(crate) fn wanted(&self, wanted: &Wanted) -> Wanted {
        match self {
            Self::Scan(scan) => scan.wanted(wanted),
            Self::Filter(filter) => filter.wanted(wanted),
            Self::Project(project) => project.wanted(),
            Self::Aggregate(aggregate) => aggregate.wanted(),
            Self::Sort(sort) => sort.wanted(wanted),
            Self::Limit(_) => wanted.clone(),
        }
    }

    /// The columns that the plan names, for each scan in the order of the file: their fields are checked against their types, whatever
    /// the optimizer does.
    ///
    /// # Errors
    /// What looking at an input can fail with.
    pub fn named_columns(&self, catalog: &dyn Catalog) -> Result<Vec<Vec<String>>> {
        let (mut plan, mut wanted) = (self, None);
        while let Some(input) = plan.input() {
            wanted = plan.wanted(&wanted);
            plan = input;
        }
        let all = plan.schema(catalog)?;
        let names = all.fields().iter().map(|field| field.name().clone());
        Ok(vec![names.filter(|name| wanted.as_ref().is_none_or(|wanted| wanted.contains(name))).collect()])
    }

    fn explain(&self) -> String {
        match self {
            Self::Scan(scan) => scan.explain(),
            Self::Filter(filter) => filter.explain(),
            Self::Project(project) => project.explain(),
            Self::Aggregate(aggregate) => aggregate.explain(),
            Self::Sort(sort) => sort.explain(),
            Self::Limit(limit) => limit.explain(),
        }
    }
}

/// A plan as text: the operator that gives the answer first, its input below it.
pub fn explain(plan: &Plan) -> String {
    let mut text = String::new();
    let mut next = Some(plan);
    let mut depth = 1;
    while let Some(plan) = next {
        text.push_str(&format!("{}{}\n", "  ".repeat(depth), plan.explain()));
        next = plan.input();
        depth += 1;
    }
    text
}
