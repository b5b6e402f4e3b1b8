//! Properties of expressions: dates against `chrono`, decimals against wide integers, constants folded or not.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Date32Array, Decimal128Array, StringArray, StringViewArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Field, Int64Type, Schema, TimeUnit, TimestampMicrosecondType, i256};
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, TimeZone, Timelike};
use frame_core::Scalar;
use frame_expr::{BinaryOp, Expr, bind, col, fold, lit};
use proptest::prelude::*;

/// An expression over columns, each with its name.
fn evaluated(expr: &Expr, columns: &[(&str, ArrayRef)]) -> frame_core::Result<ArrayRef> {
    let fields = columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect::<Vec<_>>();
    let arrays: Vec<ArrayRef> = columns.iter().map(|(_, array)| Arc::clone(array)).collect();
    bind(expr, &Schema::new(fields))?.evaluate(&arrays, columns.first().map_or(1, |(_, array)| array.len()))
}

fn ints(expr: &Expr, columns: &[(&str, ArrayRef)]) -> Vec<i64> {
    evaluated(expr, columns).expect("ints").as_primitive::<Int64Type>().values().to_vec()
}

const PARTS: [&str; 7] = ["year", "quarter", "month", "week", "day", "weekday", "day_of_year"];

fn part(name: &str, date: NaiveDate) -> i64 {
    match name {
        "year" => date.year().into(),
        "quarter" => i64::from(date.month0() / 3 + 1),
        "month" => date.month().into(),
        "week" => date.iso_week().week().into(),
        "day" => date.day().into(),
        "weekday" => date.weekday().number_from_monday().into(),
        _ => date.ordinal().into(),
    }
}

fn date(days: i32) -> NaiveDate {
    NaiveDate::from_epoch_days(days).expect("a date")
}

/// The first day of the week, month, quarter or year.
fn first_day(unit: &str, date: NaiveDate) -> NaiveDate {
    match unit {
        "week" => date - Days::new(date.weekday().num_days_from_monday().into()),
        "month" => date.with_day(1).expect("a first"),
        "quarter" => NaiveDate::from_ymd_opt(date.year(), date.month0() / 3 * 3 + 1, 1).expect("a first"),
        _ => NaiveDate::from_ymd_opt(date.year(), 1, 1).expect("a first"),
    }
}

const ZONES: [&str; 6] = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"];

/// The most microseconds that clocks of a zone were set back by at once around a moment: Apia repeated a whole day in 1892.
fn repeated(zone: &str, micros: i64) -> i64 {
    let year = DateTime::from_timestamp_micros(micros).expect("in range").year();
    if (zone, year) == ("Pacific/Apia", 1892) { 24 * 3_600_000_000 } else { 2 * 3_600_000_000 }
}

