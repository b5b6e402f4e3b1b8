//! `replace`: a text with parts of it exchanged.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType;
use frame_core::{Result, Scalar, Span};

use super::ScalarFunction;
use super::signature::{self, arity};
use crate::bind::BoundExpr;
use crate::expr::{Expr, Node};
use crate::texts;

/// The expression `replace(text, from, to)`.
pub fn replaced(text: Expr, from: &str, to: &str) -> Expr {
    let span = text.span;
    let texts = [from, to].map(|text| Expr::literal(Scalar::Text(text.to_owned())));
    Expr::new(Node::Call { function: Replace.name().to_owned(), arguments: [text].into_iter().chain(texts).collect() }).at(span)
}

/// replace(x, y, z): the text with every y in it replaced by z; an empty y is nowhere.
#[derive(Debug)]
pub(super) struct Replace;

impl ScalarFunction for Replace {
    fn name(&self) -> &'static str {
        "replace"
    }

    fn help(&self) -> &'static str {
        "replace(x, y, z): the text with every y in it replaced by z; an empty y is nowhere."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("replace('banana', 'an', 'o')", "'booa'")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let texts = arity::<3>(self.name(), arguments)?;
        let texts = texts.into_iter().map(|text| signature::text(self.name(), text)).collect::<Result<_>>()?;
        Ok((texts, DataType::Utf8View))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        let [texts, parts, others] = [0, 1, 2].map(|at| arguments[at].as_string_view());
        texts::build(texts.len(), |row, replaced| {
            if texts.is_null(row) || parts.is_null(row) || others.is_null(row) {
                return Ok(false);
            }
            let (text, part, other) = (texts.value(row), parts.value(row), others.value(row));
            let mut end = 0;
            if !part.is_empty() {
                for (start, found) in text.match_indices(part) {
                    replaced.push_str(&text[end..start]);
                    replaced.push_str(other);
                    end = start + found.len();
                }
            }
            replaced.push_str(&text[end..]);
            texts::check_length(self.name(), Some(replaced.len()))?;
            Ok(true)
        })
    }

    fn can_fail(&self) -> bool {
        true
    }
}
