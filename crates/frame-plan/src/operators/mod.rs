//! The operators of the logical plan, one per file. The enum dispatches; each operator's struct does the work.

mod aggregate;
mod complete;
mod dedup;
mod explode;
mod fill;
mod filter;
mod gaps;
mod join;
mod limit;
mod mark;
mod project;
mod reject;
mod sample;
mod scan;
mod sort;
mod tail;
mod top;
mod union;
mod unpivot;
mod window;
mod write;

use arrow::datatypes::SchemaRef;
use frame_core::{Result, Span, Spot};
use frame_expr::Expr;

pub use aggregate::{Aggregate, KeyItem};
pub use complete::Complete;
pub use dedup::Dedup;
pub use explode::Explode;
pub use fill::{Fill, FillFrom};
pub use filter::Filter;
pub use gaps::Gaps;
pub use join::{AsOf, Direction, Expect, Join, JoinColumn, JoinKind, KeyPair};
pub use limit::Limit;
pub use mark::{Mark, Remark};
pub use project::Project;
pub use reject::Reject;
pub use sample::{Sample, SampleSize};
pub use scan::Scan;
pub use sort::Sort;
pub use tail::Tail;
pub use top::Top;
pub use union::Union;
pub use unpivot::Unpivot;
pub use window::{Window, WindowItem};
pub use write::{Target, Write};

use crate::{Catalog, Input};

