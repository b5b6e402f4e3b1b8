//! From the logical plan to the task graph.

mod joins;
mod slices;

use std::marker::PhantomData;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use frame_core::{Error, Result, Scalar, ScanFilter, Spot};
use frame_expr::{BadCast, BoundExpr, BoundWindow, Expr, Node, SortKey, Steps, bind, predicate};
use frame_io::{Identity, NoRows, ScanRequest};
use frame_plan::{Aggregate, Explode, Fill, Plan, Project, Remark, Scan, Target, Union, Unpivot, WindowItem, Write};

use crate::complete::Complete;
use crate::context::Context;
use crate::expand::{self, Expand, Expanding};
use crate::fill::{self, Survey, Surveyed};
use crate::filter::Filter;
use crate::gaps::Gaps;
use crate::gathered::order_by;
use crate::graph::{Feed, Flowline, Stage, StageSink, TaskGraph};
use crate::group_by::GroupBy;
use crate::pipeline::Pipe;
use crate::project;
use crate::reject::Reject;
use crate::sort::{Order, Sort};
use crate::stream::Limited;
use crate::tables::Tables;
use crate::tail::Tail;
use crate::top::{Arrangement, Ranking, Sample, TopRows};
use crate::window::{self, Windows};
use crate::write::{self, Keys, usage};

/// Makes the task graph of a plan.
pub(crate) fn lower(plan: &Plan, tables: &Tables, cx: &Context) -> Result<TaskGraph> {
    let mut lowering = Lowering::new(plan, tables, cx);
    let plan = match plan {
        Plan::Write(write) if write.target.path == STDOUT => lowering.given(write)?,
        Plan::Write(write) => {
            let last = lowering.written(write)?;
            return Ok(TaskGraph { stages: lowering.stages, last, limit: None });
        }
        other => other,
    };
    // A limit on top cuts the stream of the answer; it needs no stage.
    let (input, limit) = match plan {
        Plan::Limit(limit) => {
            lowering.order = Use::Needed;
            (limit.input.as_ref(), Some((limit.offset, limit.count)))
        }
        other => (other, None),
    };
    let mut last = lowering.lower(input)?;
    if let Some((offset, count)) = limit {
        last.limit = Some(offset.saturating_add(count));
    }
    let last = last.into_flowline();
    Ok(TaskGraph { stages: lowering.stages, last, limit })
}

/// The path that stands for standard output.
const STDOUT: &str = "-";

struct Lowering<'a> {
    whole: &'a Plan,
    tables: &'a Tables,
    cx: &'a Context,
    stages: Vec<Stage>,
    /// Plans that a stage has the rows of already: what a query says twice is computed once.
    known: Vec<Known>,
    /// What the order of the rows of the plan in hand is for.
    order: Use,
    /// Files that the plan reads.
    sources: Vec<Identity>,
    /// What is written already.
    written: Vec<Write>,
    /// Fills that are surveyed already.
    surveyed: Vec<(Fill, Surveyed)>,
    /// Sides of joins that are gathered already.
    joined: Vec<joins::Joined>,
    /// What is lowered now is read a second time: the first time its rows were counted.
    is_again: bool,
}

/// What the order of rows is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// For the answer: `unordered` waives it.
    Answer,
    /// For an operator that looks at it.
    Needed,
    /// For nothing.
    Nothing,
}

/// A plan that a stage has the rows of.
struct Known {
    plan: Plan,
    stage: usize,
    schema: SchemaRef,
    is_unordered: bool,
}

/// A flowline that can still grow pipes.
struct Open {
    feed: Feed,
    pipes: Vec<Arc<dyn Pipe>>,
    limit: Option<u64>,
    schema: SchemaRef,
}

impl Open {
    fn into_flowline(self) -> Flowline {
        Flowline { feed: self.feed, pipes: self.pipes.into(), limit: self.limit }
    }
}

