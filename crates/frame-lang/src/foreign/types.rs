//! Names of types elsewhere.

/// What a type is called here that has this name elsewhere.
pub(crate) fn type_named(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    TABLE.iter().find(|(names, _)| names.contains(&name.as_str())).map(|(_, own)| *own)
}

const TABLE: &[(&[&str], &str)] = &[
    (&["string", "str", "varchar", "char", "nvarchar", "utf8", "character", "object", "category", "factor", "string_t"], "text"),
    (&["integer", "bigint", "long", "i64", "integer64"], "int"),
    (&["smallint", "short", "i16"], "int16"),
    (&["tinyint", "i8"], "int8"),
    (&["i32"], "int32"),
    (&["u8"], "uint8"),
    (&["u16"], "uint16"),
    (&["u32"], "uint32"),
    (&["u64", "ubigint"], "uint64"),
    (&["double", "number", "f64", "double_precision", "numeric_float"], "float"),
    (&["real", "f32"], "float32"),
    (&["numeric", "number_decimal", "money"], "decimal(12, 2)"),
    (&["boolean", "logical", "bit"], "bool"),
    (&["datetime", "datetime64", "timestamptz", "timestamp_ntz", "posixct"], "timestamp"),
    (&["interval", "timedelta", "timespan"], "duration"),
    (&["array", "vector"], "list(int)"),
];
