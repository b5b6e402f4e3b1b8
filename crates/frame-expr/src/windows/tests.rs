//! Every aggregate over frames gives what it gives for the rows of each frame alone, and every window of a group in stretches what it gives
//! for the whole group.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, StringViewArray, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use frame_core::Scalar;
use proptest::prelude::*;

use super::*;
use crate::aggregates::{self, BoundAggregate};
use crate::expr::{Expr, SortKey};

/// The value of each frame, computed of its rows alone.
fn one_by_one(aggregate: &BoundAggregate, arguments: &[ArrayRef], frames: &[(u32, u32)]) -> Vec<String> {
    let value = |(start, end): &(u32, u32)| {
        let rows = (end - start) as usize;
        let mut arguments: Vec<ArrayRef> = arguments.iter().map(|argument| argument.slice(*start as usize, rows)).collect();
        if aggregate.needs_order() {
            arguments.push(Arc::new(UInt64Array::from_iter_values(0..rows as u64)));
        }
        let mut states = aggregate.start();
        states.resize(1);
        states.update(&vec![0; rows], &arguments).expect("an update");
        shown(&states.take_values().expect("a value"))[0].clone()
    };
    frames.iter().map(value).collect()
}

/// Values as texts that tell every bit of a float.
fn shown(values: &ArrayRef) -> Vec<String> {
    match values.data_type() {
        DataType::Float64 => {
            let bits = |value: Option<f64>| value.map_or("null".to_owned(), |value| format!("{value:?} {:x}", value.to_bits()));
            values.as_primitive::<arrow::datatypes::Float64Type>().iter().map(bits).collect()
        }
        _ => (0..values.len()).map(|row| arrow::util::display::array_value_to_string(values, row).expect("a text")).collect(),
    }
}

/// Frames of which neither end ever falls.
fn frames(rows: usize) -> impl Strategy<Value = Vec<(u32, u32)>> {
    let rows = rows as u32;
    prop::collection::vec((0..=rows, 0..=rows), 0..40).prop_map(|ends| {
        let (mut starts, mut behind): (Vec<u32>, Vec<u32>) = ends.into_iter().map(|(a, b)| (a.min(b), a.max(b))).unzip();
        starts.sort_unstable();
        behind.sort_unstable();
        starts.into_iter().zip(behind).collect()
    })
}

type Values = Vec<(Option<i64>, Option<f64>, Option<bool>)>;

fn cases() -> impl Strategy<Value = (Values, Vec<(u32, u32)>)> {
    let floats = prop_oneof![
        6 => (-8..8_i32).prop_map(|value| f64::from(value) / 4.0),
        1 => prop::sample::select(vec![-0.0, 0.0, 0.1, 1e300, 5e-324, f64::NAN, f64::INFINITY]),
    ];
    let row = (prop::option::weighted(0.9, -5..5_i64), prop::option::weighted(0.9, floats), prop::option::weighted(0.9, any::<bool>()));
    prop::collection::vec(row, 0..120).prop_flat_map(|rows| {
        let len = rows.len();
        (Just(rows), frames(len))
    })
}

proptest! {
    #[test]
    fn aggregates_over_frames_are_those_of_their_rows((rows, frames) in cases()) {
        let ints: ArrayRef = Arc::new(rows.iter().map(|(int, ..)| *int).collect::<Int64Array>());
        let floats: ArrayRef = Arc::new(rows.iter().map(|(_, float, _)| *float).collect::<Float64Array>());
        let truths: ArrayRef = Arc::new(rows.iter().map(|(.., truth)| *truth).collect::<BooleanArray>());
        let texts: ArrayRef = Arc::new(rows.iter().map(|(int, ..)| int.map(|int| format!("text {int}"))).collect::<StringViewArray>());
        for function in aggregates::ALL {
            let constants = match function.name() {
                "quantile" | "approx_quantile" => vec![Scalar::Float(0.3)],
                "top" => vec![Scalar::Int(2)],
                "concat" => vec![Scalar::Text(";".to_owned())],
                _ => Vec::new(),
            };
            for columns in [vec![], vec![&ints], vec![&floats], vec![&truths], vec![&texts], vec![&floats, &ints], vec![&texts, &floats]] {
                let types: Vec<DataType> = columns.iter().map(|column| column.data_type().clone()).collect();
                if !function.arguments().contains(&types.len()) {
                    continue;
                }
                let Ok(aggregate) = function.bind(&types, &constants) else { continue };
                let arguments: Vec<ArrayRef> =
                    columns.iter().zip(aggregate.inputs()).map(|(column, wanted)| cast(column, wanted).expect("a wider type")).collect();
                let found = match aggregate.over(&arguments, &frames) {
                    // A product of many whole numbers need not fit.
                    Err(_) if function.name() == "product" => continue,
                    found => found.expect("values"),
                };
                prop_assert_eq!(shown(&found), one_by_one(&aggregate, &arguments, &frames), "{} of {:?} {:?}", function.name(), types, frames);
            }
        }
    }
}