impl<'a> Lowering<'a> {
    fn new(plan: &'a Plan, tables: &'a Tables, cx: &'a Context) -> Self {
        let sources = plan.sources().into_iter().filter_map(|input| Identity::of(&input.path)).collect();
        Self {
            whole: plan,
            tables,
            cx,
            stages: Vec::new(),
            known: Vec::new(),
            order: Use::Answer,
            sources,
            written: Vec::new(),
            surveyed: Vec::new(),
            joined: Vec::new(),
            is_again: false,
        }
    }

    fn lower(&mut self, plan: &Plan) -> Result<Open> {
        let is_unordered = self.order == Use::Nothing;
        if let Some(known) = self.known.iter().find(|known| known.plan == *plan && (is_unordered || !known.is_unordered)) {
            return Ok(Open { feed: Feed::Stage(known.stage), pipes: Vec::new(), limit: None, schema: known.schema.clone() });
        }
        let order = self.order;
        self.order = match plan {
            Plan::Scan(_) | Plan::Filter(_) | Plan::Project(_) | Plan::Union(_) | Plan::Join(_) | Plan::Reject(_) => order,
            Plan::Unpivot(_) | Plan::Explode(_) => order,
            Plan::Mark(mark) if mark.remark == Remark::Unordered && order == Use::Answer => Use::Nothing,
            Plan::Mark(_) => order,
            // An aggregate that looks at the order gets the places of rows; the others do not care.
            Plan::Aggregate(aggregate) if aggregate.is_order_free(self.tables)? => Use::Nothing,
            _ => Use::Needed,
        };
        let open = self.lower_new(plan, order == Use::Nothing);
        self.order = order;
        open
    }

    fn lower_new(&mut self, plan: &Plan, is_unordered: bool) -> Result<Open> {
        match plan {
            Plan::Scan(scan) => self.scan(scan),
            Plan::Filter(filter) => {
                let input = self.lower(&filter.input)?;
                self.filter(input, &filter.predicate)
            }
            Plan::Project(project) => {
                let input = self.lower(&project.input)?;
                self.project(input, project, plan)
            }
            Plan::Mark(mark) => self.lower(&mark.input),
            Plan::Reject(reject) => {
                let input = self.lower(&reject.input)?;
                self.reject(input, reject, plan)
            }
            Plan::Fill(fill) => self.fill(fill, plan),
            Plan::Write(write) => self.tee(write),
            Plan::Union(union) => self.union(union, plan),
            Plan::Unpivot(unpivot) => self.unpivot(unpivot, plan),
            Plan::Explode(explode) => self.explode(explode, plan),
            Plan::Join(join) => self.join(join, plan),
            _ => self.gathered(plan, is_unordered),
        }
    }

