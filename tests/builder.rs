//! The builder and the verbs make the same plans: a pair for every verb, and a function for every aggregate.

use frame::arrow::datatypes::DataType;
use frame::{BadValue, Direction, Expect, Expr, FillFrom, Frame, JoinSpec, SampleSize, Scalar, Session, Target, col};
use frame_expr::BinaryOp;

const FILE: &str = "data/sales.csv";

/// A verb, a query with it, and the same query built in Rust.
type Pair = (&'static str, &'static str, fn(Frame) -> Frame);

const PAIRS: &[Pair] = &[
    ("where", "where value > 1200 and note is not null", |f| f.filter(col("value").gt(1200).and(col("note").is_not_null()))),
    ("where", "where _line > 4 and value > 0", |f| f.filter(col("_line").gt(4).and(col("value").gt(0)))),
    ("derive", "derive line = _line + 0", |f| f.derive([("line", col("_line") + 0)])),
    ("groupby", "groupby _file count, max _line", |f| f.group_by(["_file"]).agg([frame::count(), frame::max("_line")])),
    ("select", "select category, value * 2 as double", |f| f.select([(col("category"), "category"), (col("value") * 2, "double")])),
    ("drop", "drop note, ts", |f| f.drop(["note", "ts"])),
    ("rename", "rename amount = value, what = category", |f| f.rename([("amount", "value"), ("what", "category")])),
    ("derive", "derive double = value * 2, value = double + 1", |f| f.derive([("double", col("value") * 2), ("value", col("double") + 1)])),
    ("cast", "cast id to text, value to int or null", |f| f.cast([("id", DataType::Utf8View), ("value", DataType::Int64)], BadValue::Null)),
    ("cast", "cast note to int or reject", |f| f.cast([("note", DataType::Int64)], BadValue::Reject)),
    ("cast", "cast value to int", |f| f.cast([("value", DataType::Int64)], BadValue::Fail)),
    ("fill", "fill value with 0", |f| f.fill(["value"], 0)),
    ("fill", "fill note, value down", |f| f.fill_from(["note", "value"], FillFrom::Above)),
    ("fill", "fill note up", |f| f.fill_from(["note"], FillFrom::Below)),
    ("fill", "fill value linear", |f| f.fill_from(["value"], FillFrom::Between)),
    ("groupby", "groupby category, id // 10 as tens mean value, count as n having n > 1", |f| {
        let keys = [(col("category"), "category"), (Expr::binary(BinaryOp::FloorDivide, col("id"), 10.into()), "tens")];
        f.group_by_keys(keys).having(col("n").gt(1)).agg([frame::mean("value"), frame::count().named("n")])
    }),
    ("groupby", "groupby category sum value with total", |f| f.group_by(["category"]).with_total().agg([frame::sum("value")])),
    ("agg", "agg max value, count where id < 10 as few", |f| {
        f.agg([frame::max("value"), frame::count().filter(col("id").lt(10)).named("few")])
    }),
    ("count", "count", Frame::count),
    ("counts", "counts category top 5", |f| f.counts(["category"]).take(5)),
    ("sort", "sort -value nulls first, category", |f| f.sort_by([col("value").descending().nulls_first(), col("category").into()])),
    ("take", "take 5 from 10", |f| f.take_from(5, 10)),
    ("tail", "tail 3", |f| f.tail(3)),
    ("top", "top 2 by -value per category", |f| f.top(2, [col("value").descending()], [col("category")])),
    ("top", "top 2 by value ties", |f| f.top_with_ties(2, [col("value")], [])),
    ("distinct", "distinct category, note", |f| f.distinct(["category", "note"])),
    ("distinct", "distinct", Frame::distinct_rows),
    ("dedup", "dedup category", |f| f.dedup(["category"])),
    ("dedup", "dedup category keep last", |f| f.dedup_last(["category"])),
    ("dedup", "dedup category keep max(value)", |f| f.dedup_best(["category"], col("value").descending())),
    ("sample", "sample 10 seed 7", |f| f.sample(SampleSize::Rows(10), 7)),
    ("sample", "sample 25% per category seed 1", |f| f.sample_per(SampleSize::Fraction(0.25), [col("category")], 1)),
    ("rolling", "rolling 7 rows on ts per category mean value, count where id > 5 as n", |f| {
        f.rolling_rows(7, "ts", ["category"], [frame::mean("value"), frame::count().filter(col("id").gt(5)).named("n")])
    }),
    ("rolling", "rolling 1d on ts max value", |f| {
        f.rolling(frame::Scalar::Duration(86_400_000_000), "ts", [] as [&str; 0], [frame::max("value")])
    }),
    ("resample", "resample ts every 1mo per category mean value, count fill prev", |f| {
        f.resample("ts", frame::Scalar::Months(1), ["category"], [frame::mean("value"), frame::count()], frame::EmptySteps::Previous)
    }),
    ("resample", "resample ts every 1d max value fill linear", |f| {
        f.resample("ts", frame::Scalar::Duration(86_400_000_000), [] as [&str; 0], [frame::max("value")], frame::EmptySteps::Linear)
    }),
    ("complete", "complete ts every 1mo per category", |f| f.complete_every("ts", frame::Scalar::Months(1), ["category"])),
    ("pivot", "pivot category in ('category_001', 'category_002') values sum value rows note", |f| {
        f.pivot("category", ["category_001", "category_002"], [frame::sum("value")], ["note"])
    }),
    ("pivot", "pivot category values count, max id rows note", |f| f.pivot_all("category", [frame::count(), frame::max("id")], ["note"])),
    ("unpivot", "unpivot id, value into measure, amount", |f| f.unpivot(["id", "value"], "measure", "amount")),
    ("explode", "explode note by ' '", |f| f.explode_by("note", " ")),
    ("complete", "complete category, note", |f| f.complete(["category", "note"])),
    ("complete", "select id, value | complete id with 0", |f| {
        f.select([(col("id"), "id"), (col("value"), "value")]).complete_with(["id"], 0)
    }),
    ("union", "union (from 'data/sales.csv' | drop note)", |f| f.clone().union(f.drop(["note"]))),
    ("union", "union 'data/sales.csv' by position", |f| f.clone().union_by_position(f)),
    ("join", "join 'data/sales.csv' on id", |f| f.clone().join(f, JoinSpec::inner(["id"]))),
    ("join", "join left 'data/sales.csv' as s on id = value, category expect n:1", |f| {
        let how = JoinSpec::left([("id", "value"), ("category", "category")]).named("s").expect(Expect::ManyToOne);
        f.clone().join(f, how)
    }),
    ("join", "join right 'data/sales.csv' on id", |f| f.clone().join(f, JoinSpec::right(["id"]))),
    ("join", "join full 'data/sales.csv' on id", |f| f.clone().join(f, JoinSpec::full(["id"]))),
    ("join", "join semi 'data/sales.csv' on id", |f| f.clone().join(f, JoinSpec::semi(["id"]))),
    ("join", "join anti (from 'data/sales.csv' | take 3) on id", |f| f.clone().join(f.take(3), JoinSpec::anti(["id"]))),
    ("join", "join cross (from 'data/sales.csv' | take 3)", |f| f.clone().join(f.take(3), JoinSpec::cross())),
    ("join", "join asof 'data/sales.csv' as s on ts backward within 5s per category", |f| {
        let how = JoinSpec::as_of("ts", Direction::Backward).within(Scalar::Duration(5_000_000)).per(["category"]).named("s");
        f.clone().join(f, how)
    }),
    ("describe", "describe value, note", |f| f.describe_columns(["value", "note"])),
    ("describe", "describe", Frame::describe),
    ("write", "write 'x.csv'", |f| f.write("x.csv")),
    ("write", "write 'x' as ndjson partition category, id", |f| f.write(Target::new("x").format("ndjson").partition(["category", "id"]))),
    ("unordered", "unordered", Frame::unordered),
    ("note", "note 'all sales'", |f| f.note("all sales")),
];

