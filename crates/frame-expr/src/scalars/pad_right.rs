//! `pad_right`: text filled up to a length.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use frame_core::{Result, Scalar, Span};

use super::ScalarFunction;
use super::signature::{self, optional};
use crate::bind::BoundExpr;
use crate::texts::{self, Ends};

/// pad_right(x, n, fill): the text with the fill (a blank if it is not given) behind it until it has n characters; a longer one stays as it is.
#[derive(Debug)]
pub(super) struct PadRight;

impl ScalarFunction for PadRight {
    fn name(&self) -> &'static str {
        "pad_right"
    }

    fn help(&self) -> &'static str {
        "pad_right(x, n, fill): the text with the fill (a blank if it is not given) behind it until it has n characters; a longer one stays as it is."
    }

    fn example(&self) -> (&'static str, &'static str) {
        ("pad_right('7', 3, '0')", "'700'")
    }

    fn bind(&self, arguments: Vec<(BoundExpr, Span)>) -> Result<(Vec<BoundExpr>, DataType)> {
        let name = self.name();
        let [text, length, fill] = optional(name, arguments, [Scalar::from(" ")])?;
        Ok((vec![signature::text(name, text)?, signature::int(name, length)?, signature::text(name, fill)?], DataType::Utf8View))
    }

    fn evaluate(&self, arguments: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        texts::pad(self.name(), arguments, Ends::Right)
    }

    fn can_fail(&self) -> bool {
        true
    }
}