    /// An operator that needs all rows before it gives any.
    fn gathered(&mut self, plan: &Plan, is_unordered: bool) -> Result<Open> {
        let below = plan.inputs().into_iter().next().ok_or_else(|| Error::internal("an operator without an input"))?;
        let input = self.lower(below)?;
        let mut schema = input.schema.clone();
        let sink: Box<dyn StageSink> = match plan {
            Plan::Aggregate(aggregate) => {
                schema = plan.schema(self.tables)?;
                let group_by = GroupBy { is_unordered, ..grouping(aggregate, &input.schema, &schema)? };
                if let Some(sliced) = self.sliced_groups(plan, &input, &group_by) {
                    return Ok(sliced);
                }
                Box::new(group_by)
            }
            Plan::Sort(sort) => {
                let text = sort.keys.iter().map(SortKey::to_string).collect::<Vec<_>>().join(", ");
                Box::new(Sort::new(ordering(&sort.keys, &schema)?, schema.clone(), text)?)
            }
            Plan::Limit(limit) => Box::new(Limited { offset: limit.offset, count: limit.count }),
            Plan::Tail(tail) => Box::new(Tail { count: tail.count, schema: schema.clone() }),
            Plan::Top(top) => TopRows {
                count: top.count,
                per: bound(&top.per, &schema)?,
                ranking: Ranking::Keys { keys: ordering(&top.order, &schema)?, last_first: false },
                with_ties: top.with_ties,
                arrangement: Arrangement::Best,
                schema: schema.clone(),
                text: plan.explain(),
                kept_as: PhantomData,
            }
            .into_sink(),
            Plan::Dedup(dedup) => TopRows {
                count: 1,
                per: bound(&dedup.by.iter().map(Expr::column).collect::<Vec<_>>(), &schema)?,
                ranking: Ranking::Keys { keys: ordering(&dedup.order, &schema)?, last_first: dedup.keep_last },
                with_ties: false,
                arrangement: Arrangement::Input,
                schema: schema.clone(),
                text: plan.explain(),
                kept_as: PhantomData,
            }
            .into_sink(),
            Plan::Sample(sample) => Box::new(Sample {
                size: sample.size,
                per: bound(&sample.per, &schema)?,
                seed: sample.seed,
                schema: schema.clone(),
                text: plan.explain(),
            }),
            Plan::Complete(complete) => {
                let output = plan.schema(self.tables)?;
                Box::new(completing(complete, std::mem::replace(&mut schema, output.clone()), output)?)
            }
            Plan::Gaps(gaps) => {
                let output = plan.schema(self.tables)?;
                Box::new(stepping(gaps, std::mem::replace(&mut schema, output.clone()), output)?)
            }
            Plan::Window(window) => {
                let output = plan.schema(self.tables)?;
                let input = std::mem::replace(&mut schema, output.clone());
                Box::new(windowed(window, &input, output)?)
            }
            Plan::Scan(_)
            | Plan::Unpivot(_)
            | Plan::Explode(_)
            | Plan::Filter(_)
            | Plan::Project(_)
            | Plan::Mark(_)
            | Plan::Union(_)
            | Plan::Join(_)
            | Plan::Reject(_)
            | Plan::Fill(_)
            | Plan::Write(_) => {
                return Err(Error::internal("an operator that gathers nothing"));
            }
        };
        self.stages.push(Stage { flowline: input.into_flowline(), sink });
        let stage = self.stages.len() - 1;
        self.known.push(Known { plan: plan.clone(), stage, schema: schema.clone(), is_unordered });
        Ok(Open { feed: Feed::Stage(stage), pipes: Vec::new(), limit: None, schema })
    }

    fn union(&mut self, union: &Union, plan: &Plan) -> Result<Open> {
        let schema = plan.schema(self.tables)?;
        let inputs = union.inputs.iter().map(|input| self.lower(input)).collect::<Result<Vec<_>>>()?;
        let schemas: Vec<SchemaRef> = inputs.iter().map(|input| input.schema.clone()).collect();
        let mut flowlines = Vec::new();
        for (mut input, items) in inputs.into_iter().zip(union.aligned(&schema, &schemas)) {
            if input.schema != schema {
                let items = items.iter().map(|(expr, _)| bind(expr, &input.schema)).collect::<Result<_>>()?;
                input.pipes.push(Arc::new(project::Project { items, schema: schema.clone() }));
            }
            flowlines.push(input.into_flowline());
        }
        Ok(Open { feed: Feed::Union(flowlines), pipes: Vec::new(), limit: None, schema })
    }

    /// An operator that makes several rows of one.
    fn expanded(&self, mut input: Open, expand: Arc<dyn Expand>, schema: SchemaRef) -> Open {
        input.pipes.push(Arc::new(Expanding { expand, batch_rows: self.cx.batch_rows }));
        Open { schema, ..input }
    }