fn session() -> Session {
    Session::builder().threads(1).build().expect("a session")
}

#[test]
fn every_pair_is_one_plan() {
    let session = session();
    for (_, text, build) in PAIRS {
        let parsed = session.query(*text).input(FILE).plan().unwrap_or_else(|error| panic!("{}", error.render(Some(text))));
        let built = build(session.scan(FILE));
        assert_eq!(&parsed, built.plan(), "{text}");
    }
}

#[test]
fn every_verb_has_a_pair_that_uses_it() {
    for verb in frame_lang::verbs::ALL {
        let pairs: Vec<_> = PAIRS.iter().filter(|(name, ..)| *name == verb.name || verb.aliases.contains(name)).collect();
        assert!(!pairs.is_empty(), "`{}` has no method in the builder, or no pair here", verb.name);
        for (name, text, _) in pairs {
            assert!(text.split([' ', '|']).any(|word| word == *name), "{text}");
        }
    }
}

#[test]
fn every_aggregate_has_a_function() {
    use frame::{
        all, any, approx_nunique, approx_quantile, argmax, argmin, col, concat, corr, count, cov, first, kurtosis, largest, last, list,
        max, mean, median, min, mode, nunique, product, quantile, skew, std, sum, var, wmean,
    };
    let pairs = [
        ("any(value > 1000) as any", any(col("value").gt(1000))),
        ("all(value > 1000) as all", all(col("value").gt(1000))),
        ("approx_nunique category", approx_nunique("category")),
        ("approx_quantile 0.5 value", approx_quantile("value", 0.5)),
        ("product value", product("value")),
        ("argmax(id, value)", argmax("id", "value")),
        ("argmin(id, value)", argmin("id", "value")),
        ("concat(category, '; ') order -id as c", concat("category", "; ").order([col("id").descending()]).named("c")),
        ("corr(id, value)", corr("id", "value")),
        ("count", count()),
        ("cov(id, value)", cov("id", "value")),
        ("first value order ts", first("value").order([col("ts")])),
        ("kurtosis value", kurtosis("value")),
        ("last value order ts", last("value").order([col("ts")])),
        ("list id", list("id")),
        ("max value", max("value")),
        ("mean value", mean("value")),
        ("median value", median("value")),
        ("min value", min("value")),
        ("mode category", mode("category")),
        ("nunique category", nunique("category")),
        ("quantile 0.95 value", quantile("value", 0.95)),
        ("skew value", skew("value")),
        ("std value", std("value")),
        ("sum value", sum("value")),
        ("top 3 value", largest("value", 3)),
        ("var value", var("value")),
        ("wmean(value, id)", wmean("value", "id")),
    ];
    let session = session();
    for (text, spec) in &pairs {
        let text = format!("agg {text}");
        let parsed = session.query(text.as_str()).input(FILE).plan().unwrap_or_else(|error| panic!("{}", error.render(Some(&text))));
        let built = session.scan(FILE).agg([spec.clone()]);
        assert_eq!(&parsed, built.plan(), "{text}");
        assert!(built.start().and_then(frame::Run::to_vec).is_ok_and(|batches| !batches.is_empty()), "{text}");
    }
    for function in frame_expr::aggregates::ALL {
        let named = pairs.iter().any(|(text, _)| text.split([' ', '(']).next() == Some(function.name()));
        assert!(named, "`{}` has no function in the builder", function.name());
    }
}

