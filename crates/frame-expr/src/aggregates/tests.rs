//! Every aggregate against its definition, and against itself: however the rows are cut into batches and spread over states, the result
//! has the same bits.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, DictionaryArray, Float64Array, Int64Array, StringViewArray,
    TimestampMicrosecondArray, UInt64Array, new_null_array,
};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Field, Float64Type, Int32Type, Int64Type, Schema};
use frame_core::{Result, Scalar};
use proptest::prelude::*;

use super::{ALL, BoundAggregate, find};
use crate::call::AggregateCall;
use crate::expr::Expr;

const GROUPS: usize = 4;

fn bound(name: &str, constants: &[Scalar], columns: &[ArrayRef]) -> Result<BoundAggregate> {
    let types: Vec<DataType> = columns.iter().map(|column| column.data_type().clone()).collect();
    find(name)?.bind(&types, constants)
}

/// What a row's order is given as.
#[derive(Debug, Clone, Copy)]
enum Order {
    Ranks,
    Keys,
}

/// The arguments as the engine passes them.
fn converted(aggregate: &BoundAggregate, columns: &[ArrayRef], order: Order) -> Vec<ArrayRef> {
    let rows = columns.first().map_or(0, |column| column.len()) as u64;
    let mut arguments: Vec<ArrayRef> =
        columns.iter().zip(aggregate.inputs()).map(|(column, input)| cast(column, input).expect("a conversion")).collect();
    if aggregate.needs_order() {
        arguments.push(match order {
            Order::Ranks => Arc::new(UInt64Array::from_iter_values((0..rows).map(|rank| rank << 20))),
            Order::Keys => Arc::new(BinaryArray::from_iter_values((0..rows).map(|rank| rank.to_be_bytes()))),
        });
    }
    arguments
}

/// All rows at once.
fn whole(aggregate: &BoundAggregate, groups: &[u32], arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let mut states = aggregate.start();
    states.resize(GROUPS);
    states.update(groups, arguments)?;
    states.take_values()
}

/// The rows in another order, in batches of some length, over three states with groups of other numbers, merged one after the other.
fn split(aggregate: &BoundAggregate, groups: &[u32], arguments: &[ArrayRef], seed: u64, batch: usize) -> Result<ArrayRef> {
    let mut rows: Vec<u64> = (0..groups.len() as u64).collect();
    rows.sort_by_key(|row| frame_core::hash::words(*row, seed));
    let mut shares = [aggregate.start(), aggregate.start(), aggregate.start()];
    for (at, batch) in rows.chunks(batch).enumerate() {
        let share = &mut shares[at % 3];
        share.resize(GROUPS);
        let indices = UInt64Array::from(batch.to_vec());
        let arguments: Vec<ArrayRef> = arguments.iter().map(|column| take(column, &indices, None).expect("rows")).collect();
        let groups: Vec<u32> = batch.iter().map(|row| GROUPS as u32 - 1 - groups[*row as usize]).collect();
        share.update(&groups, &arguments)?;
    }
    let mut total = aggregate.start();
    let first = (seed % 3) as usize;
    for at in [first, (first + 1) % 3, (first + 2) % 3] {
        total.resize(GROUPS);
        let share = &mut shares[at];
        share.resize(GROUPS);
        let groups: Vec<u32> = (0..GROUPS as u32).rev().collect();
        let states = share.take_states()?;
        // What states give can be cut and put together again, as spilled rows are.
        let (low, high): (Vec<ArrayRef>, Vec<ArrayRef>) =
            states.iter().map(|column| (column.slice(0, 1), column.slice(1, GROUPS - 1))).unzip();
        total.merge(&groups[..1], &low)?;
        total.merge(&groups[1..], &high)?;
    }
    total.take_values()
}

/// A column as text that shows every bit of a float.
fn bits(column: &ArrayRef) -> String {
    match column.as_primitive_opt::<Float64Type>() {
        Some(floats) => format!("{:?}", floats.iter().map(|value| value.map(f64::to_bits)).collect::<Vec<_>>()),
        None => format!("{column:?}"),
    }
}