/// One group of six rows with peers, and one of a row.
fn stretch() -> Stretch {
    Stretch::new(vec![0, 6, 7], vec![0, 1, 3, 4, 6, 7])
}

fn values(name: &str, arguments: &[ArrayRef], constants: &[Scalar], stretch: &Stretch) -> Vec<String> {
    let types: Vec<DataType> = arguments.iter().map(|argument| argument.data_type().clone()).collect();
    let function = find(name).and_then(|function| function.bind(&types, constants)).expect("a function");
    shown(&(function.compute)(arguments, stretch).expect("values"))
}

#[test]
fn ranks_are_those_of_sql() {
    let ranks = |name: &str, constants: &[Scalar]| values(name, &[], constants, &stretch());
    assert_eq!(ranks("row_number", &[]), ["1", "2", "3", "4", "5", "6", "1"]);
    assert_eq!(ranks("rank", &[]), ["1", "2", "2", "4", "5", "5", "1"]);
    assert_eq!(ranks("dense_rank", &[]), ["1", "2", "2", "3", "4", "4", "1"]);
    assert_eq!(ranks("ntile", &[Scalar::Int(4)]), ["1", "1", "2", "2", "3", "4", "1"]);
    assert_eq!(ranks("ntile", &[Scalar::Int(9)]), ["1", "2", "3", "4", "5", "6", "1"]);
    let floats = |name: &str| {
        values(name, &[], &[], &stretch()).iter().map(|text| text.split(' ').next().unwrap_or("").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(floats("percent_rank"), ["0.0", "0.2", "0.2", "0.6", "0.8", "0.8", "0.0"]);
    assert_eq!(floats("cume_dist")[1..4], ["0.5", "0.5", "0.6666666666666666"]);
}

#[test]
fn shifts_stay_in_their_group() {
    let column: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(3), Some(4), Some(5), Some(6), Some(7)]));
    let shifted = |name: &str, constants: &[Scalar]| values(name, std::slice::from_ref(&column), constants, &stretch());
    assert_eq!(shifted("lag", &[]), ["", "1", "", "3", "4", "5", ""]);
    assert_eq!(shifted("lead", &[Scalar::Int(2), Scalar::Int(-1)]), ["3", "4", "5", "6", "-1", "-1", "-1"]);
    assert_eq!(shifted("lag", &[Scalar::Int(i64::MAX)]), [""; 7]);
    let mut framed = stretch();
    framed.frame(stretch::Extent::Rows(None, None), None).expect("frames");
    assert_eq!(values("nth", &[column], &[Scalar::Int(3)], &framed), ["3", "3", "3", "3", "3", "3", ""]);
}

#[test]
fn frames_end_with_their_group() {
    let mut found = stretch();
    found.frame(stretch::Extent::Rows(Some(-1), Some(0)), None).expect("frames");
    assert_eq!(found.frames, [(0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 6), (6, 7)]);
    found.frame(stretch::Extent::Rows(Some(2), None), None).expect("frames");
    assert_eq!(found.frames, [(2, 6), (3, 6), (4, 6), (5, 6), (6, 6), (6, 6), (7, 7)]);
    found.frame(stretch::Extent::Rows(Some(i64::MIN), Some(i64::MAX)), None).expect("frames");
    assert_eq!(found.frames[..2], [(0, 6), (0, 6)]);
    found.frame(stretch::Extent::Running, None).expect("frames");
    assert_eq!(found.frames, [(0, 1), (0, 3), (0, 3), (0, 4), (0, 6), (0, 6), (6, 7)]);
    let times: ArrayRef = Arc::new(Int64Array::from(vec![Some(10), Some(20), Some(20), Some(21), None, None, Some(5)]));
    let before: ArrayRef = Arc::new(Int64Array::from(vec![Some(0), Some(10), Some(10), Some(11), None, None, Some(-5)]));
    found.frame(stretch::Extent::Range, Some(&[times, before])).expect("frames");
    assert_eq!(found.frames, [(0, 1), (1, 3), (1, 3), (1, 4), (4, 6), (4, 6), (6, 7)]);
}

/// Function, constants, argument and frame.
type WindowCall = (&'static str, Vec<Scalar>, Option<&'static str>, Option<Frame>);

/// Windows that can be read in stretches, of a group ordered by `day`.
fn windows() -> Vec<Window> {
    let rows = |start: Option<i64>, end: Option<i64>| Some(Frame::Rows { start, end });
    let range = || Some(Frame::Range(Scalar::Duration(2 * 86_400_000_000)));
    let int = |value: i64| vec![Scalar::Int(value)];
    let calls: Vec<WindowCall> = vec![
        ("row_number", vec![], None, None),
        ("rank", vec![], None, None),
        ("dense_rank", vec![], None, None),
        ("percent_rank", vec![], None, None),
        ("cume_dist", vec![], None, None),
        ("ntile", int(3), None, None),
        ("lag", int(2), Some("t"), None),
        ("lead", int(3), Some("x"), None),
        ("nth", int(2), Some("t"), rows(Some(-2), Some(1))),
        ("nth", int(1), Some("x"), range()),
        ("sum", vec![], Some("x"), None),
        ("first", vec![], Some("t"), None),
        ("median", vec![], Some("x"), None),
        ("mean", vec![], Some("x"), rows(Some(-3), Some(1))),
        ("sum", vec![], Some("x"), rows(None, Some(0))),
        ("last", vec![], Some("t"), rows(None, Some(-2))),
        ("count", vec![], None, rows(None, Some(2))),
        ("max", vec![], Some("t"), rows(None, None)),
        ("first", vec![], Some("x"), rows(None, None)),
        ("list", vec![], Some("x"), range()),
        ("count", vec![], None, range()),
    ];
    let window = |(function, constants, argument, frame): WindowCall| Window {
        function: function.to_owned(),
        constants,
        arguments: argument.into_iter().map(Expr::column).collect(),
        by: Vec::new(),
        order: vec![SortKey { expr: Expr::column("day"), descending: false, nulls_first: false }],
        frame,
    };
    calls.into_iter().map(window).collect()
}