proptest! {
    #[test]
    fn dates_agree_with_another_calendar(days in prop::collection::vec(-2_000_000..2_000_000_i32, 1..20), months in -5_000..5_000_i32) {
        let column: ArrayRef = Arc::new(Date32Array::from(days.clone()));
        let columns = [("d", column)];
        for name in PARTS {
            let expected: Vec<i64> = days.iter().map(|days| part(name, date(*days))).collect();
            prop_assert_eq!(ints(&col("d").call(name, []), &columns), expected, "{}", name);
        }
        for unit in ["week", "month", "quarter", "year"] {
            let expected: Vec<i32> = days.iter().map(|days| first_day(unit, date(*days)).to_epoch_days()).collect();
            let found = evaluated(&col("d").call("truncate", [lit(unit)]), &columns).expect("dates");
            prop_assert_eq!(found.as_primitive::<Date32Type>().values().to_vec(), expected, "{}", unit);
        }
        let moved = evaluated(&(col("d") + lit(Scalar::Months(months))), &columns).expect("dates");
        let expected: Vec<i32> = days.iter().map(|days| {
            let by = Months::new(months.unsigned_abs());
            let moved = if months < 0 { date(*days).checked_sub_months(by) } else { date(*days).checked_add_months(by) };
            moved.expect("in range").to_epoch_days()
        }).collect();
        prop_assert_eq!(moved.as_primitive::<Date32Type>().values().to_vec(), expected);
        // Printed and read again.
        let format = lit("%G-W%V-%u");
        let texts = evaluated(&col("d").call("format", [format.clone()]), &columns).expect("texts");
        let read = evaluated(&col("t").call("parse_date", [format]), &[("t", texts)]).expect("dates");
        let plain: Vec<i32> = days.to_vec();
        let small = plain.iter().all(|days| (1000..=9999).contains(&date(*days).iso_week().year()));
        if small {
            prop_assert_eq!(read.as_primitive::<Date32Type>().values().to_vec(), plain);
        }
    }

    #[test]
    fn zones_agree_with_another_library(micros in prop::collection::vec(-4_000_000_000_000_000..4_000_000_000_000_000_i64, 1..20), zone in 0..ZONES.len()) {
        let zone = ZONES[zone];
        let tz: arrow::array::timezone::Tz = zone.parse().expect("a zone");
        let column: ArrayRef = Arc::new(TimestampMicrosecondArray::from(micros.clone()));
        let columns = [("t", column)];
        let zoned = col("t").call("to_zone", [lit(zone)]);
        let local: Vec<_> = micros.iter().map(|micros| tz.from_utc_datetime(&DateTime::from_timestamp_micros(*micros).expect("in range").naive_utc())).collect();
        for (name, expected) in [
            ("hour", local.iter().map(|at| at.hour().into()).collect::<Vec<i64>>()),
            ("minute", local.iter().map(|at| at.minute().into()).collect()),
            ("second", local.iter().map(|at| at.second().into()).collect()),
            ("microsecond", local.iter().map(|at| (at.nanosecond() / 1_000).into()).collect()),
            ("day", local.iter().map(|at| at.day().into()).collect()),
        ] {
            prop_assert_eq!(ints(&zoned.clone().call(name, []), &columns), expected, "{} {}", name, zone);
        }
        // To the local time and back is at most the repeated time off, and never later.
        let wall = zoned.clone().cast(DataType::Timestamp(TimeUnit::Microsecond, None));
        let back = wall.cast(DataType::Timestamp(TimeUnit::Microsecond, Some(zone.into())));
        let back = evaluated(&back, &columns).expect("timestamps");
        for (back, micros) in back.as_primitive::<TimestampMicrosecondType>().values().iter().zip(&micros) {
            prop_assert!((0..=repeated(zone, *micros)).contains(&(micros - back)), "{} {}", micros, zone);
        }
        // The beginning of a day is on that day, and not later.
        let days = evaluated(&zoned.clone().call("truncate", [lit("day")]), &columns).expect("timestamps");
        for (start, at) in days.as_primitive::<TimestampMicrosecondType>().values().iter().zip(&local) {
            let begin = tz.from_utc_datetime(&DateTime::from_timestamp_micros(*start).expect("in range").naive_utc());
            prop_assert_eq!(begin.date_naive(), at.date_naive());
            prop_assert!(begin.timestamp_micros() <= at.timestamp_micros());
            let is_early = begin.time() == NaiveTime::MIN || tz.from_local_datetime(&begin.date_naive().and_time(NaiveTime::MIN)).earliest().is_none();
            prop_assert!(is_early, "{}", begin.time());
        }
    }

    #[test]
    fn decimals_agree_with_wide_integers(
        a in -10_i128.pow(20)..10_i128.pow(20),
        b in -10_i128.pow(12)..10_i128.pow(12),
        scales in (0..8_i8, 0..8_i8),
    ) {
        let (scale_a, scale_b) = scales;
        let decimal = |value: i128, precision, scale| -> ArrayRef {
            Arc::new(Decimal128Array::from(vec![value]).with_precision_and_scale(precision, scale).expect("a decimal"))
        };
        let columns = [("a", decimal(a, 20, scale_a)), ("b", decimal(b, 12, scale_b))];
        let scale = scale_a.max(scale_b);
        let at = |value: i128, own: i8| i256::from_i128(value) * i256::from_i128(10_i128.pow((scale - own).unsigned_abs().into()));
        let (wide_a, wide_b) = (at(a, scale_a), at(b, scale_b));
        let floor = |x: i256, y: i256| {
            let (quotient, rest) = (x / y, x % y);
            if rest != i256::ZERO && rest.is_negative() != y.is_negative() { quotient - i256::ONE } else { quotient }
        };
        for (op, expected, expected_scale) in [
            (BinaryOp::Add, Some(wide_a + wide_b), scale),
            (BinaryOp::Subtract, Some(wide_a - wide_b), scale),
            (BinaryOp::Multiply, Some(i256::from_i128(a) * i256::from_i128(b)), scale_a + scale_b),
            (BinaryOp::FloorDivide, (b != 0).then(|| floor(wide_a, wide_b)), 0),
            (BinaryOp::Modulo, (b != 0).then(|| wide_a - floor(wide_a, wide_b) * wide_b), scale),
        ] {
            let result = evaluated(&Expr::binary(op, col("a"), col("b")), &columns).expect("a decimal");
            let result = result.as_primitive::<Decimal128Type>();
            prop_assert_eq!(result.iter().next().flatten(), expected.and_then(|value| value.to_i128()), "{:?}", op);
            prop_assert_eq!(result.scale(), expected_scale, "{:?}", op);
            prop_assert!(result.validate_decimal_precision(result.precision()).is_ok(), "{:?}: {}", op, result.data_type());
        }
        for (op, expected) in [(BinaryOp::Less, wide_a < wide_b), (BinaryOp::Equal, wide_a == wide_b), (BinaryOp::GreaterEqual, wide_a >= wide_b)] {
            let result = evaluated(&Expr::binary(op, col("a"), col("b")), &columns).expect("a truth");
            prop_assert_eq!(result.as_boolean().value(0), expected);
        }
        // As text and back.
        let text = evaluated(&col("a").cast(DataType::Utf8View), &columns).expect("a text");
        let back = evaluated(&col("t").cast(DataType::Decimal128(20, scale_a)), &[("t", text)]).expect("a decimal");
        prop_assert_eq!(back.as_primitive::<Decimal128Type>().value(0), a);
    }

    #[test]
    fn large_decimals_are_right_or_refused(a in any::<i128>(), b in any::<i128>(), scales in (0..38_i8, 0..38_i8)) {
        const LIMIT: i128 = 10_i128.pow(38);
        let (a, b) = (a % LIMIT, b % LIMIT);
        let decimal = |value: i128, scale| -> ArrayRef {
            Arc::new(Decimal128Array::from(vec![value]).with_precision_and_scale(38, scale).expect("a decimal"))
        };
        let columns = [("a", decimal(a, scales.0)), ("b", decimal(b, scales.1))];
        for op in [BinaryOp::Add, BinaryOp::Subtract, BinaryOp::Multiply, BinaryOp::FloorDivide, BinaryOp::Modulo] {
            match evaluated(&Expr::binary(op, col("a"), col("b")), &columns) {
                Ok(result) => {
                    let result = result.as_primitive::<Decimal128Type>();
                    prop_assert!(result.validate_decimal_precision(38).is_ok());
                    if let (BinaryOp::Add, Some(sum)) = (op, a.checked_add(b)) && scales.0 == scales.1 {
                        prop_assert_eq!(result.value(0), sum);
                    }
                }
                Err(error) => prop_assert!(matches!(error.code().0, "E0208" | "E0205"), "{:?}: {}", op, error),
            }
        }
        // Comparing never fails: values of very different scales have room in 256 bits.
        let wide = |value: i128, scale: i8| i256::from_i128(value) * i256::from_i128(10_i128.pow((38 - scale).unsigned_abs().into()));
        let less = evaluated(&col("a").lt(col("b")), &columns).expect("a truth");
        prop_assert_eq!(less.as_boolean().value(0), wide(a, scales.0) < wide(b, scales.1));
    }

    #[test]
    fn folding_changes_no_value(expr in expression()) {
        let rows: ArrayRef = Arc::new(StringViewArray::from(vec![Some("ab"), None, Some("")]));
        let columns = [("t", rows)];
        // Types are checked before anything is folded: an expression of wrong types never gets there.
        if bind(&expr, &Schema::new(vec![Field::new("t", DataType::Utf8View, true)])).is_err_and(|error| error.code().0 == "E0205") {
            return Ok(());
        }
        let (plain, folded) = (evaluated(&expr, &columns), evaluated(&fold(expr.clone()), &columns));
        match (plain, folded) {
            (Ok(plain), Ok(folded)) => {
                prop_assert_eq!(plain.data_type(), folded.data_type(), "{}", expr);
                let text = |array: &ArrayRef| arrow::compute::cast(array, &DataType::Utf8).map(|texts| texts.as_string::<i32>().clone());
                let (a, b): (StringArray, StringArray) = (text(&plain).expect("texts"), text(&folded).expect("texts"));
                prop_assert_eq!(a, b, "{} as {}", expr, fold(expr.clone()));
            }
            (Err(plain), Err(folded)) => prop_assert_eq!(plain.code(), folded.code(), "{}", expr),
            // A part that fails may be dropped with a branch that is never taken, but folding adds no failure.
            (Err(_), Ok(_)) => {}
            (Ok(_), Err(error)) => prop_assert!(false, "{} folded fails: {}", expr, error),
        }
    }
}