/// The result, after a check that no split changes it.
fn result(name: &str, constants: &[Scalar], groups: &[u32], columns: &[ArrayRef], seed: u64) -> ArrayRef {
    let aggregate = bound(name, constants, columns).expect("an aggregate that takes this");
    let arguments = converted(&aggregate, columns, Order::Ranks);
    let expected = whole(&aggregate, groups, &arguments).expect("a result");
    assert_eq!(expected.data_type(), aggregate.output(), "{name}");
    assert_eq!(expected.len(), GROUPS, "{name}");
    let mut cuts = vec![(arguments.clone(), 1), (arguments.clone(), 3), (arguments, 1000)];
    if aggregate.needs_order() {
        let keyed = converted(&aggregate, columns, Order::Keys);
        cuts.extend([(keyed.clone(), 2), (keyed, 1000)]);
    }
    for (arguments, batch) in cuts {
        let found = split(&aggregate, groups, &arguments, seed, batch).expect("a result");
        assert_eq!(bits(&found), bits(&expected), "{name} in batches of {batch}");
    }
    expected
}

fn floats(column: &ArrayRef) -> Vec<Option<f64>> {
    column.as_primitive::<Float64Type>().iter().collect()
}

fn ints(column: &ArrayRef) -> Vec<Option<i64>> {
    column.as_primitive::<Int64Type>().iter().collect()
}

/// The values of each group that are not null, in the order of the rows.
fn grouped<T: Clone>(groups: &[u32], values: &[Option<T>]) -> Vec<Vec<T>> {
    let mut all = vec![Vec::new(); GROUPS];
    groups.iter().zip(values).for_each(|(group, value)| all[*group as usize].extend(value.clone()));
    all
}

fn ulps(a: f64, b: f64) -> u64 {
    if a.is_nan() && b.is_nan() || a == b { 0 } else { a.to_bits().abs_diff(b.to_bits()) }
}

/// Rows of which the last group has none.
fn rows<T: std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = (Vec<u32>, Vec<Option<T>>)> {
    prop::collection::vec((0..GROUPS as u32 - 1, prop::option::weighted(0.85, value)), 0..60).prop_map(|rows| rows.into_iter().unzip())
}

/// Floats of all kinds, equal ones among them.
fn wild() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => any::<f64>(),
        4 => (-20..20_i32).prop_map(f64::from),
        2 => -1e6..1e6_f64,
        1 => prop::sample::select(vec![0.0, -0.0, f64::MIN_POSITIVE, 5e-324, f64::MAX, -f64::MAX, 1e-60]),
    ]
}

/// The same with what is not a number.
fn wilder() -> impl Strategy<Value = f64> {
    prop_oneof![9 => wild(), 1 => prop::sample::select(vec![f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY])]
}

