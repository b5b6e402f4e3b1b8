//! Scalar functions, literals and types from text to value: what examples promise, and what is refused.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, new_empty_array};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::util::display::array_value_to_string;
use frame_core::{Error, Result};
use frame_expr::{Expr, bind, fold, scalars, type_name};
use frame_plan::{Catalog, Input, Plan};

struct Columns(SchemaRef);

impl Catalog for Columns {
    fn schema(&self, _: &Input) -> Result<SchemaRef> {
        Ok(Arc::clone(&self.0))
    }
}

/// The expression that a text is.
fn parsed(text: &str, schema: &SchemaRef) -> Result<Expr> {
    let input = Input { path: "t".to_owned(), ..Input::default() };
    let plan = frame_lang::parse(&format!("select {text} as x"), vec![input], &Columns(Arc::clone(schema)))?;
    let Plan::Project(project) = plan else { panic!("{text} is no projection") };
    Ok(project.items[0].0.clone())
}

fn evaluated(expr: &Expr, batch: &RecordBatch) -> Result<ArrayRef> {
    bind(expr, &batch.schema())?.evaluate(batch.columns(), batch.num_rows())
}

/// A batch of one row without columns.
fn nothing() -> RecordBatch {
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(1));
    RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options).expect("a row")
}

fn attempt(text: &str) -> Result<ArrayRef> {
    let expr = parsed(text, &Arc::new(Schema::empty()))?;
    let plain = evaluated(&expr, &nothing());
    // Folded or not, the value is the same, and so is its type.
    let folded = fold(expr);
    let other = evaluated(&folded, &nothing());
    assert_eq!(
        plain.as_ref().map(|array| array.data_type().clone()).ok(),
        other.as_ref().map(|array| array.data_type().clone()).ok(),
        "{text}"
    );
    if let (Ok(plain), Ok(other)) = (&plain, &other) {
        assert_eq!(shown(plain), shown(other), "{text} folded");
    }
    plain
}

fn shown(array: &ArrayRef) -> String {
    if array.is_null(0) || array.data_type().is_null() { "null".to_owned() } else { array_value_to_string(array, 0).expect("a value") }
}

/// The value as text, without its type.
fn value(text: &str) -> String {
    attempt(text).map(|array| shown(&array)).unwrap_or_else(|error| panic!("{text}: {}", error.render(None)))
}

/// The value and its type.
fn typed(text: &str) -> String {
    let array = attempt(text).unwrap_or_else(|error| panic!("{text}: {}", error.render(None)));
    format!("{} {}", shown(&array), type_name(array.data_type()))
}

fn refusal(text: &str) -> Error {
    match attempt(text) {
        Ok(array) => panic!("{text} is {}", shown(&array)),
        Err(error) => error,
    }
}

#[test]
fn every_example_has_the_value_it_states() {
    for function in scalars::ALL {
        let (text, stated) = function.example();
        let (found, expected) = (attempt(text), attempt(stated));
        let found = found.unwrap_or_else(|error| panic!("{text}: {}", error.render(None)));
        let expected = expected.unwrap_or_else(|error| panic!("{stated}: {}", error.render(None)));
        assert_eq!(shown(&found), shown(&expected), "{text}");
        if stated != "null" {
            assert_eq!(found.data_type(), expected.data_type(), "{text}");
        }
        let names_itself = function.help().contains(function.name());
        assert!(names_itself, "the help of {} does not say how it is written", function.name());
        assert!(text.contains(function.name()), "{text} does not use {}", function.name());
    }
}