/// Numbers, texts, dates and durations, put together in all ways that types allow, and in some that they do not.
fn expression() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        (-20..20_i64).prop_map(lit),
        prop_oneof![Just(0.5), Just(-0.0), Just(f64::NAN), Just(1e300), Just(2.25)].prop_map(|value: f64| lit(value)),
        Just(lit(i64::MAX)),
        Just(lit(Scalar::Null)),
        Just(lit(true)),
        prop_oneof![Just("ab"), Just(""), Just("2024-01-31"), Just("17")].prop_map(lit),
        (-1_000..1_000_i32).prop_map(|days| lit(Scalar::Date(days))),
        (-1_000_000_000_000..1_000_000_000_000_i64).prop_map(|micros| lit(Scalar::Timestamp(micros))),
        prop_oneof![Just(86_400_000_000), Just(43_200_000_000), Just(-900_000_000)].prop_map(|micros| lit(Scalar::Duration(micros))),
        (-30..30_i32).prop_map(|months| lit(Scalar::Months(months))),
        Just(col("t")),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let ops = prop_oneof![
            Just(BinaryOp::Add),
            Just(BinaryOp::Subtract),
            Just(BinaryOp::Multiply),
            Just(BinaryOp::Divide),
            Just(BinaryOp::FloorDivide),
            Just(BinaryOp::Modulo),
            Just(BinaryOp::Less),
            Just(BinaryOp::Equal),
            Just(BinaryOp::Coalesce),
            Just(BinaryOp::And),
        ];
        let types = prop_oneof![
            Just(DataType::Int64),
            Just(DataType::Float64),
            Just(DataType::Utf8View),
            Just(DataType::Decimal128(12, 2)),
            Just(DataType::Duration(TimeUnit::Microsecond)),
            Just(DataType::Date32),
        ];
        let functions = prop_oneof![
            Just("year"),
            Just("abs"),
            Just("length"),
            Just("sqrt"),
            Just("hash"),
            Just("type_of"),
            Just("round"),
            Just("is_nan"),
            Just("trim"),
            Just("epoch_seconds"),
            Just("date"),
            Just("sign")
        ];
        let pairs =
            prop_oneof![Just("least"), Just("greatest"), Just("left"), Just("null_if"), Just("concat"), Just("pow"), Just("matches")];
        prop_oneof![
            (ops, inner.clone(), inner.clone()).prop_map(|(op, left, right)| Expr::binary(op, left, right)),
            (inner.clone(), types).prop_map(|(operand, to)| operand.cast(to)),
            (functions, inner.clone()).prop_map(|(name, operand)| operand.call(name, [])),
            (pairs, inner.clone(), inner.clone()).prop_map(|(name, operand, other)| operand.call(name, [other])),
            inner.clone().prop_map(|operand| -operand),
            inner.prop_map(Expr::is_null),
        ]
    })
}