/// What a window looks at, for some rows, and where peers among them begin.
fn at_hand(window: &BoundWindow, columns: &[ArrayRef], rows: std::ops::Range<usize>) -> (Vec<ArrayRef>, Option<[ArrayRef; 2]>, Vec<u32>) {
    let columns: Vec<ArrayRef> = columns.iter().map(|column| column.slice(rows.start, rows.len())).collect();
    let value = |expr: &crate::bind::BoundExpr| expr.evaluate(&columns, rows.len()).expect("values");
    let days = columns[0].as_primitive::<arrow::datatypes::Date32Type>();
    let begins = (0..rows.len()).filter(|row| *row == 0 || days.iter().nth(*row) != days.iter().nth(row - 1)).map(|row| row as u32);
    let range: Vec<ArrayRef> = window.range.iter().flatten().map(value).collect();
    (window.arguments.iter().map(value).collect(), range.try_into().ok(), begins.chain([rows.len() as u32]).collect())
}

/// The values of a group that comes in parts which end at `cuts`.
fn in_stretches(window: &BoundWindow, columns: &[ArrayRef], cuts: &[usize]) -> Vec<String> {
    let (needs, mut stream) = (window.needs().expect("stretches"), GroupStream::new(window).expect("stretches"));
    if needs.total {
        let mut start = 0;
        for end in cuts {
            stream.look(end - start, &at_hand(window, columns, start..*end).0).expect("a look");
            start = *end;
        }
        stream.looked().expect("a value");
    }
    let (mut first, mut done, mut values) = (0, 0, Vec::new());
    for (at, read) in cuts.iter().enumerate() {
        let (arguments, range, peers) = at_hand(window, columns, first..*read);
        let mut end = read - first;
        if at + 1 < cuts.len() {
            end = end.saturating_sub(needs.behind);
            if needs.peers {
                end = peers[..peers.len() - 1].iter().rev().map(|begin| *begin as usize).find(|begin| *begin <= end).unwrap_or(0);
            }
        }
        if end > done {
            let (found, from) = stream.values(&arguments, range.as_ref(), &peers, done..end).expect("values");
            values.extend(shown(&found));
            let leave = end.saturating_sub(needs.before).min(from);
            stream.leave(&arguments, leave).expect("states");
            first += leave;
            done = end - leave;
        }
    }
    values
}

proptest! {
    #[test]
    fn groups_in_stretches_have_the_values_of_whole_ones(
        rows in prop::collection::vec((prop::option::weighted(0.9, 0..12_i32), prop::option::weighted(0.9, -9..9_i32)), 1..90),
        cuts in prop::collection::vec(0..90_usize, 0..9),
    ) {
        let mut rows = rows;
        rows.sort_by_key(|(day, _)| day.map_or(i32::MAX, |day| day));
        let days: ArrayRef = Arc::new(rows.iter().map(|(day, _)| *day).collect::<arrow::array::Date32Array>());
        let floats: ArrayRef = Arc::new(rows.iter().map(|(_, x)| x.map(|x| f64::from(x) / 10.0)).collect::<Float64Array>());
        let texts: ArrayRef = Arc::new((0..rows.len()).map(|row| Some(format!("text {row}"))).collect::<StringViewArray>());
        let columns = [days, floats, texts];
        let fields = ["day", "x", "t"].into_iter().zip(&columns);
        let schema = arrow::datatypes::Schema::new(
            fields.map(|(name, column)| arrow::datatypes::Field::new(name, column.data_type().clone(), true)).collect::<Vec<_>>(),
        );
        let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut < rows.len()).chain([rows.len()]).collect();
        cuts.sort_unstable();
        for window in windows() {
            let bound = BoundWindow::bind(&window, frame_core::Span::default(), &schema).expect("a window");
            let (arguments, range, peers) = at_hand(&bound, &columns, 0..rows.len());
            let whole = bound.evaluate(&arguments, range.as_ref(), &mut Stretch::new(vec![0, rows.len() as u32], peers)).expect("values");
            prop_assert_eq!(in_stretches(&bound, &columns, &cuts), shown(&whole), "{} {:?}", window, cuts);
        }
    }
}