fn column(values: &[Option<f64>]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

/// n · Σxy − Σx · Σy.
fn products(x: &[i64], y: &[i64]) -> i128 {
    let sum = |values: &[i64]| values.iter().map(|value| i128::from(*value)).sum::<i128>();
    x.len() as i128 * x.iter().zip(y).map(|(x, y)| i128::from(*x) * i128::from(*y)).sum::<i128>() - sum(x) * sum(y)
}

fn variance(values: &[i64]) -> Option<f64> {
    let n = values.len() as f64;
    // The numerator is below 2⁵³ and so exact; the quotient is rounded once.
    (values.len() > 1).then(|| products(values, values) as f64 / (n * (n - 1.0)))
}

proptest! {
    #[test]
    fn splits_do_not_show((groups, values) in rows(wilder()), seed: u64) {
        let second: Vec<Option<f64>> = values.iter().rev().map(|value| value.map(|value| value / 3.0)).collect();
        let x = column(&values);
        for function in ALL {
            let constants: &[Scalar] = match function.name() {
                "quantile" | "approx_quantile" => &[Scalar::Float(0.3)],
                "top" => &[Scalar::Int(3)],
                _ => &[],
            };
            let mut columns = vec![Arc::clone(&x)];
            columns.extend((*function.arguments().end() == 2).then(|| column(&second)));
            if bound(function.name(), constants, &columns).is_ok() {
                result(function.name(), constants, &groups, &columns, seed);
            }
        }
    }

    #[test]
    fn variances_are_exact((groups, values) in rows(-60_000..60_000_i64), scale in -160..160_i32, seed: u64) {
        let unit = 2_f64.powi(scale);
        let x = column(&values.iter().map(|value| value.map(|value| value as f64 * unit)).collect::<Vec<_>>());
        let expected: Vec<_> = grouped(&groups, &values).iter().map(|values| variance(values)).collect();
        let scaled: Vec<_> = expected.iter().map(|value| value.map(|value| value * unit * unit)).collect();
        prop_assert_eq!(floats(&result("var", &[], &groups, &[Arc::clone(&x)], seed)), scaled);
        let of_ints = result("var", &[], &groups, &[Arc::new(Int64Array::from(values.clone()))], seed);
        prop_assert_eq!(floats(&of_ints), expected.clone());
        for (found, variance) in floats(&result("std", &[], &groups, &[x], seed)).into_iter().zip(expected) {
            let near = match (found, variance) {
                (Some(found), Some(variance)) => ulps(found, variance.sqrt() * unit) <= 1,
                (found, variance) => found.is_none() && variance.is_none(),
            };
            prop_assert!(near, "{:?} {:?}", found, variance);
        }
    }

    #[test]
    fn variances_of_large_integers_are_exact((groups, values) in rows(any::<i64>()), seed: u64) {
        // Around the first value the numbers may be wide, but the variance does not change if all are moved.
        let small: Vec<_> = values.iter().map(|value| value.map(|value| value % 50_000)).collect();
        let moved: Vec<_> = small.iter().map(|value| value.map(|value| value + (i64::MAX - 100_000))).collect();
        let expected: Vec<_> = grouped(&groups, &small).iter().map(|values| variance(values)).collect();
        prop_assert_eq!(floats(&result("var", &[], &groups, &[Arc::new(Int64Array::from(moved.clone()))], seed)), expected.clone());
        let unsigned: UInt64Array = moved.iter().map(|value| value.map(|value| value as u64 + (1 << 62))).collect();
        prop_assert_eq!(floats(&result("var", &[], &groups, &[Arc::new(unsigned)], seed)), expected);
        result("var", &[], &groups, &[Arc::new(Int64Array::from(values))], seed);
    }

    #[test]
    fn covariances_and_correlations_are_exact((groups, values) in rows((-60_000..60_000_i64, -60_000..60_000_i64)), scale in -160..160_i32, seed: u64) {
        let unit = 2_f64.powi(scale);
        let (x, y): (Vec<_>, Vec<_>) = values.iter().map(|pair| (pair.map(|pair| pair.0), pair.map(|pair| pair.1))).unzip();
        let floating = |values: &[Option<i64>], unit: f64| column(&values.iter().map(|value| value.map(|value| value as f64 * unit)).collect::<Vec<_>>());
        let columns: [ArrayRef; 2] = [floating(&x, unit), floating(&y, 1.0 / 8.0)];
        let mixed: [ArrayRef; 2] = [Arc::new(Int64Array::from(x)), floating(&y, unit)];
        let (cov, corr) = (result("cov", &[], &groups, &columns, seed), result("corr", &[], &groups, &columns, seed));
        prop_assert_eq!(bits(&corr), bits(&result("corr", &[], &groups, &mixed, seed)));
        for (at, pairs) in grouped(&groups, &values).iter().enumerate() {
            let (x, y): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
            let n = x.len() as f64;
            let (xy, xx, yy) = (products(&x, &y), products(&x, &x), products(&y, &y));
            let expected = (x.len() > 1).then(|| xy as f64 / (n * (n - 1.0)) * unit / 8.0);
            prop_assert_eq!(floats(&cov)[at], expected);
            let expected = (x.len() > 1).then(|| xy as f64 / (xx as f64 * yy as f64).sqrt());
            match (floats(&corr)[at], expected) {
                // The oracle rounds four times.
                (Some(found), Some(expected)) => prop_assert!(ulps(found, expected) <= 2 && !found.abs().gt(&1.0), "{} {}", found, expected),
                (found, expected) => prop_assert_eq!(found, expected),
            }
        }
    }

    #[test]
    fn shapes_are_those_of_pandas((groups, values) in rows(-1000..1000_i64), scale in -160..160_i32, seed: u64) {
        let x = column(&values.iter().map(|value| value.map(|value| value as f64 * 2_f64.powi(scale))).collect::<Vec<_>>());
        let (skew, kurtosis) = (result("skew", &[], &groups, &[Arc::clone(&x)], seed), result("kurtosis", &[], &groups, &[x], seed));
        for (at, values) in grouped(&groups, &values).iter().enumerate() {
            let n = values.len() as f64;
            let mean = values.iter().sum::<i64>() as f64 / n;
            let moment = |power: i32| values.iter().map(|value| (*value as f64 - mean).powi(power)).sum::<f64>();
            let flat = values.iter().all(|value| *value == values[0]);
            let expected = [
                (n * (n - 1.0).sqrt() / (n - 2.0) * moment(3) / moment(2).powf(1.5), 3),
                (n * (n + 1.0) * (n - 1.0) / ((n - 2.0) * (n - 3.0)) * moment(4) / moment(2).powi(2)
                    - 3.0 * (n - 1.0).powi(2) / ((n - 2.0) * (n - 3.0)), 4),
            ];
            for (found, (expected, least)) in [floats(&skew)[at], floats(&kurtosis)[at]].into_iter().zip(expected) {
                prop_assert_eq!(found.is_some(), values.len() >= least);
                let expected = if flat { 0.0 } else { expected };
                prop_assert!(found.is_none_or(|found| (found - expected).abs() < 1e-9 * (1.0 + expected.abs())), "{:?} {}", found, expected);
            }
        }
    }

    #[test]
    fn medians_and_quantiles_are_those_of_sorted_values((groups, values) in rows(wild()), fraction in 0.0..=1.0_f64, seed: u64) {
        let median = floats(&result("median", &[], &groups, &[column(&values)], seed));
        let low = floats(&result("quantile", &[Scalar::Int(0)], &groups, &[column(&values)], seed));
        let any = floats(&result("quantile", &[Scalar::Float(fraction)], &groups, &[column(&values)], seed));
        for (at, mut values) in grouped(&groups, &values).into_iter().enumerate() {
            values.sort_by(f64::total_cmp);
            let Some(last) = values.len().checked_sub(1) else {
                prop_assert!(median[at].is_none() && low[at].is_none() && any[at].is_none());
                continue;
            };
            prop_assert_eq!(low[at].map(f64::to_bits), Some(values[0].to_bits()));
            let place = last as f64 * fraction;
            let any = any[at].unwrap_or(f64::NAN);
            prop_assert!(values[place.floor() as usize] <= any && any <= values[place.ceil() as usize]);
            let (a, b) = (values[last / 2], values[last.div_ceil(2)]);
            let middle = if a == b { a } else { a / 2.0 + b / 2.0 };
            let found = median[at].unwrap_or(f64::NAN);
            prop_assert!((found - middle).abs() <= 4.0 * f64::EPSILON * a.abs().max(b.abs()) + f64::MIN_POSITIVE, "{} {}", found, middle);
        }
    }

    #[test]
    fn values_are_counted_and_the_most_frequent_found((groups, values) in rows(-5..5_i64), seed: u64) {
        let texts: Vec<Option<String>> = values.iter().map(|value| value.map(|value| format!("text number {value:3} of ten"))).collect();
        let text: ArrayRef = Arc::new(StringViewArray::from_iter(texts.iter().map(|text| text.as_deref())));
        let number: ArrayRef = Arc::new(Int64Array::from(values.clone()));
        let decimal: ArrayRef = cast(&number, &DataType::Decimal128(10, 2)).expect("decimals");
        let packed = cast(&text, &DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8View))).expect("a dictionary");
        let unique = grouped(&groups, &values).into_iter().map(|mut values| {
            values.sort_unstable();
            values.dedup();
            Some(values.len() as i64)
        });
        let unique: Vec<_> = unique.collect();
        for column in [&number, &text, &decimal, &packed] {
            prop_assert_eq!(ints(&result("nunique", &[], &groups, &[Arc::clone(column)], seed)), unique.clone());
        }
        fn modes<T: Ord + Clone>(groups: &[u32], values: &[Option<T>]) -> Vec<Option<T>> {
            let best = |values: Vec<T>| {
                let mut counts = BTreeMap::new();
                values.into_iter().for_each(|value| *counts.entry(value).or_insert(0) += 1);
                let most = counts.values().copied().max();
                counts.into_iter().find(|(_, count)| Some(*count) == most).map(|(value, _)| value)
            };
            grouped(groups, values).into_iter().map(best).collect()
        }
        prop_assert_eq!(ints(&result("mode", &[], &groups, &[number], seed)), modes(&groups, &values));
        let found = result("mode", &[], &groups, &[text], seed);
        prop_assert_eq!(found.as_string_view().iter().map(|text| text.map(str::to_owned)).collect::<Vec<_>>(), modes(&groups, &texts));
        result("mode", &[], &groups, &[decimal], seed);
    }

    #[test]
    fn rows_are_found_by_their_order((groups, values) in rows(-5..5_i64), by in prop::collection::vec(-3..3_i64, 60), seed: u64) {
        let texts: Vec<Option<String>> = values.iter().map(|value| value.map(|value| format!("text number {value:3} of ten"))).collect();
        let text: ArrayRef = Arc::new(StringViewArray::from_iter(texts.iter().map(|text| text.as_deref())));
        let number: ArrayRef = Arc::new(Int64Array::from(values.clone()));
        let by: Vec<f64> = by[..values.len()].iter().map(|by| *by as f64).collect();
        let floating: ArrayRef = Arc::new(Float64Array::from(by.clone()));
        let textual: ArrayRef = Arc::new(StringViewArray::from_iter_values(by.iter().map(|by| format!("{:2}", by + 3.0))));
        let pairs: Vec<_> = values.iter().zip(&by).map(|(value, by)| value.map(|value| (value, *by))).collect();
        for (name, expected) in [("first", 0), ("last", 1), ("argmin", 2), ("argmax", 3)] {
            let expected: Vec<Option<i64>> = grouped(&groups, &pairs).iter().map(|pairs| {
                let earliest = |sign: f64| pairs.iter().min_by(|a, b| (a.1 * sign).total_cmp(&(b.1 * sign)));
                let row = match expected { 0 => pairs.first(), 1 => pairs.last(), 2 => earliest(1.0), _ => earliest(-1.0) };
                row.map(|row| row.0)
            }).collect();
            let expected_text: Vec<_> = expected.iter().map(|value| value.map(|value| format!("text number {value:3} of ten"))).collect();
            for by in [&floating, &textual] {
                let with_by = |column: &ArrayRef| if name.starts_with("arg") { vec![Arc::clone(column), Arc::clone(by)] } else { vec![Arc::clone(column)] };
                prop_assert_eq!(ints(&result(name, &[], &groups, &with_by(&number), seed)), expected.clone(), "{}", name);
                let found = result(name, &[], &groups, &with_by(&text), seed);
                prop_assert_eq!(found.as_string_view().iter().map(|text| text.map(str::to_owned)).collect::<Vec<_>>(), expected_text.clone());
            }
        }
    }

    #[test]
    fn lists_and_texts_are_in_the_order_of_the_rows((groups, values) in rows(-50..50_i64), seed: u64) {
        let texts: Vec<Option<String>> = values.iter().map(|value| value.map(|value| value.to_string())).collect();
        let text: ArrayRef = Arc::new(StringViewArray::from_iter(texts.iter().map(|text| text.as_deref())));
        let number: ArrayRef = Arc::new(Int64Array::from(values.clone()));
        let wanted = grouped(&groups, &values);
        let found = result("list", &[], &groups, &[Arc::clone(&number)], seed);
        let top = result("top", &[Scalar::Int(3)], &groups, &[number], seed);
        let joined = result("concat", &[Scalar::from("; ")], &groups, &[Arc::clone(&text)], seed);
        let texts = result("list", &[], &groups, &[Arc::clone(&text)], seed);
        let largest = result("top", &[Scalar::Int(2)], &groups, &[text], seed);
        for (at, mut values) in wanted.into_iter().enumerate() {
            prop_assert_eq!(found.as_list::<i32>().is_null(at), values.is_empty());
            prop_assert_eq!(ints(&found.as_list::<i32>().value(at)), values.iter().copied().map(Some).collect::<Vec<_>>());
            let mut as_text: Vec<String> = values.iter().map(i64::to_string).collect();
            prop_assert_eq!(joined.as_string_view().is_null(at), values.is_empty());
            prop_assert_eq!(joined.as_string_view().value(at), as_text.join("; "));
            let strings = |lists: &ArrayRef| lists.as_list::<i32>().value(at).as_string_view().iter().flatten().map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(strings(&texts), as_text.clone());
            values.sort_unstable_by(|a, b| b.cmp(a));
            as_text.sort_unstable_by(|a, b| b.cmp(a));
            values.truncate(3);
            as_text.truncate(2);
            prop_assert_eq!(ints(&top.as_list::<i32>().value(at)), values.into_iter().map(Some).collect::<Vec<_>>());
            prop_assert_eq!(strings(&largest), as_text);
        }
    }

    #[test]
    fn weighted_means_are_exact((groups, values) in rows((-60_000..60_000_i64, 1..1000_i64)), seed: u64) {
        let part = |part: fn(&(i64, i64)) -> i64| -> ArrayRef { Arc::new(values.iter().map(|pair| pair.as_ref().map(part)).collect::<Int64Array>()) };
        let found = floats(&result("wmean", &[], &groups, &[part(|pair| pair.0), part(|pair| pair.1)], seed));
        let expected: Vec<_> = grouped(&groups, &values).iter().map(|pairs| {
            let (sum, weight) = pairs.iter().fold((0, 0), |(sum, weight), (x, w)| (sum + x * w, weight + w));
            (!pairs.is_empty()).then(|| sum as f64 / weight as f64)
        }).collect();
        prop_assert_eq!(found, expected);
    }
}