#[test]
fn every_window_function_has_a_function() {
    use frame::{Over, cume_dist, dense_rank, lag, lead, nth, ntile, percent_rank, rank, row_number};
    let over = || Over::all().by([col("category")]).order([col("ts").descending()]);
    let pairs = [
        ("row_number() over (by category order -ts)", row_number().over(over())),
        ("rank() over (by category order -ts)", rank().over(over())),
        ("dense_rank() over (by category order -ts)", dense_rank().over(over())),
        ("percent_rank() over (by category order -ts)", percent_rank().over(over())),
        ("cume_dist() over (by category order -ts)", cume_dist().over(over())),
        ("ntile(4) over (by category order -ts)", ntile(4).over(over())),
        ("lag(value, 1) over (by category order -ts)", lag(col("value"), 1).over(over())),
        ("lead(value, 2) over (by category order -ts)", lead(col("value"), 2).over(over())),
        ("nth(value, 3) over (by category order -ts rows ..)", nth(col("value"), 3).over(over().rows(None, None))),
        ("sum(value) over (by category order -ts rows -6..0)", frame::sum("value").over(over().rows(-6, 0))),
        (
            "sum(value) over (order ts range 1h)",
            frame::sum("value").over(Over::all().order([col("ts")]).range(frame::Scalar::Duration(3_600_000_000))),
        ),
    ];
    let session = session();
    for (text, expr) in &pairs {
        let text = format!("derive x = {text}");
        let parsed = session.query(text.as_str()).input(FILE).plan().unwrap_or_else(|error| panic!("{}", error.render(Some(&text))));
        let built = session.scan(FILE).derive([("x", expr.clone())]);
        assert_eq!(&parsed, built.plan(), "{text}");
        assert!(built.start().and_then(frame::Run::to_vec).is_ok_and(|batches| !batches.is_empty()), "{text}");
    }
    for function in frame_expr::windows::ALL {
        let named = pairs.iter().any(|(text, _)| text.split('(').next() == Some(function.name()));
        assert!(named, "`{}` has no function in the builder", function.name());
    }
}

