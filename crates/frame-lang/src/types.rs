//! Names of types to Arrow types.

use std::sync::Arc;

use arrow::array::timezone::Tz;
use arrow::datatypes::{DataType, Field, SchemaRef, TimeUnit};
use frame_core::{Error, QueryError, Result, Scalar};
use frame_plan::{Catalog, Input};

use crate::lexer::Kind;
use crate::parser::Parser;

/// How deeply list types may be nested.
const DEPTH_MAX: usize = 8;

/// A type by its name in the language; `None` for one that cannot do without parameters or an unknown one.
pub(crate) fn plain(name: &str) -> Option<DataType> {
    Some(match name {
        "bool" => DataType::Boolean,
        "int" | "int64" => DataType::Int64,
        "int8" => DataType::Int8,
        "int16" => DataType::Int16,
        "int32" => DataType::Int32,
        "uint8" => DataType::UInt8,
        "uint16" => DataType::UInt16,
        "uint32" => DataType::UInt32,
        "uint64" => DataType::UInt64,
        "float" | "float64" => DataType::Float64,
        "float32" => DataType::Float32,
        "text" => DataType::Utf8View,
        "date" => DataType::Date32,
        "time" => DataType::Time64(TimeUnit::Microsecond),
        "timestamp" => DataType::Timestamp(TimeUnit::Microsecond, None),
        "duration" => DataType::Duration(TimeUnit::Microsecond),
        _ => return None,
    })
}

/// Whether a scan reads such values from text itself.
pub(crate) fn is_read_from_text(data_type: &DataType) -> bool {
    use DataType::{Boolean, Date32, Float64, Int64, Timestamp, Utf8, Utf8View};
    matches!(data_type, Boolean | Int64 | Float64 | Date32 | Timestamp(_, None) | Utf8View | Utf8)
}

const NAMES: [&str; 18] = [
    "bool",
    "int",
    "int8",
    "int16",
    "int32",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float",
    "float32",
    "decimal(12, 2)",
    "text",
    "date",
    "time",
    "timestamp",
    "duration",
    "list(int)",
];

impl Parser<'_> {
    /// A type: a name, with parameters where it takes some.
    pub(crate) fn data_type(&mut self) -> Result<DataType> {
        self.nested_type(0)
    }

    fn nested_type(&mut self, depth: usize) -> Result<DataType> {
        if !matches!(self.peek().kind, Kind::Word(_)) {
            return Err(self.expected("a type").hint(format!("types: {}", NAMES.join(", "))));
        }
        let (name, span) = self.name()?;
        match name.as_str() {
            "decimal" => self.decimal(),
            "timestamp" if self.is_symbol("(") => self.zoned(),
            "list" if depth < DEPTH_MAX => {
                self.expect_symbol("(").map_err(|error| error.hint("a list says what it holds: list(int)"))?;
                let item = self.nested_type(depth + 1)?;
                self.expect_symbol(")")?;
                Ok(DataType::List(Arc::new(Field::new_list_field(item, true))))
            }
            "list" => Err(Error::new(QueryError::TooLarge { what: "the depth of a type", limit: DEPTH_MAX }).at(span)),
            _ => plain(&name).ok_or_else(|| unknown(&name).at(span)),
        }
    }

    /// `(precision, scale)` behind `decimal`.
    fn decimal(&mut self) -> Result<DataType> {
        self.expect_symbol("(").map_err(|error| error.hint("a decimal says its digits and how many are decimals: decimal(12, 2)"))?;
        let start = self.peek().span;
        let precision = self.count()?;
        self.expect_symbol(",")?;
        let scale = self.count()?;
        let span = start.to(self.last_span());
        self.expect_symbol(")")?;
        if !(1..=38).contains(&precision) || scale > precision {
            let error = QueryError::OutOfRange { what: "decimal", text: format!("decimal({precision}, {scale})") };
            return Err(Error::new(error).at(span).hint("a decimal has 1 to 38 digits, of which none to all are decimals"));
        }
        Ok(DataType::Decimal128(precision as u8, scale as i8))
    }

    /// `('zone')` behind `timestamp`.
    fn zoned(&mut self) -> Result<DataType> {
        self.expect_symbol("(")?;
        let token = self.next();
        let Kind::Literal(Scalar::Text(zone)) = &token.kind else {
            return Err(self.expected_at("a zone in single quotes, such as 'Europe/Berlin'", &token));
        };
        if zone.parse::<Tz>().is_err() {
            let error = QueryError::Usage(format!("unknown time zone '{zone}'"));
            return Err(Error::new(error)
                .at(token.span)
                .hint("use a name of the IANA database such as 'Europe/Berlin', 'UTC' or '+02:00'"));
        }
        self.expect_symbol(")")?;
        Ok(DataType::Timestamp(TimeUnit::Microsecond, Some(zone.as_str().into())))
    }
}

fn unknown(name: &str) -> Error {
    let meant = crate::foreign::type_named(name).or_else(|| frame_core::error::nearest(name, NAMES));
    let nearest = meant.map(|name| format!("did you mean `{name}`?   ")).unwrap_or_default();
    let error = QueryError::Syntax { expected: "a type".to_owned(), found: format!("`{name}`") };
    Error::new(error).hint(format!("{nearest}(types: {})", NAMES.join(", ")))
}

/// A type reads no table.
struct NoTables;

impl Catalog for NoTables {
    fn schema(&self, _: &Input) -> Result<SchemaRef> {
        Err(Error::internal("a type reads a table"))
    }
}

/// A type by its text, such as `int` or `decimal(12, 2)`.
///
/// # Errors
/// `QueryError` with the names there are.
pub fn named(text: &str) -> Result<DataType> {
    // The text is no part of a query: its errors have no place in one.
    whole(text).map_err(|error| {
        let placeless = Error::new(error.kind().clone());
        match error.advice() {
            Some(advice) => placeless.hint(advice),
            None => placeless,
        }
    })
}

fn whole(text: &str) -> Result<DataType> {
    let mut parser = Parser::new(text, &NoTables)?;
    let data_type = parser.data_type()?;
    if parser.peek().kind == Kind::End { Ok(data_type) } else { Err(unknown(text)) }
}