    fn unpivot(&mut self, unpivot: &Unpivot, plan: &Plan) -> Result<Open> {
        let input = self.lower(&unpivot.input)?;
        let schema = plan.schema(self.tables)?;
        let to = schema.field(schema.fields().len() - 1).data_type();
        let names: Vec<&str> = unpivot.turned(&input.schema).collect();
        let turned = names.iter().map(|name| {
            let cast = Node::Cast { operand: Box::new(Expr::column(*name)), to: to.clone(), bad: BadCast::Fail };
            bind(&Expr::new(cast), &input.schema)
        });
        let expand = expand::Unpivot {
            kept: (0..input.schema.fields().len()).filter(|at| !names.contains(&input.schema.field(*at).name().as_str())).collect(),
            turned: turned.collect::<Result<_>>()?,
            names: names.iter().copied().map(Some).collect(),
            schema: schema.clone(),
            text: unpivot.text(),
        };
        Ok(self.expanded(input, Arc::new(expand), schema))
    }

    fn explode(&mut self, explode: &Explode, plan: &Plan) -> Result<Open> {
        let input = self.lower(&explode.input)?;
        let schema = plan.schema(self.tables)?;
        let column = schema.index_of(&explode.column)?;
        let expand = expand::Explode { column, separator: explode.separator.clone(), schema: schema.clone(), text: explode.text() };
        Ok(self.expanded(input, Arc::new(expand), schema))
    }

    fn scan(&mut self, scan: &Scan) -> Result<Open> {
        let mut table = self.tables.open(&scan.input)?;
        let all = scan.all_columns(self.tables)?;
        if scan.is_empty() {
            table = Arc::new(NoRows(all.clone()));
        }
        let columns = scan.columns.clone().unwrap_or_else(|| all.fields().iter().map(|field| field.name().clone()).collect());
        let fields = columns.iter().map(|name| Ok(all.field_with_name(name)?.clone())).collect::<Result<Vec<_>>>()?;
        let condition = scan.condition().filter(|condition| condition.node != Node::Literal(Scalar::Bool(true)));
        let filter = condition.map(|filter| predicate(&filter, &all)).transpose()?;
        let is_of_file = |name: &String| scan.spots.iter().all(|spot| spot.name() != name);
        let mut checked = scan.named.clone();
        checked.retain(is_of_file);
        let schema = Arc::new(Schema::new(fields));
        let mut pipes: Vec<Arc<dyn Pipe>> = Vec::new();
        let wanted: Vec<Spot> = scan.spots.iter().copied().filter(|spot| columns.iter().any(|name| name == spot.name())).collect();
        if !wanted.is_empty() {
            pipes.push(Arc::new(with_spots(&columns, &all, &scan.input.path, &schema, &wanted)?));
        }
        let request = ScanRequest {
            columns: columns.into_iter().filter(is_of_file).collect(),
            spots: wanted.into_iter().filter(|spot| *spot != Spot::File).collect(),
            checked,
            filter: filter.map(|filter| Arc::new(filter) as Arc<dyn ScanFilter>),
            batch_rows: self.cx.batch_rows,
            cancel: self.cx.cancel.clone(),
            budget: self.cx.budget.clone(),
        };
        let feed = Feed::Table {
            table,
            request: Arc::new(request),
            path: scan.input.path.clone(),
            filter: scan.filter.as_ref().map(Expr::to_string),
            is_again: self.is_again,
            within: None,
        };
        Ok(Open { feed, pipes, limit: scan.limit, schema })
    }

    /// What was lowered just now, once more: the second pass over its rows.
    fn again(&mut self, plan: &Plan) -> Result<Open> {
        let is_again = std::mem::replace(&mut self.is_again, true);
        let open = self.lower(plan);
        self.is_again = is_again;
        open
    }

    fn reject(&mut self, mut input: Open, reject: &frame_plan::Reject, plan: &Plan) -> Result<Open> {
        let place = |(name, cast): &(String, Expr)| Ok((input.schema.index_of(name)?, bind(cast, &input.schema)?));
        let casts = reject.casts.iter().map(place).collect::<Result<_>>()?;
        input.schema = plan.schema(self.tables)?;
        let pipe = Reject { casts, schema: input.schema.clone(), counts: !self.is_again, text: reject.text() };
        input.pipes.push(Arc::new(pipe));
        Ok(input)
    }

