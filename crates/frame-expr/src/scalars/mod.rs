//! The scalar functions, one per file; [`ALL`] lists them and everything else is derived from it.

mod abs;
mod ceil;
mod coalesce;
mod concat;
mod contains;
mod date;
mod day;
mod day_of_year;
mod ends;
mod epoch_seconds;
mod exp;
mod extract;
mod field;
mod floor;
mod format;
mod from_epoch;
mod greatest;
mod hash;
mod hour;
mod is_finite;
mod is_nan;
mod item;
mod least;
mod left;
mod length;
mod like;
mod ln;
mod log10;
mod log2;
mod lower;
mod matches;
mod microsecond;
mod minute;
mod month;
mod null_if;
mod pad_left;
mod pad_right;
mod parse_date;
mod parse_timestamp;
mod position;
mod pow;
mod quarter;
mod repeat;
mod replace;
mod replace_regex;
mod reverse;
mod right;
mod round;
mod second;
mod sign;
mod signature;
mod split_part;
mod sqrt;
mod starts;
mod substr;
mod to_zone;
mod trim;
mod trim_left;
mod trim_right;
mod truncate;
#[cfg(test)]
mod twice;
mod type_of;
mod upper;
mod week;
mod weekday;
mod year;

pub use replace::replaced;

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use frame_core::{Error, QueryError, Result, Span};

use crate::bind::BoundExpr;

/// A scalar function as the language knows it.
pub trait ScalarFunction: Send + Sync + std::fmt::Debug {
    /// The name in queries.
    fn name(&self) -> &'static str;

    /// How it is called and what it gives, in one sentence for `frame help`.
    fn help(&self) -> &'static str;

    /// An expression and its value, both as query text.
    fn example(&self) -> (&'static str, &'static str);

    /// Checks and converts the arguments; gives them and the type of the result.
    ///
    /// # Errors
    /// An arity or type error.
    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)>;

    /// The function with what its constant arguments say worked out once, such as a regular expression; `None` if there is nothing to
    /// prepare. The arguments are those that [`Self::bind`] gave, the places those of the arguments as written.
    ///
    /// # Errors
    /// A query error for a constant that means nothing.
    fn prepare(&self, _arguments: &[BoundExpr], _spans: &[Span]) -> Result<Option<Arc<dyn ScalarFunction>>> {
        Ok(None)
    }

    /// One value per row, from arguments of `rows` rows each; there is at least one row.
    ///
    /// # Errors
    /// What the function can fail with.
    fn evaluate(&self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef>;

    /// Whether some values can make the evaluation fail.
    fn can_fail(&self) -> bool {
        false
    }
}

/// Every scalar function, in the order in which `frame help` shows them.
pub const ALL: &[&dyn ScalarFunction] = &[
    &lower::Lower,
    &upper::Upper,
    &trim::Trim,
    &trim_left::TrimLeft,
    &trim_right::TrimRight,
    &length::Length,
    &contains::Contains,
    &starts::Starts,
    &ends::Ends,
    &like::Like,
    &matches::Matches { regex: None },
    &position::Position,
    &concat::Concat,
    &substr::Substr,
    &left::Left,
    &right::Right,
    &replace::Replace,
    &extract::Extract { regex: None },
    &replace_regex::ReplaceRegex { regex: None },
    &split_part::SplitPart,
    &pad_left::PadLeft,
    &pad_right::PadRight,
    &repeat::Repeat,
    &reverse::Reverse,
    &coalesce::Coalesce,
    &null_if::NullIf,
    &least::Least,
    &greatest::Greatest,
    &is_nan::IsNan,
    &is_finite::IsFinite,
    &type_of::TypeOf,
    &hash::Hash,
    &abs::Abs,
    &sign::Sign,
    &round::Round,
    &floor::Floor,
    &ceil::Ceil,
    &sqrt::Sqrt,
    &pow::Pow,
    &exp::Exp,
    &ln::Ln,
    &log10::Log10,
    &log2::Log2,
    &year::Year,
    &quarter::Quarter,
    &month::Month,
    &week::Week,
    &day::Day,
    &weekday::Weekday,
    &day_of_year::DayOfYear,
    &hour::Hour,
    &minute::Minute,
    &second::Second,
    &microsecond::Microsecond,
    &date::Date,
    &truncate::Truncate,
    &parse_date::ParseDate,
    &parse_timestamp::ParseTimestamp,
    &format::Format,
    &to_zone::ToZone,
    &epoch_seconds::EpochSeconds,
    &from_epoch::FromEpoch,
    &item::Item,
    &field::Field,
    #[cfg(test)]
    &twice::Twice,
];

/// The function called `name`.
///
/// # Errors
/// `QueryError::UnknownFunction` with the names there are.
pub fn find(name: &str) -> Result<&'static dyn ScalarFunction> {
    ALL.iter().copied().find(|function| function.name() == name).ok_or_else(|| {
        Error::new(QueryError::UnknownFunction {
            role: "function",
            name: name.to_owned(),
            known: ALL.iter().map(|function| function.name().to_owned()).collect(),
        })
    })
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, Int64Array};
    use arrow::datatypes::{Field, Float64Type, Schema};

    use super::*;
    use crate::expr::{Expr, Node};

    #[test]
    fn a_made_up_function_is_found_bound_and_evaluated() {
        let schema = Schema::new(vec![Field::new("x", DataType::Int64, true)]);
        let call = |arguments| Expr::new(Node::Call { function: "twice".to_owned(), arguments });
        let bound = crate::bind(&call(vec![Expr::column("x")]), &schema).expect("a number");
        let column: ArrayRef = Arc::new(Int64Array::from(vec![Some(4), None]));
        let doubled = bound.evaluate(&[column], 2).expect("values");
        assert_eq!(doubled.as_primitive::<Float64Type>().iter().collect::<Vec<_>>(), [Some(8.0), None]);
        let error = crate::bind(&call(Vec::new()), &schema).expect_err("no argument");
        assert!(error.advice().is_some_and(|advice| advice.contains("twice(1.5)")), "{error}");
        assert_eq!(find("twice").map(ScalarFunction::help).ok(), Some("twice(x): the float and itself once more."));
        let Err(unknown) = find("twise") else { panic!("there is no such function") };
        assert!(unknown.render(None).contains("did you mean `twice`?"), "{}", unknown.render(None));
    }

    #[test]
    fn every_file_is_in_the_list() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/scalars");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .expect("the folder")
            .map(|entry| entry.expect("an entry").path().file_stem().expect("a name").to_string_lossy().into_owned())
            .filter(|name| name != "mod" && name != "signature")
            .collect();
        let mut listed: Vec<String> = ALL.iter().map(|function| function.name().to_owned()).collect();
        files.sort();
        listed.sort();
        assert_eq!(files, listed);
    }
}