/// A logical plan: what to compute, not how.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "plans are few; a box around the scan would stand in every pattern")]
pub enum Plan {
    /// Reads an input.
    Scan(Scan),
    /// Keeps the rows for which a predicate is true.
    Filter(Filter),
    /// Computes, renames and drops columns.
    Project(Project),
    /// Converts columns and leaves out the rows that cannot be converted.
    Reject(Reject),
    /// Groups rows by keys and aggregates each group; without keys, all rows are one group.
    Aggregate(Aggregate),
    /// Orders the rows.
    Sort(Sort),
    /// Keeps a stretch of the rows by their place.
    Limit(Limit),
    /// Keeps the last rows.
    Tail(Tail),
    /// Keeps the best rows, of all or of each group.
    Top(Top),
    /// Keeps one row of each kind.
    Dedup(Dedup),
    /// Keeps rows by chance.
    Sample(Sample),
    /// Replaces nulls by values of the rows around them.
    Fill(Fill),
    /// Adds columns of values of other rows.
    Window(Window),
    /// Makes rows of columns.
    Unpivot(Unpivot),
    /// Makes rows of the items of lists.
    Explode(Explode),
    /// Adds rows for combinations of keys that have none.
    Complete(Complete),
    /// Adds rows for points in time that have none.
    Gaps(Gaps),
    /// The rows of several inputs.
    Union(Union),
    /// Joins the rows of two inputs.
    Join(Join),
    /// Says something about the rows and leaves them alone.
    Mark(Mark),
    /// Writes the rows to files.
    Write(Write),
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
            Self::Reject(reject) => reject.schema(catalog),
            Self::Aggregate(aggregate) => aggregate.schema(catalog),
            Self::Sort(sort) => sort.schema(catalog),
            Self::Limit(limit) => limit.schema(catalog),
            Self::Tail(tail) => tail.schema(catalog),
            Self::Top(top) => top.schema(catalog),
            Self::Dedup(dedup) => dedup.schema(catalog),
            Self::Sample(sample) => sample.schema(catalog),
            Self::Fill(fill) => fill.schema(catalog),
            Self::Window(window) => window.schema(catalog),
            Self::Unpivot(unpivot) => unpivot.schema(catalog),
            Self::Explode(explode) => explode.schema(catalog),
            Self::Complete(complete) => complete.schema(catalog),
            Self::Gaps(gaps) => gaps.schema(catalog),
            Self::Union(union) => union.schema(catalog),
            Self::Join(join) => join.schema(catalog),
            Self::Mark(mark) => mark.schema(catalog),
            Self::Write(write) => write.schema(catalog),
        }
    }

    /// Where in the query text the first input of the plan is named.
    fn place(&self) -> Span {
        match self {
            Self::Scan(scan) => scan.input.span,
            other => other.inputs().first().map_or_else(Span::default, |input| input.place()),
        }
    }

    /// The plans that the rows come from; none for a scan.
    pub fn inputs(&self) -> Vec<&Self> {
        match self {
            Self::Scan(_) => Vec::new(),
            Self::Filter(filter) => vec![&filter.input],
            Self::Project(project) => vec![&project.input],
            Self::Reject(reject) => vec![&reject.input],
            Self::Aggregate(aggregate) => vec![&aggregate.input],
            Self::Sort(sort) => vec![&sort.input],
            Self::Limit(limit) => vec![&limit.input],
            Self::Tail(tail) => vec![&tail.input],
            Self::Top(top) => vec![&top.input],
            Self::Dedup(dedup) => vec![&dedup.input],
            Self::Sample(sample) => vec![&sample.input],
            Self::Fill(fill) => vec![&fill.input],
            Self::Window(window) => vec![&window.input],
            Self::Unpivot(unpivot) => vec![&unpivot.input],
            Self::Explode(explode) => vec![&explode.input],
            Self::Complete(complete) => vec![&complete.input],
            Self::Gaps(gaps) => vec![&gaps.input],
            Self::Union(union) => union.inputs.iter().collect(),
            Self::Join(join) => vec![&join.left, &join.right],
            Self::Mark(mark) => vec![&mark.input],
            Self::Write(write) => vec![&write.input],
        }
    }

    /// The plans that the rows come from, to change them in place.
    pub fn inputs_mut(&mut self) -> Vec<&mut Self> {
        match self {
            Self::Scan(_) => Vec::new(),
            Self::Filter(filter) => vec![&mut filter.input],
            Self::Project(project) => vec![&mut project.input],
            Self::Reject(reject) => vec![&mut reject.input],
            Self::Aggregate(aggregate) => vec![&mut aggregate.input],
            Self::Sort(sort) => vec![&mut sort.input],
            Self::Limit(limit) => vec![&mut limit.input],
            Self::Tail(tail) => vec![&mut tail.input],
            Self::Top(top) => vec![&mut top.input],
            Self::Dedup(dedup) => vec![&mut dedup.input],
            Self::Sample(sample) => vec![&mut sample.input],
            Self::Fill(fill) => vec![&mut fill.input],
            Self::Window(window) => vec![&mut window.input],
            Self::Unpivot(unpivot) => vec![&mut unpivot.input],
            Self::Explode(explode) => vec![&mut explode.input],
            Self::Complete(complete) => vec![&mut complete.input],
            Self::Gaps(gaps) => vec![&mut gaps.input],
            Self::Union(union) => union.inputs.iter_mut().collect(),
            Self::Join(join) => vec![&mut join.left, &mut join.right],
            Self::Mark(mark) => vec![&mut mark.input],
            Self::Write(write) => vec![&mut write.input],
        }
    }

    /// The plan with each of its inputs replaced by what `change` makes of it.
    pub(crate) fn map_inputs(mut self, change: &mut dyn FnMut(Self) -> Result<Self>) -> Result<Self> {
        let nothing = || Self::Union(Union { inputs: Vec::new(), by_position: false });
        for input in self.inputs_mut() {
            let taken = std::mem::replace(input, nothing());
            *input = change(taken)?;
        }
        Ok(self)
    }

    /// Every expression of this operator, to change it in place.
    pub(crate) fn expressions_mut(&mut self) -> Vec<&mut Expr> {
        match self {
            Self::Scan(scan) => scan.filter.iter_mut().collect(),
            Self::Filter(filter) => vec![&mut filter.predicate],
            Self::Project(project) => project.items.iter_mut().map(|(expr, _)| expr).collect(),
            Self::Reject(reject) => reject.casts.iter_mut().map(|(_, cast)| cast).collect(),
            Self::Aggregate(aggregate) => aggregate.expressions_mut(),
            Self::Sort(sort) => sort.keys.iter_mut().map(|key| &mut key.expr).collect(),
            Self::Top(top) => top.expressions_mut(),
            Self::Dedup(dedup) => dedup.order.iter_mut().map(|key| &mut key.expr).collect(),
            Self::Sample(sample) => sample.per.iter_mut().collect(),
            Self::Window(window) => window.expressions_mut(),
            Self::Complete(complete) => complete.value.iter_mut().collect(),
            Self::Gaps(gaps) => gaps.value.iter_mut().collect(),
            Self::Limit(_) | Self::Tail(_) | Self::Fill(_) | Self::Union(_) | Self::Join(_) | Self::Mark(_) | Self::Write(_) => Vec::new(),
            Self::Unpivot(_) | Self::Explode(_) => Vec::new(),
        }
    }

    /// What the operator wants of each of its inputs so that `wanted` can be had of it.
    pub(crate) fn wanted_of_inputs(&self, wanted: &Wanted, catalog: &dyn Catalog) -> Result<Vec<Wanted>> {
        match self {
            Self::Join(join) => join.wanted(wanted, catalog),
            other => Ok(vec![other.wanted(wanted); other.inputs().len()]),
        }
    }

    /// What the operator wants of all its inputs alike.
    fn wanted(&self, wanted: &Wanted) -> Wanted {
        match self {
            Self::Scan(scan) => scan.wanted(wanted),
            Self::Filter(filter) => filter.wanted(wanted),
            Self::Project(project) => project.wanted(),
            Self::Reject(reject) => reject.wanted(wanted),
            Self::Aggregate(aggregate) => aggregate.wanted(),
            Self::Sort(sort) => sort.wanted(wanted),
            Self::Top(top) => top.wanted(wanted),
            Self::Dedup(dedup) => dedup.wanted(wanted),
            Self::Sample(sample) => sample.wanted(wanted),
            Self::Fill(fill) => fill.wanted(wanted),
            Self::Window(window) => window.wanted(wanted),
            Self::Unpivot(unpivot) => unpivot.wanted(wanted),
            Self::Explode(explode) => explode.wanted(wanted),
            Self::Complete(complete) => complete.wanted(wanted),
            Self::Gaps(gaps) => gaps.wanted(wanted),
            Self::Union(union) => union.wanted(wanted),
            Self::Write(_) => Write::wanted(),
            // It is asked for each side.
            Self::Join(_) => None,
            Self::Limit(_) | Self::Tail(_) | Self::Mark(_) => wanted.clone(),
        }
    }

    /// What the plan reads, in the order in which its text names it.
    pub fn sources(&self) -> Vec<&Input> {
        match self {
            Self::Scan(scan) => vec![&scan.input],
            other => other.inputs().into_iter().flat_map(Self::sources).collect(),
        }
    }

    /// The spots that expressions of the plan name, as far as it can be seen without its columns.
    pub fn named_spots(&self) -> Vec<Spot> {
        let mut names = Vec::new();
        self.clone().expressions_mut().iter().for_each(|expr| expr.collect_columns(&mut names));
        let mut spots: Vec<Spot> = names.iter().filter_map(|name| Spot::named(name)).collect();
        spots.extend(self.inputs().into_iter().flat_map(Self::named_spots));
        spots.sort_unstable();
        spots.dedup();
        spots
    }

    /// The columns that the plan names, for each scan in the order of the file: their fields are checked against their types, whatever
    /// the optimizer does.
    ///
    /// # Errors
    /// What looking at an input can fail with.
    pub fn named_columns(&self, catalog: &dyn Catalog) -> Result<Vec<Vec<String>>> {
        let mut named = Vec::new();
        self.collect_named(&None, catalog, &mut named)?;
        Ok(named)
    }

    /// The plan whose scans know which of their columns it names, wherever the optimizer puts them.
    ///
    /// # Errors
    /// What looking at an input can fail with.
    pub fn with_named_columns(mut self, catalog: &dyn Catalog) -> Result<Self> {
        let mut named = self.named_columns(catalog)?.into_iter();
        self.name_columns(&mut named);
        Ok(self)
    }

    fn name_columns(&mut self, named: &mut impl Iterator<Item = Vec<String>>) {
        if let Self::Scan(scan) = self {
            scan.named = named.next().unwrap_or_default();
        }
        self.inputs_mut().into_iter().for_each(|input| input.name_columns(named));
    }

    fn collect_named(&self, wanted: &Wanted, catalog: &dyn Catalog, named: &mut Vec<Vec<String>>) -> Result<()> {
        if matches!(self, Self::Scan(_)) {
            let all = self.schema(catalog)?;
            let names = all.fields().iter().map(|field| field.name().clone());
            named.push(names.filter(|name| wanted.as_ref().is_none_or(|wanted| wanted.contains(name))).collect());
        }
        let below = self.wanted_of_inputs(wanted, catalog)?;
        self.inputs().into_iter().zip(&below).try_for_each(|(input, below)| input.collect_named(below, catalog, named))
    }

    /// The operator in one line, without its inputs.
    pub fn explain(&self) -> String {
        match self {
            Self::Scan(scan) => scan.explain(),
            Self::Filter(filter) => filter.explain(),
            Self::Project(project) => project.explain(),
            Self::Reject(reject) => reject.text(),
            Self::Aggregate(aggregate) => aggregate.explain(),
            Self::Sort(sort) => sort.explain(),
            Self::Limit(limit) => limit.explain(),
            Self::Tail(tail) => tail.explain(),
            Self::Top(top) => top.explain(),
            Self::Dedup(dedup) => dedup.explain(),
            Self::Sample(sample) => sample.explain(),
            Self::Fill(fill) => fill.text(),
            Self::Window(window) => window.text(),
            Self::Unpivot(unpivot) => unpivot.text(),
            Self::Explode(explode) => explode.text(),
            Self::Complete(complete) => complete.text(),
            Self::Gaps(gaps) => gaps.text(),
            Self::Union(union) => union.explain(),
            Self::Join(join) => join.explain(),
            Self::Mark(mark) => mark.explain(),
            Self::Write(write) => write.text(),
        }
    }
}

/// A plan as text: the operator that gives the answer first, its inputs below it.
pub fn explain(plan: &Plan) -> String {
    let mut text = String::new();
    let mut open = vec![(plan, 1)];
    while let Some((plan, depth)) = open.pop() {
        text.push_str(&format!("{}{}\n", "  ".repeat(depth), plan.explain()));
        open.extend(plan.inputs().into_iter().rev().map(|input| (input, depth + 1)));
    }
    text
}
