//! A plan's canonical text reads back as an equal plan, and printing that gives the same text again: for random plans and for queries
//! with every verb.
//!
//! `PROPTEST_CASES=100000 cargo test --test canonical` tries more than the 500 plans of every day.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use frame_core::Result;
use frame_plan::{Catalog, Input, Plan};
use frame_testing::cases;
use proptest::prelude::*;

/// Every input is a table with these columns.
struct OneTable(SchemaRef);

impl Catalog for OneTable {
    fn schema(&self, _: &Input) -> Result<SchemaRef> {
        Ok(self.0.clone())
    }
}

fn table(columns: &[(&str, DataType)]) -> OneTable {
    OneTable(Arc::new(Schema::new(columns.iter().map(|(name, of)| Field::new(*name, of.clone(), true)).collect::<Vec<_>>())))
}

/// The plan that the canonical text of a plan reads back as; the texts of both must be the same.
fn read_back(plan: &Plan, catalog: &dyn Catalog) -> std::result::Result<Plan, TestCaseError> {
    let text = frame_lang::print(plan);
    let parsed = frame_lang::parse(&text, Vec::new(), catalog);
    let parsed = parsed.map_err(|error| TestCaseError::fail(format!("{text}\n{}", error.render(Some(&text)))))?;
    prop_assert_eq!(&frame_lang::print(&parsed), &text, "printing is no fixed point");
    Ok(parsed)
}

