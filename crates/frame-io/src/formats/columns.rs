//! What columns of files are called and, where files have types, as what type they are read.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field};

/// The type that a column of type `declared` is read as, or `None` if it is not read: text becomes views, narrow decimals 128 bits,
/// large lists lists.
pub(super) fn read_type(declared: &DataType) -> Option<DataType> {
    use DataType as T;
    let item = |field: &Arc<Field>| Some(Arc::new(Field::new_list_field(read_type(field.data_type())?, true)));
    Some(match declared {
        T::Boolean | T::Int8 | T::Int16 | T::Int32 | T::Int64 | T::UInt8 | T::UInt16 | T::UInt32 | T::UInt64 => declared.clone(),
        T::Float32 | T::Float64 | T::Date32 | T::Timestamp(..) | T::Decimal128(..) | T::Time32(_) | T::Time64(_) | T::Duration(_) => {
            declared.clone()
        }
        T::Float16 => T::Float32,
        T::Date64 => T::Date32,
        T::Decimal32(precision, scale) | T::Decimal64(precision, scale) => T::Decimal128(*precision, *scale),
        T::Null | T::Utf8 | T::LargeUtf8 | T::Utf8View => T::Utf8View,
        T::Dictionary(_, values) => read_type(values)?,
        T::List(field) | T::LargeList(field) | T::FixedSizeList(field, _) => T::List(item(field)?),
        T::Struct(fields) => {
            let fields = fields.iter().map(|field| Some(Field::new(field.name(), read_type(field.data_type())?, true)));
            T::Struct(fields.collect::<Option<Vec<_>>>()?.into())
        }
        _ => return None,
    })
}

/// Names for the nameless (`column_3`), and numbers behind names that were there before (`value_2`).
pub(super) fn distinct_names(names: Vec<String>) -> Vec<String> {
    let mut taken: Vec<String> = Vec::with_capacity(names.len());
    let given: HashSet<&String> = names.iter().collect();
    // The number that the next one of a name gets: a thousand equal names are numbered in one go.
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let mut seen = HashSet::new();
    for (at, name) in names.iter().enumerate() {
        let base = if name.is_empty() { format!("column_{}", at + 1) } else { name.clone() };
        let mut candidate = base.clone();
        let number = numbers.entry(base.clone()).or_insert(2);
        while seen.contains(&candidate) || candidate != *name && given.contains(&candidate) {
            candidate = format!("{base}_{number}");
            *number += 1;
        }
        seen.insert(candidate.clone());
        taken.push(candidate);
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::distinct_names;

    #[test]
    fn names_become_distinct_and_stay_where_they_can() {
        let names = |list: &[&str]| distinct_names(list.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(names(&["a", "", "a", "a_2", ""]), ["a", "column_2", "a_3", "a_2", "column_5"]);
        assert_eq!(names(&["", "column_1"]), ["column_1_2", "column_1"]);
    }
}