fn one(name: &str, constants: &[Scalar], columns: &[ArrayRef]) -> ArrayRef {
    result(name, constants, &vec![1; columns[0].len()], columns, 5).slice(1, 1)
}

#[test]
fn what_is_not_a_number_spreads_as_documented() {
    let nan = column(&[Some(1.0), Some(f64::NAN), Some(3.0), Some(2.0), Some(9.0)]);
    let infinite = column(&[Some(1.0), Some(f64::INFINITY), Some(3.0), Some(2.0), Some(9.0)]);
    for name in ["var", "std", "skew", "kurtosis"] {
        for column in [&nan, &infinite] {
            assert!(floats(&one(name, &[], &[Arc::clone(column)]))[0].is_some_and(f64::is_nan), "{name}");
        }
    }
    let weights = column(&[Some(1.0), Some(2.0), Some(1.0), Some(0.0), None]);
    for name in ["cov", "corr"] {
        assert!(floats(&one(name, &[], &[Arc::clone(&nan), Arc::clone(&weights)]))[0].is_some_and(f64::is_nan), "{name}");
    }
    assert_eq!(floats(&one("wmean", &[], &[Arc::clone(&infinite), Arc::clone(&weights)])), [Some(f64::INFINITY)]);
    assert_eq!(floats(&one("wmean", &[], &[column(&[Some(-2.0)]), column(&[Some(0.0)])])).len(), 1);
    assert!(floats(&one("corr", &[], &[column(&[Some(1.0), Some(1.0)]), column(&[Some(1.0), Some(2.0)])]))[0].is_some_and(f64::is_nan));
    assert!(floats(&one("median", &[], &[nan]))[0].is_some_and(f64::is_nan));
    assert_eq!(floats(&one("median", &[], &[infinite])), [Some(3.0)]);
    let zeros = column(&[Some(0.0), Some(-0.0), Some(f64::NAN), Some(-f64::NAN), Some(f64::NAN), None]);
    assert_eq!(ints(&one("nunique", &[], &[Arc::clone(&zeros)])), [Some(2)]);
    assert!(floats(&one("mode", &[], &[Arc::clone(&zeros)]))[0].is_some_and(f64::is_nan));
    assert_eq!(bits(&one("mode", &[], &[column(&[Some(-0.0), Some(1.0), Some(-0.0)])])), bits(&column(&[Some(0.0)])));
    assert_eq!(bits(&one("last", &[], &[column(&[Some(-0.0), None])])), bits(&column(&[Some(-0.0)])));
    // −0.0 and 0.0 are equal: the earlier row wins; NaN is larger than every number.
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
    for by in [column(&[Some(0.0), Some(-0.0), Some(f64::NAN)]), column(&[Some(-0.0), Some(0.0), Some(f64::NAN)])] {
        assert_eq!(ints(&one("argmin", &[], &[Arc::clone(&ids), Arc::clone(&by)])), [Some(1)]);
        assert_eq!(ints(&one("argmax", &[], &[Arc::clone(&ids), by])), [Some(3)]);
    }
    // The variance of huge numbers is too large for a float, their deviation is not.
    let huge = column(&[Some(1e200), Some(-1e200)]);
    assert_eq!(floats(&one("var", &[], &[Arc::clone(&huge)])), [Some(f64::INFINITY)]);
    assert!(floats(&one("std", &[], &[huge]))[0].is_some_and(|found| ulps(found, 2_f64.sqrt() * 1e200) <= 1));
    assert_eq!(
        floats(&one("corr", &[], &[column(&[Some(1e-300), Some(3e-300), Some(2e-300)]), column(&[Some(1e9), Some(3e9), Some(2e9)])])).len(),
        1
    );
}

