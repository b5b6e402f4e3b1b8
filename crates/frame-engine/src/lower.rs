//! From the logical plan to the task graph.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use frame_core::{Result, ScanFilter};
use frame_expr::{Expr, bind, predicate};
use frame_io::ScanRequest;
use frame_plan::{Aggregate, Plan, Project, Scan};

use crate::context::Context;
use crate::filter::Filter;
use crate::graph::{Feed, Flowline, Stage, StageSink, TaskGraph};
use crate::group_by::GroupBy;
use crate::pipeline::Pipe;
use crate::project;
use crate::sort::{Order, Sort};
use crate::stream::Limited;
use crate::tables::Tables;

/// Makes the task graph of a plan; `named` are the columns that the query names, per scan path.
pub(crate) fn lower(plan: &Plan, tables: &Tables, named: &[Vec<String>], cx: &Context) -> Result<TaskGraph> {
    let mut lowering = Lowering { tables, named, scans: 0, cx, stages: Vec::new() };
    // A limit on top cuts the stream of the answer; it needs no stage.
    let (input, limit) = match plan {
        Plan::Limit(limit) => (limit.input.as_ref(), Some((limit.offset, limit.count))),
        other => (other, None),
    };
    let mut last = lowering.lower(input)?;
    if let Some((offset, count)) = limit {
        last.limit = Some(offset.saturating_add(count));
    }
    let last = last.into_flowline();
    Ok(TaskGraph { stages: lowering.stages, last, limit })
}

struct Lowering<'a> {
    tables: &'a Tables,
    named: &'a [Vec<String>],
    /// Scans met so far: their place in `named`.
    scans: usize,
    cx: &'a Context,
    stages: Vec<Stage>,
}

/// A flowline that can still grow pipes.
struct Open {
    feed: Feed,
    pipes: Vec<Box<dyn Pipe>>,
    limit: Option<u64>,
    schema: SchemaRef,
}

impl Open {
    fn into_flowline(self) -> Flowline {
        Flowline { feed: self.feed, pipes: self.pipes.into(), limit: self.limit }
    }
}

impl Lowering<'_> {
    fn lower(&mut self, plan: &Plan) -> Result<Open> {
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
            Plan::Aggregate(aggregate) => {
                let input = self.lower(&aggregate.input)?;
                self.aggregate(input, aggregate, plan)
            }
            Plan::Sort(sort) => {
                let input = self.lower(&sort.input)?;
                let order = |descending, nulls_first| Order { descending, nulls_first };
                let keys = sort.keys.iter().map(|key| Ok((bind(&key.expr, &input.schema)?, order(key.descending, key.nulls_first))));
                let keys = keys.collect::<Result<Vec<_>>>()?;
                let text = sort.keys.iter().map(|key| format!("{}{}", if key.descending { "-" } else { "" }, key.expr)).collect::<Vec<_>>();
                let sink = Sort { keys, schema: input.schema.clone(), text: text.join(", ") };
                let schema = input.schema.clone();
                Ok(self.stage(input, Box::new(sink), schema))
            }
            Plan::Limit(limit) => {
                let input = self.lower(&limit.input)?;
                let schema = input.schema.clone();
                Ok(self.stage(input, Box::new(Limited { offset: limit.offset, count: limit.count }), schema))
            }
        }
    }

    fn stage(&mut self, input: Open, sink: Box<dyn StageSink>, schema: SchemaRef) -> Open {
        self.stages.push(Stage { flowline: input.into_flowline(), sink });
        Open { feed: Feed::Stage(self.stages.len() - 1), pipes: Vec::new(), limit: None, schema }
    }

    fn scan(&mut self, scan: &Scan) -> Result<Open> {
        let table = self.tables.open(&scan.input)?;
        let all = table.schema().clone();
        let columns = scan.columns.clone().unwrap_or_else(|| all.fields().iter().map(|field| field.name().clone()).collect());
        let fields = columns.iter().map(|name| Ok(all.field_with_name(name)?.clone())).collect::<Result<Vec<_>>>()?;
        let filter = scan.filter.as_ref().map(|filter| predicate(filter, &all)).transpose()?;
        let request = ScanRequest {
            columns,
            checked: self.named.get(self.scans).cloned().unwrap_or_default(),
            filter: filter.map(|filter| Arc::new(filter) as Arc<dyn ScanFilter>),
            batch_rows: self.cx.batch_rows,
            cancel: self.cx.cancel.clone(),
            budget: self.cx.budget.clone(),
        };
        self.scans += 1;
        let feed = Feed::Table {
            table,
            request: Arc::new(request),
            path: scan.input.path.clone(),
            filter: scan.filter.as_ref().map(Expr::to_string),
        };
        Ok(Open { feed, pipes: Vec::new(), limit: scan.limit, schema: Arc::new(Schema::new(fields)) })
    }

    fn filter(&mut self, mut input: Open, condition: &Expr) -> Result<Open> {
        let filter = Filter { predicate: predicate(condition, &input.schema)?, text: condition.to_string() };
        input.pipes.push(Box::new(filter));
        Ok(input)
    }

    fn project(&mut self, mut input: Open, project: &Project, plan: &Plan) -> Result<Open> {
        let items = project.items.iter().map(|(expr, _)| bind(expr, &input.schema)).collect::<Result<_>>()?;
        input.schema = plan.schema(self.tables)?;
        input.pipes.push(Box::new(project::Project { items, schema: input.schema.clone() }));
        Ok(input)
    }

    fn aggregate(&mut self, input: Open, aggregate: &Aggregate, plan: &Plan) -> Result<Open> {
        let keys = aggregate.keys.iter().map(|key| bind(&key.expr, &input.schema)).collect::<Result<_>>()?;
        let calls = aggregate.aggregates.iter().map(|call| call.bind(&input.schema)).collect::<Result<_>>()?;
        let schema = plan.schema(self.tables)?;
        let sink = GroupBy { keys, calls, with_total: aggregate.with_total, schema: schema.clone() };
        Ok(self.stage(input, Box::new(sink), schema))
    }
}
