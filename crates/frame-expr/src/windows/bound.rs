//! Binding of windows: names become columns, functions get types.

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Schema};
use frame_core::{Error, QueryError, Result, Scalar, Span};

use super::stretch::Extent;
use super::{BoundFunction, Frame, Stretch, Window, find};
use crate::aggregates::{self, BoundAggregate};
use crate::bind::{BoundExpr, bind, widen};
use crate::call::AggregateCall;
use crate::expr::{BinaryOp, Expr};
use crate::types::{compared, type_name};

/// The longest reach that is worth computing rows twice for.
const REACH_MAX: usize = 4096;

/// A window whose names and types are known.
#[derive(Debug)]
pub struct BoundWindow {
    /// What the rows of a group have in common.
    pub by: Vec<BoundExpr>,
    /// The order: expression, descending, nulls first.
    pub order: Vec<(BoundExpr, bool, bool)>,
    /// What the function takes of each row.
    pub arguments: Vec<BoundExpr>,
    /// For a range of values: the value of the order, and the last one before the frame.
    pub range: Option<[BoundExpr; 2]>,
    pub(super) function: Function,
    pub(super) extent: Extent,
}

#[derive(Debug)]
pub(super) enum Function {
    Own(BoundFunction),
    Aggregate(BoundAggregate),
}

impl BoundWindow {
    /// Binds a window that stands at `span`.
    ///
    /// # Errors
    /// `QueryError` for unknown names, a wrong number of arguments, types that do not fit, and a frame or an order that makes no sense.
    pub fn bind(window: &Window, span: Span, schema: &Schema) -> Result<Self> {
        let (function, arguments, needs_order, takes_frame) = function(window, schema).map_err(|error| error.at(span))?;
        let wrong = |text: String, hint: String| Err(Error::new(QueryError::Usage(text)).at(span).hint(hint));
        let name = &window.function;
        if window.order.is_empty() && needs_order {
            return wrong(format!("`{name}` asks for an order of the rows"), format!("for example `{}`", example(name)));
        }
        if window.order.is_empty() && window.frame.is_some() {
            return wrong(
                "a frame asks for an order of the rows".to_owned(),
                format!("for example `{name}(…) over (order ts rows -6..0)`"),
            );
        }
        if let (Some(frame), false) = (&window.frame, takes_frame) {
            return wrong(format!("the frame makes no difference to `{name}`"), format!("leave `{frame}` out"));
        }
        let by = window.by.iter().map(|expr| bind(expr, schema)).collect::<Result<Vec<_>>>()?;
        let order = window.order.iter().map(|key| Ok((bind(&key.expr, schema)?, key.descending, key.nulls_first)));
        let order = order.collect::<Result<Vec<_>>>()?;
        let nested = by.iter().chain(order.iter().map(|(expr, ..)| expr)).find(|expr| expr.data_type().is_nested());
        if let Some(nested) = nested {
            return wrong(
                format!("rows cannot be grouped or ordered by a {}", type_name(nested.data_type())),
                "take an item or a field of it".to_owned(),
            );
        }
        let (mut extent, mut range) = (if order.is_empty() { Extent::Group } else { Extent::Running }, None);
        match &window.frame {
            None => {}
            Some(Frame::Rows { start: Some(start), end: Some(end) }) if start > end => {
                let hint = format!("the earlier end stands first: `rows {end}..{start}`");
                return wrong(format!("a frame from {start} to {end} has no rows"), hint);
            }
            Some(Frame::Rows { start: None, end: None }) => extent = Extent::Group,
            Some(Frame::Rows { start, end }) => extent = Extent::Rows(*start, *end),
            Some(Frame::Range(duration)) => {
                (extent, range) = (Extent::Range, Some(values_of_range(window, duration, span, schema)?));
            }
        }
        Ok(Self { by, order, arguments, range, function, extent })
    }

    /// The type of the values.
    pub fn output(&self) -> &DataType {
        match &self.function {
            Function::Own(function) => &function.output,
            Function::Aggregate(aggregate) => aggregate.output(),
        }
    }

    /// How many rows before and behind a row its value depends on, if these are few and nothing else matters.
    pub fn reach(&self) -> Option<(usize, usize)> {
        let (Extent::Rows(Some(start), Some(end)), Function::Aggregate(_)) = (self.extent, &self.function) else { return None };
        let rows = |bound: i64| usize::try_from(bound.max(0)).ok().filter(|rows| *rows <= REACH_MAX);
        Some((rows(start.checked_neg()?)?, rows(end)?))
    }

