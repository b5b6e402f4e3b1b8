//! Whether a target can be written, and in what format: looked at before any row is read.

use std::fs;
use std::path::{Path, absolute};

use arrow::datatypes::{DataType, Schema};
use frame_core::{Error, QueryError, Result, Scalar};
use frame_expr::{BadCast, BinaryOp, Expr, Node};
use frame_io::formats::{self, OutputFormat, WRITTEN};
use frame_io::{Identity, url};
use frame_plan::Target;

/// A mistake in a target.
pub(crate) fn usage(what: impl Into<String>, hint: impl Into<String>, target: &Target) -> Error {
    Error::new(QueryError::Usage(what.into())).at(target.span).hint(hint)
}

/// Refuses a target that the query reads (`sources`) or writes already, and one that is in the way.
pub(crate) fn check(target: &Target, sources: &[Identity], written: &[Target]) -> Result<()> {
    let path = &target.path;
    url::check_output(path).map_err(|error| error.at(target.span))?;
    if path.is_empty() || Path::new(path).file_name().is_none() {
        return Err(usage(format!("'{path}' is no name of a file"), "for example write 'answer.csv'", target));
    }
    if Identity::of(path).is_some_and(|file| sources.contains(&file)) {
        return Err(usage(format!("{path} is read and written at once"), "write to another file", target));
    }
    let is_same = |other: &Target| matches!((absolute(path), absolute(&other.path)), (Ok(own), Ok(other)) if own == other);
    if written.iter().any(is_same) {
        return Err(usage(format!("{path} is written twice"), "give each `write` a path of its own", target));
    }
    let Ok(metadata) = fs::metadata(path) else { return Ok(()) };
    if target.partition.is_empty() {
        return match metadata.is_dir() {
            true => Err(usage(format!("{path} is a folder"), "name a file inside it, or add `partition COLUMN`", target)),
            false => Ok(()),
        };
    }
    match fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none()) {
        true => Ok(()),
        false => Err(usage(format!("{path} is there already and no empty folder"), "remove it, or write to another folder", target)),
    }
}

/// The format that was given, or that the path stands for; partitions are Parquet unless something else is said.
pub(crate) fn format(target: &Target) -> Result<&'static OutputFormat> {
    let names = || WRITTEN.iter().map(|format| format.name).filter(|name| *name != "none").collect::<Vec<_>>().join(", ");
    let format = match &target.format {
        Some(name) => formats::by_name(name).ok_or_else(|| usage(format!("`{name}` is no format that can be written"), names(), target))?,
        None if !target.partition.is_empty() => {
            formats::by_name("parquet").ok_or_else(|| Error::internal("Parquet is not in the list of formats"))?
        }
        None => formats::by_path(&target.path).ok_or_else(|| {
            usage(format!("no format is called as {} ends", target.path), format!("say `as` with one of {}", names()), target)
        })?,
    };
    match format.name {
        "none" => Err(usage("`none` writes nothing to a file", names(), target)),
        _ => Ok(format),
    }
}

/// The value of a partition column as text; a negative zero is a zero.
pub(crate) fn key_text(name: &str, schema: &Schema) -> Result<Expr> {
    let column = Expr::column(name);
    let operand = match schema.field_with_name(name)?.data_type() {
        DataType::Float64 => Expr::binary(BinaryOp::Add, column, Expr::literal(Scalar::Float(0.0))),
        _ => column,
    };
    Ok(Expr::new(Node::Cast { operand: Box::new(operand), to: DataType::Utf8View, bad: BadCast::Fail }))
}
