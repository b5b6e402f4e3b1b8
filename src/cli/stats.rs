//! `frame stats`: what is in the columns of a file, in one pass over it.

use std::sync::Arc;

use clap::Args;
use frame::arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringViewArray};
use frame::arrow::compute::cast;
use frame::arrow::datatypes::{DataType, Float64Type, Int64Type, SchemaRef, TimeUnit, TimestampMicrosecondType};
use frame::arrow::util::display::array_value_to_string;
use frame::{Error, Input, Session};
use frame_core::calendar;
use frame_expr::{aggregates, quoted, type_name};

use super::Result;
use super::input::InputFlags;
use super::output::OutputFlags;
use super::progress::{self, ProgressFlags};
use super::resources::ResourceFlags;
use super::settings::Settings;

const EXAMPLES: &str = "Examples:\n  frame stats big.csv\n  frame stats big.parquet --to markdown";

#[derive(Debug, Args)]
#[command(
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n  frame stats --types zip=text addresses.csv\n\nA value that does not exist for a type, \
                               such as the mean of text, is null.")
)]
pub(super) struct Arguments {
    /// The file to look at
    file: String,
    #[command(flatten)]
    input: InputFlags,
    #[command(flatten)]
    output: OutputFlags,
    #[command(flatten)]
    resources: ResourceFlags,
    #[command(flatten)]
    progress: ProgressFlags,
}

/// The aggregates of a column, as far as they exist.
const WANTED: [&str; 4] = ["min", "max", "mean", "nunique"];

/// The aggregates that are asked for, and where their values stand in the answer.
struct Question {
    text: String,
    /// For each column, the place of each of [`WANTED`]; that of its count is `1 + column`.
    places: Vec<[Option<usize>; WANTED.len()]>,
}

pub(super) fn run(arguments: &Arguments, settings: &Settings) -> Result<()> {
    let session = arguments.resources.session(settings)?;
    arguments.output.check(|| Ok(vec![arguments.file.clone()]))?;
    super::query::stop_on_interrupt(&session);
    let input = arguments.input.input(&arguments.file)?;
    let schema = session.schema(&input)?;
    let answer = match answer(&session, &input, &schema, &WANTED, arguments, settings) {
        // A column turned out to be text behind the samples that its type was guessed from.
        Err(error) if error.code().0 == "E0205" => answer(&session, &input, &schema, &["min", "max", "nunique"], arguments, settings)?,
        other => other?,
    };
    let mut output = arguments.output.open(&answer.schema(), settings.colours)?;
    output.write(&answer)?;
    output.finish()
}

fn answer(
    session: &Session,
    input: &Input,
    schema: &SchemaRef,
    wanted: &[&str],
    arguments: &Arguments,
    settings: &Settings,
) -> frame::Result<RecordBatch> {
    let question = question(session, input, schema, wanted);
    let query = session.query(&question.text).input_with(input.clone());
    let bar = progress::start(&arguments.progress, settings, query.progress());
    let row = query.start()?.to_vec()?;
    drop(bar);
    let row = row.into_iter().find(|batch| batch.num_rows() == 1).ok_or_else(|| Error::internal("aggregates of all rows gave no row"))?;
    table(schema, &question, &row)
}

/// One query for all columns; an aggregate that does not exist, or not for the column's type, is left out.
fn question(session: &Session, input: &Input, schema: &SchemaRef, wanted: &[&str]) -> Question {
    let catalog = session.catalog();
    let is_possible = |text: &str| {
        let plan = frame_lang::parse(&format!("agg {text}"), vec![input.clone()], &catalog);
        plan.and_then(|plan| plan.schema(&catalog)).is_ok()
    };
    let names: Vec<String> = schema.fields().iter().map(|field| quoted(field.name()).to_string()).collect();
    let mut items = vec!["count as n".to_owned()];
    items.extend(names.iter().enumerate().map(|(at, name)| format!("count({name}) as n_{at}")));
    let mut places = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let mut place = |aggregate: &str| {
            if !wanted.contains(&aggregate) || aggregates::find(aggregate).is_err() {
                return None;
            }
            let item = format!("{aggregate}({name}) as {aggregate}_{at}");
            is_possible(&item).then(|| {
                items.push(item);
                items.len() - 1
            })
        };
        places.push(WANTED.map(&mut place));
    }
    Question { text: format!("agg {}", items.join(", ")), places }
}

/// The first value of an array, as a CSV has it.
fn value_text(value: &ArrayRef) -> Option<String> {
    match value.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, None) => {
            Some(calendar::timestamp_text(value.as_primitive::<TimestampMicrosecondType>().value(0)))
        }
        _ => array_value_to_string(value, 0).ok(),
    }
}

/// A row for each column of the file.
fn table(schema: &SchemaRef, question: &Question, row: &RecordBatch) -> frame::Result<RecordBatch> {
    let int = |place: usize| row.column(place).as_primitive::<Int64Type>().value(0);
    let at = |place: Option<usize>| place.map(|place| row.column(place)).filter(|value| value.is_valid(0));
    let text = |place: Option<usize>| at(place).and_then(value_text);
    let all = || question.places.iter();
    let types = all().zip(schema.fields()).map(|(places, field)| {
        // What was read tells the type better than what was guessed before.
        type_name(places[0].map_or(field.data_type(), |place| row.column(place).data_type()))
    });
    let means = all().map(|places| Ok(at(places[2]).map(|mean| cast(mean, &DataType::Float64)).transpose()?));
    let means: Vec<Option<ArrayRef>> = means.collect::<frame::Result<_>>()?;
    let counts = |column: usize| int(0) - int(1 + column);
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("column", Arc::new(schema.fields().iter().map(|field| Some(field.name().as_str())).collect::<StringViewArray>())),
        ("type", Arc::new(types.map(Some).collect::<StringViewArray>())),
        ("rows", Arc::new(all().map(|_| int(0)).collect::<Int64Array>())),
        ("nulls", Arc::new((0..question.places.len()).map(counts).collect::<Int64Array>())),
        ("min", Arc::new(all().map(|places| text(places[0])).collect::<StringViewArray>())),
        ("max", Arc::new(all().map(|places| text(places[1])).collect::<StringViewArray>())),
        ("mean", Arc::new(means.iter().map(|mean| Some(mean.as_ref()?.as_primitive::<Float64Type>().value(0))).collect::<Float64Array>())),
    ];
    if all().any(|places| places[3].is_some()) {
        let distinct = all().map(|places| Ok(at(places[3]).map(|count| cast(count, &DataType::Int64)).transpose()?));
        let distinct: Vec<Option<ArrayRef>> = distinct.collect::<frame::Result<_>>()?;
        let distinct = distinct.iter().map(|count| Some(count.as_ref()?.as_primitive::<Int64Type>().value(0)));
        columns.push(("distinct", Arc::new(distinct.collect::<Int64Array>())));
    }
    Ok(RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))?)
}