    /// A fill goes over its rows twice: first for the values at the ends of batches, then to fill each batch.
    fn fill(&mut self, fill: &Fill, plan: &Plan) -> Result<Open> {
        let known = self.surveyed.iter().find(|(known, _)| known == fill).map(|(_, found)| found.clone());
        let (columns, found);
        let mut open = match known {
            Some(known) => {
                found = known;
                self.lower(&fill.input)?
            }
            None => {
                let input = self.lower(&fill.input)?;
                found = Surveyed::default();
                let columns = places(&fill.columns, &input.schema)?;
                let sink = Survey { columns, from: fill.from, found: found.clone(), text: fill.text() };
                self.stages.push(Stage { flowline: input.into_flowline(), sink: Box::new(sink) });
                self.surveyed.push((fill.clone(), found.clone()));
                self.again(&fill.input)?
            }
        };
        columns = places(&fill.columns, &open.schema)?;
        open.schema = plan.schema(self.tables)?;
        open.pipes.push(Arc::new(fill::Fill { columns, from: fill.from, found, schema: open.schema.clone(), text: fill.text() }));
        Ok(open)
    }

    /// The input of a last `write` to standard output: whoever takes the rows writes them.
    fn given<'p>(&self, write: &'p Write) -> Result<&'p Plan> {
        match write.target.partition.is_empty() {
            true => Ok(&write.input),
            false => Err(usage("standard output has no partitions", "give the path of a folder", &write.target)),
        }
    }

    /// A last `write`: its stage, and a flowline without rows.
    fn written(&mut self, write: &Write) -> Result<Flowline> {
        let (input, limit) = match write.input.as_ref() {
            Plan::Limit(limit) => (limit.input.as_ref(), Some((limit.offset, limit.count))),
            other => (other, None),
        };
        let input = self.lower(input)?;
        self.write(write, input, limit)?;
        Ok(Flowline { feed: Feed::Stage(self.stages.len() - 1), pipes: Vec::new().into(), limit: None })
    }

    /// A `write` in the middle: the rows are computed once for the file and once for what follows.
    fn tee(&mut self, write: &Write) -> Result<Open> {
        if write.target.path == STDOUT {
            return Err(usage("standard output is for the answer", "write to a file here, or to '-' at the end", &write.target));
        }
        if self.written.contains(write) {
            return self.lower(&write.input);
        }
        let input = self.lower(&write.input)?;
        self.write(write, input, None)?;
        self.again(&write.input)
    }

    /// The stage that writes.
    fn write(&mut self, write: &Write, input: Open, limit: Option<(u64, u64)>) -> Result<()> {
        let target = &write.target;
        let others: Vec<Target> = self.written.iter().map(|write| write.target.clone()).collect();
        write::check(target, &self.sources, &others)?;
        let format = write::format(target)?;
        let schema = input.schema.clone();
        let key = |name: &String| Ok((name.clone(), bind(&write::key_text(name, &schema)?, &schema)?));
        let keys = target.partition.iter().map(key).collect::<Result<Vec<_>>>()?;
        let keys = (!keys.is_empty()).then_some(Keys { columns: keys, span: target.span });
        let sink = write::Write { path: target.path.clone(), format, keys, schema, limit, text: write.text() };
        self.stages.push(Stage { flowline: input.into_flowline(), sink: Box::new(sink) });
        self.written.push(write.clone());
        Ok(())
    }

    fn filter(&mut self, mut input: Open, condition: &Expr) -> Result<Open> {
        let filter = Filter { predicate: predicate(condition, &input.schema)?, text: condition.to_string() };
        input.pipes.push(Arc::new(filter));
        Ok(input)
    }

    fn project(&mut self, mut input: Open, project: &Project, plan: &Plan) -> Result<Open> {
        let items = project.items.iter().map(|(expr, _)| bind(expr, &input.schema)).collect::<Result<_>>()?;
        input.schema = plan.schema(self.tables)?;
        input.pipes.push(Arc::new(project::Project { items, schema: input.schema.clone() }));
        Ok(input)
    }
}

