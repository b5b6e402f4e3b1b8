//! What JSON values look like, and the lattice of that: the type of a column is the join of the shapes of its values.
//!
//! Values of different kinds join to text: their JSON as it stands, and texts without their quotes. Texts that are dates or timestamps
//! join like those of CSV; a number in quotes is text.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use frame_core::calendar;

use super::json::{Fault, Json, Kind};
use crate::formats::csv::Class;

/// What a value can be read as. [`Shape::join`] makes a lattice of them with text on top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// A value without parts.
    Single(Class),
    /// A list of values.
    List(Box<Shape>),
    /// Keys and their values, in the order in which they were met.
    Object(Vec<(String, Shape)>),
}

impl Shape {
    /// Nothing but nulls so far.
    pub(super) const NULL: Self = Self::Single(Class::Null);

    /// The smallest shape that holds the values of both.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::Single(Class::Null), shape) | (shape, Self::Single(Class::Null)) => shape,
            (Self::Single(a), Self::Single(b)) => Self::Single(a.join(b)),
            (Self::List(a), Self::List(b)) => Self::List(Box::new(a.join(*b))),
            (Self::Object(mut a), Self::Object(b)) => {
                join_fields(&mut a, b);
                Self::Object(a)
            }
            _ => Self::Single(Class::Text),
        }
    }

    /// The type of a column of this shape.
    pub fn data_type(&self) -> DataType {
        match self {
            Self::Single(class) => class.data_type(),
            Self::List(item) => DataType::List(Arc::new(Field::new_list_field(item.data_type(), true))),
            // A struct needs a field; objects that never had a key are text.
            Self::Object(fields) if fields.is_empty() => DataType::Utf8View,
            Self::Object(fields) => {
                DataType::Struct(fields.iter().map(|(name, shape)| Field::new(name, shape.data_type(), true)).collect())
            }
        }
    }

    /// What its values are called, if they are single ones.
    pub(super) fn data_type_name(&self) -> Option<&'static str> {
        if let Self::Single(class) = self { Some(class.name()) } else { None }
    }

    /// The shape of the next value.
    pub(super) fn of(json: &mut Json<'_>) -> Result<Self, Fault> {
        Ok(match json.kind()? {
            Kind::Null => json.null().map(|()| Self::NULL)?,
            Kind::Bool => json.bool().map(|_| Self::Single(Class::Bool))?,
            Kind::Number => Self::Single(Class::of(json.number()?)),
            Kind::Text => Self::Single(text_class(&json.text()?)),
            Kind::List => {
                let mut items = Self::NULL;
                json.list(|json| -> Result<(), Fault> {
                    let item = Self::of(json)?;
                    items = std::mem::replace(&mut items, Self::NULL).join(item);
                    Ok(())
                })?;
                Self::List(Box::new(items))
            }
            Kind::Object => Self::Object(fields_of(json)?),
        })
    }
}

/// Keys and shapes of the next value, which is an object.
pub(super) fn fields_of(json: &mut Json<'_>) -> Result<Vec<(String, Shape)>, Fault> {
    let mut fields = Vec::new();
    json.object(|json, key| -> Result<(), Fault> {
        let key = String::from_utf8_lossy(&key).into_owned();
        let shape = Shape::of(json)?;
        join_fields(&mut fields, vec![(key, shape)]);
        Ok(())
    })?;
    Ok(fields)
}

/// Joins fields into others; new ones come last.
pub(super) fn join_fields(fields: &mut Vec<(String, Shape)>, others: Vec<(String, Shape)>) {
    for (name, shape) in others {
        match fields.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = std::mem::replace(known, Shape::NULL).join(shape),
            None => fields.push((name, shape)),
        }
    }
}

/// The class of a text in quotes: a date, a timestamp or text.
pub(super) fn text_class(text: &[u8]) -> Class {
    let is_time = text.first().is_some_and(u8::is_ascii_digit) && text.len() >= 10;
    match text {
        _ if !is_time => Class::Text,
        _ if calendar::parse_date(text).is_some() => Class::Date,
        _ if calendar::parse_timestamp(text).is_some() => Class::Timestamp,
        _ => Class::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Shape {
        Shape::of(&mut Json::new(text.as_bytes())).expect("JSON")
    }

    #[test]
    fn shapes_and_their_joins() {
        let texts = [
            "null",
            "true",
            "1",
            "9007199254740993",
            "1.5",
            "\"2024-01-31\"",
            "\"2024-01-31T10:00:00\"",
            "\"x\"",
            "\"1\"",
            "[1, null]",
            "[\"a\"]",
            "[]",
            "{\"a\": 1}",
            "{\"a\": 1.5, \"b\": []}",
            "{}",
        ];
        for a in texts.map(shape) {
            assert_eq!(a.clone().join(a.clone()), a);
            for b in texts.map(shape) {
                assert_eq!(a.clone().join(b.clone()).data_type().is_nested(), b.clone().join(a.clone()).data_type().is_nested());
                for c in texts.map(shape) {
                    assert_eq!(a.clone().join(b.clone()).join(c.clone()), a.clone().join(b.clone().join(c.clone())), "{a:?} {b:?} {c:?}");
                }
            }
        }
        assert_eq!(shape("[1, 2.5]").data_type(), DataType::List(Arc::new(Field::new_list_field(DataType::Float64, true))));
        assert_eq!(shape("\"1\""), Shape::Single(Class::Text));
        assert_eq!(shape("[1, [2]]"), Shape::List(Box::new(Shape::Single(Class::Text))));
        assert_eq!(shape("123456789012345678901"), Shape::Single(Class::Text));
    }
}