#[test]
fn dates_truths_and_nothing() {
    let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![Some(30), None, Some(10), Some(30)]));
    assert_eq!(&one("first", &[], &[Arc::clone(&times)]), &times.slice(0, 1));
    assert_eq!(&one("mode", &[], &[Arc::clone(&times)]), &times.slice(0, 1));
    assert_eq!(&one("argmin", &[], &[Arc::clone(&times), Arc::clone(&times)]), &times.slice(2, 1));
    let truths: ArrayRef = Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]));
    assert_eq!(&one("last", &[], &[Arc::clone(&truths)]), &truths.slice(2, 1));
    let lists = one("list", &[], &[Arc::new(Int64Array::from(vec![1, 2]))]);
    assert_eq!(&one("first", &[], &[Arc::clone(&lists)]), &lists);
    let texts: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::from_iter([Some("b"), None, Some("a")]));
    assert_eq!(one("concat", &[], &[Arc::clone(&texts)]).as_string_view().value(0), "b, a");
    let nothing = new_null_array(&DataType::Float64, 3);
    for function in ALL {
        let constants: &[Scalar] = match function.name() {
            "quantile" | "approx_quantile" => &[Scalar::Float(0.3)],
            "top" => &[Scalar::Int(3)],
            _ => &[],
        };
        let columns = vec![Arc::clone(&nothing); *function.arguments().end()];
        if bound(function.name(), constants, &columns).is_ok() {
            let found = one(function.name(), constants, &columns);
            let counts = matches!(function.name(), "count" | "nunique" | "approx_nunique");
            assert_eq!(found.is_null(0), !counts, "{}", function.name());
        }
    }
}