#[test]
fn functions_of_nulls_and_of_no_rows_do_not_fail() {
    let schema: SchemaRef = Arc::new(Schema::empty());
    for function in scalars::ALL {
        let expr = parsed(function.example().0, &schema).expect("an example");
        let bound = bind(&expr, &schema).expect("bound");
        let none = bound.evaluate(&[], 0).unwrap_or_else(|error| panic!("{}: {error}", function.name()));
        assert_eq!(none.len(), 0, "{}", function.name());
        assert_eq!(none.data_type(), new_empty_array(bound.data_type()).data_type());
    }
    for (text, expected) in [
        ("length(null)", "null"),
        ("pad_left(null, 3)", "null"),
        ("trim('a', null)", "null"),
        ("'a' matches null", "null"),
        ("extract(null, 'a')", "null"),
        ("replace('a', null, 'b')", "null"),
        ("split_part('a', ',', null)", "null"),
        ("abs(null)", "null"),
        ("round(null, 2)", "null"),
        ("least(null, null)", "null"),
        ("greatest(1, null)", "1"),
        ("year(null)", "null"),
        ("truncate(null, 'day')", "null"),
        ("@2024-01-01 + null", "null"),
        ("null_if(null, 1)", "null"),
        ("null_if(1, null)", "1"),
        ("is_nan(null)", "null"),
        ("hash(null) is null", "false"),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn texts() {
    for (text, expected) in [
        ("pad_left('naïve', 7, '*+')", "*+naïve"),
        ("pad_right('a', 4, 'xyz')", "axyz"),
        ("pad_left('abcdef', 3)", "abcdef"),
        ("pad_left('a', 3, '')", "a"),
        ("pad_left('a', -5)", "a"),
        ("trim('xyaxbyx', 'xy')", "axb"),
        ("trim('xxx', 'x')", ""),
        ("trim_left('xxax', 'x')", "ax"),
        ("trim_right('ab  ')", "ab"),
        ("'Smith' matches '(?i)smith'", "true"),
        ("'Smith' not matches '^mith'", "true"),
        ("extract('a=1, b=22', 'b=([0-9]+)')", "22"),
        ("extract('a=1, b=22', '[0-9]+')", "1"),
        ("extract('a=1', '(.)=(.)', 2)", "1"),
        ("extract('a=1', '(.)=(.)', 0)", "a=1"),
        ("extract('a', '(b)?a')", "null"),
        ("extract('x', 'y')", "null"),
        ("replace('aaa', 'aa', 'b')", "ba"),
        ("replace('abc', '', '-')", "abc"),
        ("replace_regex('john smith', '(\\w+) (\\w+)', '${2} ${1}')", "smith john"),
        ("split_part('a,b,,d', ',', 3)", ""),
        ("split_part('a,b,,d', ',', -1)", "d"),
        ("split_part('a,b', ',', 3)", "null"),
        ("split_part('a,b', ',', 0)", "null"),
        ("split_part('ab', '', 1)", "ab"),
        ("reverse('naïve')", "evïan"),
        ("repeat('ab', 0)", ""),
        ("repeat('', 9223372036854775807)", ""),
        ("position('naïve', 've')", "4"),
        ("position('abc', 'x')", "0"),
        ("position('abc', '')", "1"),
        ("left('naïve', 3)", "naï"),
        ("left('abc', -1)", "ab"),
        ("left('abc', -9)", ""),
        ("left('abc', 9)", "abc"),
        ("right('naïve', 3)", "ïve"),
        ("right('abc', -1)", "bc"),
        ("right('abc', -9)", ""),
        ("substr('naïve', 3)", "ïve"),
        ("substr('abc', 9)", ""),
        ("substr('abc', 2, -1)", ""),
        ("substr('abc', -5, 2)", "ab"),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn numbers_keep_their_type() {
    for (text, expected) in [
        ("abs(-2)", "2 int"),
        ("abs(-2.5)", "2.5 float"),
        ("abs(cast('-2.50', decimal(5, 2)))", "2.50 decimal(5, 2)"),
        ("abs(-15m) = 15m", "true bool"),
        ("sign(-0.5)", "-1.0 float"),
        ("sign(cast('-2.50', decimal(5, 2)))", "-1 int"),
        ("round(2.5)", "3.0 float"),
        ("round(-2.5)", "-3.0 float"),
        ("round(1250, -2)", "1300 int"),
        ("round(-1249, -2)", "-1200 int"),
        ("round(cast('9.995', decimal(4, 3)), 2)", "10.000 decimal(5, 3)"),
        ("round(cast('-9.994', decimal(4, 3)), 2)", "-9.990 decimal(5, 3)"),
        ("floor(cast('-2.50', decimal(5, 2)))", "-3 decimal(4, 0)"),
        ("ceil(cast('9.01', decimal(3, 2)))", "10 decimal(2, 0)"),
        ("sqrt(cast('2.25', decimal(5, 2)))", "1.5 float"),
        ("sqrt(-1)", "NaN float"),
        ("pow(2, 0.5) = sqrt(2)", "true bool"),
        ("least(2, 1.5)", "1.5 float"),
        ("greatest('b', 'a')", "b text"),
        ("greatest(0.0 / 0.0, 1)", "NaN float"),
        ("least(0.0 / 0.0, 1)", "1.0 float"),
        ("least(@2024-02-01, @2024-01-01)", "2024-01-01 date"),
        ("is_finite(2)", "true bool"),
        ("type_of(1) = 'int' and type_of('a') = 'text' and type_of(15m) = 'duration'", "true bool"),
        ("type_of(cast(1, decimal(12, 2)))", "decimal(12, 2) text"),
        ("null_if(1, 1.0)", "null int"),
        ("hash(2) = hash(2.0) and hash(2) = hash(cast(2, decimal(9, 3)))", "true bool"),
        ("hash(-0.0) = hash(0.0)", "true bool"),
        ("hash(1, 2) = hash(2, 1)", "false bool"),
        ("cast(2.5, float32) + 1", "3.5 float"),
    ] {
        assert_eq!(typed(text), expected, "{text}");
    }
}

#[test]
fn decimals_are_exact() {
    for (text, expected) in [
        ("cast('1.10', decimal(5, 2)) + cast('2.005', decimal(6, 3))", "3.105 decimal(7, 3)"),
        ("cast('1.10', decimal(5, 2)) - 3", "-1.90 decimal(22, 2)"),
        ("cast('1.10', decimal(5, 2)) * cast('0.3', decimal(2, 1))", "0.330 decimal(7, 3)"),
        ("cast('1.00', decimal(5, 2)) / 8", "0.125 float"),
        ("cast('-7.50', decimal(5, 2)) // 2", "-4 decimal(4, 0)"),
        ("cast('-7.50', decimal(5, 2)) % 2", "0.50 decimal(5, 2)"),
        ("cast('7.50', decimal(5, 2)) // 0", "null decimal(4, 0)"),
        ("cast('7.50', decimal(5, 2)) * 0.5", "3.75 float"),
        ("-cast('7.50', decimal(5, 2))", "-7.50 decimal(5, 2)"),
        ("cast(18446744073709551615.0, float) > 1", "true bool"),
        ("cast('18446744073709551615', uint64) + 1", "18446744073709551616 decimal(21, 0)"),
        ("cast('0.1', decimal(3, 2)) = 0.1", "true bool"),
        ("cast('0.10', decimal(30, 29)) = cast('100000000000000000000', decimal(21, 0))", "false bool"),
        ("cast('2.0', decimal(38, 30)) = 2", "true bool"),
        ("cast('2.75', decimal(5, 2)) > 2", "true bool"),
        ("cast(cast('2.75', decimal(5, 2)), int)", "2 int"),
        ("cast('12.345', decimal(5, 2) or null)", "null decimal(5, 2)"),
        ("cast(1234, decimal(3, 0) or null)", "null decimal(3, 0)"),
        ("cast('1.5', decimal(3, 1) or fail)", "1.5 decimal(3, 1)"),
        ("coalesce(cast(null, decimal(5, 2)), 1)", "1.00 decimal(21, 2)"),
        ("cast(0.125, decimal(5, 2))", "0.13 decimal(5, 2)"),
    ] {
        assert_eq!(typed(text), expected, "{text}");
    }
    let digits = "9".repeat(38);
    for text in [
        format!("cast('{digits}', decimal(38, 0)) + 1"),
        format!("cast('{digits}', decimal(38, 0)) * 2"),
        format!("-cast('{digits}', decimal(38, 0)) - 1"),
        "cast('18446744073709551615', uint64) * cast('18446744073709551615', uint64)".to_owned(),
        format!("round(cast('{digits}', decimal(38, 0)), -1)"),
    ] {
        let error = refusal(&text);
        assert_eq!(error.code().0, "E0208", "{text}: {error}");
        assert!(error.advice().is_some(), "{text}");
    }
}

#[test]
fn dates_and_zones() {
    for (text, expected) in [
        ("week(@2024-12-30)", "1 int"),
        ("week(@2023-01-01)", "52 int"),
        ("weekday(@2024-02-04)", "7 int"),
        ("microsecond(@1969-12-31T23:59:59.25)", "250000 int"),
        ("second(@1969-12-31T23:59:59.25)", "59 int"),
        ("hour(cast('10:20:30', time))", "10 int"),
        ("date(to_zone(@2024-01-31T23:30, 'Europe/Berlin'))", "2024-02-01 date"),
        ("hour(to_zone(@2024-07-01T12:00, 'America/New_York'))", "8 int"),
        ("truncate(@2024-05-17T10:20:30, 'hour')", "2024-05-17T10:00:00 timestamp"),
        ("truncate(@2024-05-17T10:20:30, '15m')", "2024-05-17T10:15:00 timestamp"),
        ("truncate(@2024-05-17T10:20:30, 15m)", "2024-05-17T10:15:00 timestamp"),
        ("truncate(@2024-05-17T10:20:30, 6mo)", "2024-01-01T00:00:00 timestamp"),
        ("truncate(@2024-05-17, 'week')", "2024-05-13 date"),
        ("truncate(@2024-05-17, 'hour')", "2024-05-17 date"),
        ("truncate(@1969-12-31, 'month')", "1969-12-01 date"),
        ("format(truncate(to_zone(@2024-05-17T00:30, 'Europe/Berlin'), 'day'), '%F %T %z')", "2024-05-17 00:00:00 +0200 text"),
        // The hour that clocks repeat: 00:30 and 01:30 UTC are both 02:30 in Berlin.
        ("format(truncate(to_zone(@2024-10-27T01:30, 'Europe/Berlin'), 'hour'), '%T %z')", "02:00:00 +0100 text"),
        ("@2024-01-31 + 1mo", "2024-02-29 date"),
        ("@2024-02-29 - 1y", "2023-02-28 date"),
        ("@2024-01-31 + 7d", "2024-02-07 date"),
        ("@2024-01-31 + (3d + 4d)", "2024-02-07 date"),
        ("7d + @2024-01-31", "2024-02-07 date"),
        ("@2024-01-31 + 12h", "2024-01-31T12:00:00 timestamp"),
        ("@2024-01-31T10:00 + 1mo", "2024-02-29T10:00:00 timestamp"),
        ("@2024-01-31T10:00 - 15m", "2024-01-31T09:45:00 timestamp"),
        ("@2024-01-31T10:00 + 2 * 1q", "2024-07-31T10:00:00 timestamp"),
        // Months go by the local clock, durations by elapsed time.
        ("format(to_zone(@2024-03-15T11:00, 'Europe/Berlin') + 1mo, '%F %T %z')", "2024-04-15 12:00:00 +0200 text"),
        ("format(to_zone(@2024-03-30T11:00, 'Europe/Berlin') + 1d, '%F %T %z')", "2024-03-31 13:00:00 +0200 text"),
        // 02:30 on this day does not exist.
        ("format(to_zone(@2024-02-29T01:30, 'Europe/Berlin') + 1mo + 2d, '%F %T %z')", "2024-03-31 03:30:00 +0200 text"),
        ("format(cast(@2024-03-31T02:30, timestamp('Europe/Berlin')), '%F %T %z')", "2024-03-31 03:30:00 +0200 text"),
        ("cast(to_zone(@2024-07-01T12:00, 'Europe/Berlin'), timestamp)", "2024-07-01T14:00:00 timestamp"),
        ("cast(to_zone(@2024-07-01T23:00, 'Europe/Berlin'), date)", "2024-07-02 date"),
        ("to_zone(@2024-07-01T12:00, 'Europe/Berlin') = @2024-07-01T14:00", "true bool"),
        ("to_zone(@2024-07-01T12:00, 'Europe/Berlin') = to_zone(@2024-07-01T12:00, 'UTC')", "true bool"),
        ("@2024-03-01 - @2024-02-01 = 29d", "true bool"),
        ("@2024-03-01T12:00 - @2024-03-01 > 11h", "true bool"),
        ("(@2024-03-01 - @2024-02-01) / 1d", "29.0 float"),
        ("90m // 1h", "1 int"),
        ("cast(90m % 1h, text)", "30m text"),
        ("cast(15m * 1.5, text)", "22m30s text"),
        ("cast(-15m, text)", "-15m text"),
        ("cast('1h30m', duration) = 90m", "true bool"),
        ("cast(cast('23:00:00', time) + 2h, text)", "01:00:00 text"),
        ("cast('10:00:00', time) < cast('10:00:00.5', time)", "true bool"),
        ("cast(cast('10:00:00', time) - cast('09:15:00', time), text)", "45m text"),
        ("parse_date('2024-060', '%Y-%j')", "2024-02-29 date"),
        ("parse_date('x', '%d.%m.%Y', 'null')", "null date"),
        ("parse_timestamp('01/02/24 3:04:05 PM', '%d/%m/%y %I:%M:%S %p')", "2024-02-01T15:04:05 timestamp"),
        ("parse_timestamp('2024-02-01', '%F')", "2024-02-01T00:00:00 timestamp"),
        ("parse_timestamp('2024-02-01 12:00 +0200', '%F %H:%M %z')", "2024-02-01T10:00:00Z timestamp('UTC')"),
        ("parse_timestamp('2024-02-01 12:00:00.5', '%F %T%.f')", "2024-02-01T12:00:00.500 timestamp"),
        ("format(@2024-01-31T10:20:30, '%d.%m.%y %H:%M %%')", "31.01.24 10:20 % text"),
        ("epoch_seconds(@1969-12-31T23:59:59.5)", "-1 int"),
        ("from_epoch(1.5)", "1970-01-01T00:00:01.500 timestamp"),
    ] {
        assert_eq!(typed(text).replace(".500000 ", ".500 "), expected, "{text}");
    }
}

#[test]
fn wrong_calls_say_what_to_do() {
    for (text, code, message, advice) in [
        ("'a' matches '(b'", "E0301", "unclosed group", "write"),
        ("extract('a', 'b', 3)", "E0301", "no group 3", "groups 0"),
        ("extract('a')", "E0204", "takes 2 or 3 arguments, found 1", ""),
        ("pad_left('a', 1, 'b', 'c')", "E0204", "takes 2 or 3 arguments, found 4", ""),
        ("year('2024-01-01')", "E0205", "does not take text", "cast(x, date)"),
        ("year(2024)", "E0205", "does not take int", "from_epoch"),
        ("truncate(@2024-01-01, 'fortnight')", "E0301", "no unit", "units"),
        ("truncate(@2024-01-01, -15m)", "E0301", "longer than nothing", ""),
        ("to_zone(@2024-01-01, 'Berlin')", "E0301", "unknown time zone", "Europe/Berlin"),
        ("cast('x', timestamp('Mars'))", "E0301", "unknown time zone", "Europe/Berlin"),
        ("format(@2024-01-01, '%Q')", "E0301", "no date format", "letters"),
        ("format(@2024-01-01, '%z')", "E0301", "asks for a zone", "to_zone"),
        ("parse_date('31.1.2024', '%Y-%m-%d')", "E0410", "not of the form", "'null'"),
        ("parse_date('x', '%F', 'skip')", "E0301", "does not know 'skip'", "'null' or 'fail'"),
        ("abs(-9223372036854775807 - 1)", "E0208", "overflow", "float"),
        ("round(9223372036854775807, -1)", "E0208", "out of range", "float"),
        ("repeat('abc', 999999999)", "E0208", "longer than 64 MiB", ""),
        ("pad_left('abc', 9223372036854775807)", "E0208", "longer than 64 MiB", ""),
        ("@2024-01-01 + 7", "E0205", "does not take date and int", "7d"),
        ("1mo + 1d", "E0205", "months and duration", "no fixed length"),
        ("1mo > 1d", "E0205", "months and duration", ""),
        ("@2024-01-01 * 2", "E0205", "date and int", "7d"),
        ("15m + '1'", "E0205", "duration and text", "cast"),
        ("true + 1", "E0205", "does not take bool", "if x"),
        ("@9999-12-31T00:00 + 9000000d * 12", "E0208", "out of range", ""),
        ("@2024-01-01 + 99999999mo", "E0208", "out of range", ""),
        ("from_epoch(1e300)", "E0208", "out of range", ""),
        ("field('a', 'b')", "E0205", "does not take text", "struct"),
        ("item('a', 1)", "E0205", "does not take text", "split_part"),
        ("cast('1', decimal(39, 0))", "E0207", "decimal", "38"),
        ("cast('1', decimal(3, 4))", "E0207", "decimal", "38"),
        ("cast('1', decimal)", "E0101", "expected `(`", "decimal(12, 2)"),
        ("cast('1', tiem)", "E0101", "expected a type", "`time`"),
        ("cast(true, duration)", "E0205", "cast to duration", ""),
        ("15x", "E0101", "expected a number or a duration", "units"),
        ("1ns", "E0101", "expected a number or a duration", "units"),
        ("least(1, 'a')", "E0205", "does not take", "cast"),
        ("hash()", "E0204", "at least 1", ""),
    ] {
        let error = refusal(text);
        assert_eq!(error.code().0, code, "{text}: {error}");
        assert!(error.to_string().contains(message), "{text}: {error}");
        assert!(error.advice().unwrap_or_default().contains(advice), "{text}: {:?}", error.advice());
    }
}

#[test]
fn a_bad_pattern_is_shown_where_it_stands() {
    let error = refusal("length('a') > 0 and 'a' matches '(b'");
    let span = error.span().expect("a place");
    assert_eq!(&"select length('a') > 0 and 'a' matches '(b' as x"[span.start..span.end], "'(b'");
}

#[test]
fn types_have_one_spelling() {
    for text in ["decimal(12, 2)", "timestamp('Europe/Berlin')", "list(int)", "list(list(text))", "time", "duration", "timestamp"] {
        let data_type: DataType = frame_lang::type_named(text).expect("a type");
        assert_eq!(type_name(&data_type), text);
    }
    let error = frame_lang::type_named("decimal").expect_err("no type");
    assert_eq!(error.span(), None);
}