#[test]
fn what_is_wrong_with_a_stage_is_told_at_the_start() {
    let session = session();
    for (frame, words) in [
        (session.scan(FILE).drop(["nothing"]).take(3), "unknown column `nothing`"),
        (session.scan(FILE).derive([("a", col("nothing") + 1)]), "unknown column `nothing`"),
        (session.scan(FILE).rename([("a", "nothing")]).count(), "unknown column `nothing`"),
        (session.scan(FILE).fill_from(["note"], FillFrom::Between), "fill linear"),
        (session.scan(FILE).cast([("id", DataType::Int64), ("id", DataType::Int64)], BadValue::Null), "two columns"),
        (session.scan(FILE).group_by(["id"]).with_total().having(col("n").gt(1)).agg([frame::count().named("n")]), "do not go together"),
        (session.scan("nowhere.csv").describe(), "nowhere.csv"),
        (session.scan(FILE).union(session.scan(FILE).drop(["nothing"])), "unknown column `nothing`"),
        (session.scan(FILE).join(session.scan(FILE), JoinSpec::semi(["nothing"])), "unknown column `nothing`"),
        (session.scan(FILE).join(session.scan(FILE), JoinSpec::inner([("id", "note")])), "join on `id = note`"),
    ] {
        let error = frame.start().err().expect(words);
        assert!(error.to_string().contains(words), "{error}");
        assert!(frame.explain().is_err());
    }
}

#[test]
fn types_that_turn_out_to_be_others_are_planned_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("late.csv").display().to_string();
    std::fs::write(&file, format!("a\n{}x\n", "1\n".repeat(100_000))).expect("a file");
    let described = session().scan(&file).describe();
    let text = session().query("describe").input(&file);
    let built = described.start().expect("starts").to_vec().expect("runs");
    assert_eq!(built, text.start().expect("starts").to_vec().expect("runs"));
    assert_eq!(built.iter().map(frame::arrow::array::RecordBatch::num_rows).sum::<usize>(), 1);
}