#[test]
fn wrong_arguments_are_explained() {
    let number: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let text: ArrayRef = Arc::new(StringViewArray::from(vec!["a"]));
    let lists = one("list", &[], &[Arc::clone(&number)]);
    let wrong: Vec<(&str, Vec<Scalar>, Vec<ArrayRef>)> = vec![
        ("var", vec![], vec![Arc::clone(&text)]),
        ("corr", vec![], vec![Arc::clone(&number), Arc::clone(&text)]),
        ("median", vec![], vec![Arc::clone(&text)]),
        ("quantile", vec![Scalar::Float(1.5)], vec![Arc::clone(&number)]),
        ("quantile", vec![Scalar::Float(f64::NAN)], vec![Arc::clone(&number)]),
        ("quantile", vec![Scalar::from("a")], vec![Arc::clone(&number)]),
        ("top", vec![Scalar::Int(0)], vec![Arc::clone(&number)]),
        ("top", vec![Scalar::Float(2.5)], vec![Arc::clone(&number)]),
        ("top", vec![Scalar::Int(2)], vec![Arc::clone(&lists)]),
        ("concat", vec![], vec![Arc::clone(&number)]),
        ("concat", vec![Scalar::Int(1)], vec![text]),
        ("argmin", vec![], vec![number, Arc::clone(&lists)]),
        ("min", vec![], vec![lists]),
    ];
    for (name, constants, columns) in wrong {
        let error = bound(name, &constants, &columns).expect_err(name);
        assert_eq!(error.exit_code(), 2, "{name}: {error}");
        assert!(error.advice().is_some(), "{name}: {error}");
    }
}