fn completing(complete: &frame_plan::Complete, input: SchemaRef, schema: SchemaRef) -> Result<Complete> {
    let keys = places(&complete.keys, &input)?;
    let of_keys = Schema::new(keys.iter().map(|at| input.field(*at).clone()).collect::<Vec<_>>());
    let value = complete.value.as_ref().map(|value| bind(value, &of_keys)).transpose()?;
    let order = order_by(keys.iter().copied(), &input)?;
    Ok(Complete { keys, order, value, input, schema, text: complete.text() })
}

fn stepping(gaps: &frame_plan::Gaps, input: SchemaRef, schema: SchemaRef) -> Result<Gaps> {
    let column = input.index_of(&gaps.column)?;
    let steps = Steps::new(&gaps.every, input.field(column).data_type())?;
    let value = gaps.value.as_ref().map(|value| bind(value, &gaps.keys(&input)?)).transpose()?;
    let per = places(&gaps.per, &input)?;
    let order = order_by(per.iter().copied().chain([column]), &input)?;
    Ok(Gaps { column, steps, per, order, value, input, schema, text: gaps.text() })
}

/// Windows with the same groups and the same order are arranged once.
fn windowed(window: &frame_plan::Window, input: &Schema, schema: SchemaRef) -> Result<Windows> {
    let mut items = Vec::new();
    for (at, item) in window.items.iter().enumerate() {
        let is_like = |other: &WindowItem| (&other.window.by, &other.window.order) == (&item.window.by, &item.window.order);
        let like = window.items[..at].iter().position(is_like).unwrap_or(at);
        items.push(window::Item { window: BoundWindow::bind(&item.window, item.span, input)?, like });
    }
    Ok(Windows { items, schema, text: window.text() })
}

/// What puts the spots of rows among their columns: the path of the file, and what the reader gives behind the other columns.
fn with_spots(columns: &[String], all: &Schema, path: &str, schema: &SchemaRef, wanted: &[Spot]) -> Result<project::Project> {
    let names = |name: &str| wanted.iter().any(|spot| spot.name() == name);
    let of_file =
        columns.iter().filter(|name| !names(name)).map(|name| Ok(all.field_with_name(name)?.clone())).collect::<Result<Vec<_>>>()?;
    let counted = wanted.iter().filter(|spot| **spot != Spot::File).map(|spot| spot.field());
    let read = Schema::new(of_file.into_iter().chain(counted).collect::<Vec<_>>());
    let item = |name: &String| match Spot::named(name).filter(|spot| *spot == Spot::File && wanted.contains(spot)) {
        Some(_) => bind(&Expr::literal(Scalar::Text(path.to_owned())), &read),
        None => bind(&Expr::column(name), &read),
    };
    Ok(project::Project { items: columns.iter().map(item).collect::<Result<_>>()?, schema: schema.clone() })
}

/// Where columns stand in a schema.
fn places(names: &[String], schema: &Schema) -> Result<Vec<usize>> {
    names.iter().map(|name| Ok(schema.index_of(name)?)).collect()
}

fn bound(exprs: &[Expr], schema: &Schema) -> Result<Vec<BoundExpr>> {
    exprs.iter().map(|expr| bind(expr, schema)).collect()
}

fn ordering(keys: &[SortKey], schema: &Schema) -> Result<Vec<(BoundExpr, Order)>> {
    let order = |key: &SortKey| Order { descending: key.descending, nulls_first: key.nulls_first };
    keys.iter().map(|key| Ok((bind(&key.expr, schema)?, order(key)))).collect()
}

fn grouping(aggregate: &Aggregate, input: &Schema, output: &SchemaRef) -> Result<GroupBy> {
    Ok(GroupBy {
        keys: aggregate.keys.iter().map(|key| bind(&key.expr, input)).collect::<Result<_>>()?,
        calls: aggregate.aggregates.iter().map(|call| call.bind(input)).collect::<Result<_>>()?,
        with_total: aggregate.with_total,
        is_unordered: false,
        schema: output.clone(),
    })
}