    /// The values of rows of whole groups, whose arguments (and values of the range) are in the order of the window.
    ///
    /// # Errors
    /// An arithmetic error if a value does not fit its type.
    pub fn evaluate(&self, arguments: &[ArrayRef], range: Option<&[ArrayRef; 2]>, stretch: &mut Stretch) -> Result<ArrayRef> {
        stretch.frame(self.extent, range)?;
        match &self.function {
            Function::Own(function) => (function.compute)(arguments, stretch),
            Function::Aggregate(aggregate) => aggregate.over(arguments, stretch.wanted()),
        }
    }
}

/// The function, its arguments, whether it asks for an order, and whether it looks at a frame.
fn function(window: &Window, schema: &Schema) -> Result<(Function, Vec<BoundExpr>, bool, bool)> {
    let Ok(own) = find(&window.function) else {
        let call =
            AggregateCall { constants: window.constants.clone(), ..AggregateCall::new(&window.function, window.arguments.clone(), "") };
        let bound = match aggregates::find(&window.function) {
            Ok(_) => call.bind(schema)?,
            Err(_) => return Err(find(&window.function).err().unwrap_or_else(|| Error::internal("a function that is not known"))),
        };
        return Ok((Function::Aggregate(bound.aggregate), bound.arguments, false, true));
    };
    let arity = |expected: String, found: usize| {
        let error = QueryError::Arity { function: own.name().to_owned(), expected, found };
        Err(Error::new(error).hint(format!("for example `{}`", own.example())))
    };
    if window.arguments.len() != own.arguments() {
        let expected = if own.arguments() == 0 { "no argument".to_owned() } else { format!("{} argument", own.arguments()) };
        return arity(expected, window.arguments.len());
    }
    let constants = own.constants();
    if !constants.contains(&window.constants.len()) {
        let expected = match (*constants.start(), *constants.end()) {
            (0, 0) => "no constant".to_owned(),
            (least, most) if least == most => format!("{least} constant"),
            (least, most) => format!("{least} to {most} constants"),
        };
        return arity(expected, window.constants.len());
    }
    let arguments = window.arguments.iter().map(|argument| bind(argument, schema)).collect::<Result<Vec<_>>>()?;
    let types: Vec<DataType> = arguments.iter().map(|argument| argument.data_type().clone()).collect();
    let function = own.bind(&types, &window.constants)?;
    let arguments = arguments.into_iter().zip(&function.inputs).map(|(argument, wanted)| widen(argument, wanted.clone())).collect();
    Ok((Function::Own(function), arguments, own.needs_order(), own.takes_frame()))
}

fn example(name: &str) -> &'static str {
    find(name).map_or("sum(x) over (order ts)", |function| function.example())
}

/// The value of the order, and the last one before the frame, in one type.
fn values_of_range(window: &Window, duration: &Scalar, span: Span, schema: &Schema) -> Result<[BoundExpr; 2]> {
    let wrong = |text: &str, hint: &str| Err(Error::new(QueryError::Usage(text.to_owned())).at(span).hint(hint));
    if !matches!(duration, Scalar::Duration(1..) | Scalar::Months(1..)) {
        return wrong("a range is a stretch of time longer than nothing", "for example `range 15m`, `range 7d`; `rows -6..0` counts rows");
    }
    let [key] = window.order.as_slice() else {
        return wrong("a range asks for an order by one time", "for example `over (order ts range 15m)`");
    };
    if key.descending {
        return wrong("a range reaches back in time, so the order is ascending", "leave the minus of the order out");
    }
    let value = bind(&key.expr, schema)?;
    if !matches!(value.data_type(), DataType::Date32 | DataType::Timestamp(..)) {
        let error = QueryError::Type { operation: "`range`".to_owned(), found: format!("an order by {}", type_name(value.data_type())) };
        return Err(Error::new(error).at(span).hint("order by a date or a timestamp, or count rows: `rows -6..0`"));
    }
    let before = Expr::binary(BinaryOp::Subtract, key.expr.clone(), Expr::literal(duration.clone())).at(span);
    let before = bind(&before, schema)?;
    let Some((to, _)) = compared(value.data_type(), before.data_type()) else {
        return Err(Error::internal("a time less a duration is no time"));
    };
    Ok([widen(value, to.clone()), widen(before, to)])
}