#[test]
fn memory_is_counted() {
    let values: ArrayRef = Arc::new(Int64Array::from_iter_values(0..1000));
    let texts = cast(&values, &DataType::Utf8View).expect("texts");
    let groups = vec![0; 1000];
    for (name, constants, columns, least) in [
        ("median", vec![], vec![Arc::clone(&values)], 12_000),
        ("nunique", vec![], vec![Arc::clone(&values)], 16_000),
        ("nunique", vec![], vec![Arc::clone(&texts)], 18_000),
        ("list", vec![], vec![Arc::clone(&values)], 20_000),
        ("top", vec![Scalar::Int(500)], vec![Arc::clone(&values)], 4_000),
        ("top", vec![Scalar::Int(500)], vec![Arc::clone(&texts)], 8_000),
        ("last", vec![], vec![texts], 60),
        ("var", vec![], vec![values], 80),
    ] {
        let aggregate = bound(name, &constants, &columns).expect("an aggregate");
        let mut states = aggregate.start();
        states.resize(1);
        states.update(&groups, &converted(&aggregate, &columns, Order::Ranks)).expect("an update");
        assert!((least..least * 8).contains(&states.bytes()), "{name}: {}", states.bytes());
    }
}

#[test]
fn a_made_up_aggregate_is_found_bound_and_evaluated() {
    let schema = Schema::new(vec![Field::new("x", DataType::Int64, true)]);
    let call = AggregateCall::new("span", vec![Expr::column("x")], "span_x").bind(&schema).expect("a number");
    let ints: ArrayRef = Arc::new(Int64Array::from(vec![Some(7), None, Some(-2), Some(3)]));
    let argument = call.arguments[0].evaluate(&[ints], 4).expect("floats");
    let mut states = call.aggregate.start();
    states.resize(2);
    states.update(&[0, 0, 0, 1], &[argument]).expect("an update");
    assert_eq!(floats(&states.take_values().expect("values")), [Some(9.0), Some(0.0)]);
    let error = AggregateCall::new("span", Vec::new(), "span").bind(&schema).expect_err("no argument");
    assert!(error.advice().is_some_and(|advice| advice.contains("span value")), "{error}");
    let error = find("spn").expect_err("there is no such aggregate");
    assert!(error.render(None).contains("did you mean `span`?"), "{}", error.render(None));
}

#[test]
fn every_file_is_in_the_list() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/aggregates");
    let shared = ["mod", "tests", "extreme", "numeric", "value"];
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path().file_stem().expect("a name").to_string_lossy().into_owned())
        .filter(|name| !shared.contains(&name.as_str()))
        .collect();
    let mut listed: Vec<String> = ALL.iter().map(|function| function.name().to_owned()).collect();
    files.sort();
    listed.sort();
    assert_eq!(files, listed);
}

#[test]
fn help_is_one_sentence() {
    for function in ALL {
        let help = function.help();
        assert!(help.ends_with('.') && help.starts_with(char::is_uppercase), "{}: {help}", function.name());
        assert!(!help[..help.len() - 1].contains(". "), "{}: {help}", function.name());
        assert!(function.example().starts_with(function.name()), "{}", function.name());
    }
}