#[test]
fn random_plans_read_back() {
    let cases_total = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(500);
    let config = ProptestConfig { cases: cases_total, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let result = runner.run(&cases(), |case| {
        let columns: Vec<(&str, DataType)> = case.table.rows.columns.iter().map(|(name, kind)| (name.as_str(), kind.data_type())).collect();
        let plan = read_back(&case.plan, &table(&columns))?;
        prop_assert_eq!(&plan, &case.plan, "{}", frame_lang::print(&case.plan));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// At least two for each verb; columns `id` (int), `category`, `note` (text), `value`, `tmp_a`, `tmp_b` (float), `ts` (timestamp),
/// `day` (date), `paid` (bool) and `order` (int).
const QUERIES: &[&str] = &[
    "where value > 1 and not paid or id in (1, -2, 3)",
    "filter (value > 1 or paid) and category not in ('a', 'it''s')",
    "where not (value between 1 and 2) and value not between -1.5 and -0.5",
    "where category starts 'a' or category not ends 'b' or note contains '|' or note like '%x%' or note matches '(?i)^x'",
    "where ts >= @2024-01-31T10:00:00 and day < @2024-01-31 and ts - @2024-01-01 > 15m",
    "where (paid = (value > 1)) is not null and (id is null) = paid",
    "where -(-value) > - 1 and -id < 2 and 1 - (2 - id) > 0 and (1 - 2) - id < 0",
    "where value / (2 * id) = value / 2 * id and (id // 2) % 3 = id // (2 % 3)",
    "where (value ?? 1) + 1 > (value + 1 ?? 2) and (value ?? tmp_a ?? 0) > 1 and (value ?? (tmp_a ?? 0)) > 1",
    "where if paid then true elif value > 1 then false else null",
    "where [order] = 1 and [category] = 'a'",
    "select id, value * 2 as double, [order] as [a ]] b]",
    "select not tmp_*, not note",
    "keep tmp_*, re:'c.*', type:timestamp, if paid then 1 else 2 as flag, not paid as unpaid",
    "select (if paid then 1 else 2) + 1 as n, -(if paid then 1 else 2) as m",
    "drop tmp_*, note",
    "drop id",
    "rename amount = value, [the id] = id",
    "rename [where] = note",
    "derive net = value * 0.8, tax = value - net",
    "extend value = -value | mutate category = upper(category)",
    "derive month = ts + 1mo, later = day - 3d, long = 90m, none = null ?? 1",
    "derive c = cast(value, int or null), d = cast(id, decimal(12, 2)), e = cast(category, timestamp('Europe/Berlin') or null)",
    "cast id to text, value to int or null",
    "cast category to date or reject | cast value to float32 or fail",
    "cast id to uint8",
    "fill value with 0",
    "fill tmp_*, value with id + 1",
    "groupby category mean value",
    "group category, length(note) as size, [order] count as n, count where paid as paid, sum(value * id) as total having n > 1",
    "groupby category p95 value, p99.9 value, quantile(0.123456789012, value) as odd, quantile 0.5 id, median value with total",
    "groupby category first value order -ts, last value order (day nulls first, -id) as newest, mean {value, tmp_a}, max tmp_*",
    "groupby -id as negative, not paid as unpaid corr(value, tmp_a), wmean(value, id) as w, count(note), top(3, value) as best",
    "groupby paid concat(category, ', ') as names, list value, argmax(note, value) where value > 0 as longest",
    "agg sum value, max(value) as top",
    "agg first value order ((-id)) as a, last value order ((id + 1) * 2) as b, first value order -(id + 1) as c",
    "summarize mean value by category, day",
    "agg count where paid or value is null, var value where not paid as v",
    "agg count as n",
    "count",
    "where paid | count | where count > 1",
    "write 'some.csv' | take 3 | write 'answer.parquet' partition category",
    "sort id | write 'a b.txt' as csv",
    "counts category top 5",
    "counts category, note like '%red%' as is_red",
    "sort -value, category nulls first, (-id), -(-id)",
    "order -(value + 1) nulls last, -value + 1, (-value) + 1",
    "sort if paid then 1 else 2, value is null nulls first",
    "take 5 from 10",
    "head 5 | limit 3",
    "take 0",
    "tail 3",
    "tail 0 | tail 1",
    "top 2 by -value per category",
    "top 3 by value nulls first, -id per category, length(note) ties",
    "top 3 by -score | take 1",
    "distinct",
    "distinct category, id % 3 as third, not paid as unpaid",
    "dedup category",
    "dedup category, day keep last | dedup tmp_* keep first",
    "dedup category keep max(value) | dedup note keep min(id + 1)",
    "sample 10 seed 7",
    "sample 1% seed 7 | sample 2.5%",
    "sample 3 per category, length(note) seed 18446744073709",
    "sample 7% | sample 29% | sample 0.1% | sample 100%",
    "derive ma7 = mean(value) over (by category order day rows -6..0), prev = lag(value, 1) over (by category order day) | where value > ma7",
    "derive value = value - lag(value, 1, 0.5) over (order -day nulls first, id), n = row_number() over (), m = n + 1",
    "where id > mean(id) over (by category) or rank() over (order value) < 3",
    "select category, quantile(0.5, value) over (by length(note), [order] order day range 7d) as q, nth(note, 2) over (order day rows ..) as x",
    "derive [rows] = 1 | derive a = sum([rows]) over (by [rows] order [rows], [order] rows 1..2), b = count() over (order day rows ..0)",
    "fill value with p95(value) over () | derive c = concat(note, '; ') over (by category order ts range 1mo)",
    "rolling 15m on ts per category, paid mean value, count where id > 1 as n | rolling 3 rows on id sum n",
    "resample ts every 15m per category, paid mean value, count fill linear",
    "resample day every 1mo sum value as total, max id fill prev | resample day every 1y sum total fill zero",
    "resample ts every 1h count | complete ts every 1h with 0 | resample ts every 1d count as days fill null",
    "complete day every 7d per category, [order] | select ts, id | complete ts every 1q per id with 1",
    "pivot category in ('a', 'it''s', null) values sum value rows day, id",
    "pivot [order] in (1, -2) values mean(value * 2) as m, count where id > 5 as n rows paid | where [1_n] > 0",
    "unpivot tmp_*, value into what, amount | melt id into [a b], value",
    "explode note by ' ' | explode category by '''|'",
    "groupby category list id | explode list_id",
    "complete category, day",
    "select id, value, [order] | complete id, [order] with id * 0.5",
    "union 'other.csv'",
    "union 'a.csv', (from 'b.csv' (delimiter ';', no-headers, names x, [y z], types x = int, [y z] = text, format csv) | take 3) by name",
    "union (from 'c.csv' | where paid), (where value > 1 | union 'd.csv' by position)",
    "union (from 'it''s.parquet' (format parquet) | where paid) by position",
    "union (from 'b.csv' (names [format], a, [delimiter], types a = int, [format] = float, [no] = bool, delimiter ';'))",
    "let big = where value > 1; union big, (from big | take 1)",
    "join 'users.csv' on id",
    "join inner (from 'users.csv' | take 3) as u on id = value, category expect n:1 | where u.value > value | select id, u.note, u.id as key",
    "join left 'a.csv' as [the a] on id | join right 'b.csv' on id = [order] expect 1:1 | derive x = right.note, y = [the a].value",
    "join full 'a.csv' on id | drop right.note | rename v = right.value | sort -v",
    "join semi 'a.csv' on id = value expect 1:n | join anti (where paid) on id, category expect n:n",
    "join cross (from 'a.csv' | take 2) as b | groupby b.id, b.category mean b.value as m, count",
    "join asof 'quotes.csv' on ts backward within 5s per category",
    "join asof 'quotes.csv' as q on id = value nearest within 10 | cast q.ts to text",
    "join asof 'quotes.csv' as q on day forward per category, note expect n:1",
    "let big = where value > 1; join semi big on id | join (from big | join big on id) as left on id",
    "describe",
    "describe value, category",
    "unordered",
    "sort value | unordered | take 1",
    "note 'it''s a note\nof two lines'",
    "note '' | where paid",
];

fn sales() -> OneTable {
    let timestamp = DataType::Timestamp(TimeUnit::Microsecond, None);
    table(&[
        ("id", DataType::Int64),
        ("category", DataType::Utf8View),
        ("note", DataType::Utf8View),
        ("value", DataType::Float64),
        ("tmp_a", DataType::Float64),
        ("tmp_b", DataType::Float64),
        ("ts", timestamp),
        ("day", DataType::Date32),
        ("paid", DataType::Boolean),
        ("order", DataType::Int64),
    ])
}

#[test]
fn queries_with_every_verb_read_back() {
    let catalog = sales();
    let mut failures = Vec::new();
    for query in QUERIES {
        let input = Input { path: "sales.csv".to_owned(), ..Input::default() };
        let plan = match frame_lang::parse(query, vec![input], &catalog) {
            Ok(plan) => plan,
            Err(error) => {
                failures.push(error.render(Some(query)));
                continue;
            }
        };
        match read_back(&plan, &catalog) {
            Ok(parsed) if parsed == plan => {}
            Ok(_) => failures.push(format!("{query}\nreads back as another plan:\n{}", frame_lang::print(&plan))),
            Err(error) => failures.push(format!("{query}\n{error}")),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn every_verb_and_alias_is_tried() {
    let words: Vec<&str> = QUERIES.iter().flat_map(|query| query.split(|c: char| !c.is_alphanumeric() && c != '_')).collect();
    for verb in frame_lang::verbs::ALL {
        assert!(words.iter().any(|word| *word == verb.name || verb.aliases.contains(word)), "no query with `{}`", verb.name);
    }
}
