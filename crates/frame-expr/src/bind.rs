//! Binding: names become columns, operators get types, and values are converted where types differ.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Schema};
use frame_core::{Error, QueryError, Result, Scalar, Span, calendar};

use crate::arithmetic::{arithmetic, number};
use crate::evaluate;
use crate::expr::{BadCast, BinaryOp, Expr, Node, UnaryOp};
use crate::scalars::{self, ScalarFunction};
use crate::types::{DURATION, MONTHS, compared, is_number, is_text, shared, type_name};

/// An expression whose columns and types are known.
#[derive(Debug, Clone)]
pub struct BoundExpr {
    pub(crate) node: Bound,
    pub(crate) data_type: DataType,
}

#[derive(Debug, Clone)]
pub(crate) enum Bound {
    Column(usize),
    Literal(Scalar),
    Not(Box<BoundExpr>),
    Negate {
        operand: Box<BoundExpr>,
        /// Where it stands in the query text.
        span: Span,
    },
    Logic {
        is_and: bool,
        left: Box<BoundExpr>,
        right: Box<BoundExpr>,
    },
    Compare {
        op: BinaryOp,
        left: Box<BoundExpr>,
        right: Box<BoundExpr>,
    },
    Arithmetic {
        op: BinaryOp,
        left: Box<BoundExpr>,
        right: Box<BoundExpr>,
        /// Where it stands in the query text, for what fails while it runs.
        span: Span,
    },
    /// Equal to any of the list, each of whose items is converted to be compared.
    In {
        list: Vec<BoundExpr>,
    },
    IsNull {
        operand: Box<BoundExpr>,
        negated: bool,
    },
    Cast {
        operand: Box<BoundExpr>,
        bad: BadCast,
        /// Where it stands in the query text.
        span: Span,
    },
    /// A conversion that loses nothing.
    Widen(Box<BoundExpr>),
    Case {
        branches: Vec<(BoundExpr, BoundExpr)>,
        otherwise: Box<BoundExpr>,
    },
    Call {
        function: &'static dyn ScalarFunction,
        /// The function with its constant arguments worked out, where that pays.
        prepared: Option<Arc<dyn ScalarFunction>>,
        arguments: Vec<BoundExpr>,
        /// Where it stands in the query text.
        span: Span,
    },
}

/// Binds an expression to a schema.
///
/// # Errors
/// `QueryError` for unknown names and for types that do not fit, at the place in the text.
pub fn bind(expr: &Expr, schema: &Schema) -> Result<BoundExpr> {
    let mut bound = bind_node(expr, schema).map_err(|error| error.at(expr.span))?;
    if let Bound::Arithmetic { span, .. } | Bound::Cast { span, .. } | Bound::Negate { span, .. } | Bound::Call { span, .. } =
        &mut bound.node
    {
        *span = expr.span;
    }
    Ok(bound)
}

fn bind_node(expr: &Expr, schema: &Schema) -> Result<BoundExpr> {
    let of = |node, data_type| Ok(BoundExpr { node, data_type });
    match &expr.node {
        Node::Column(name) => column(name, schema),
        Node::Literal(value) => of(Bound::Literal(value.clone()), value.data_type()),
        Node::Unary { op: UnaryOp::Not, operand } => of(Bound::Not(Box::new(truth(operand, "not", schema)?)), DataType::Boolean),
        Node::Unary { op: UnaryOp::Negate, operand } => {
            let span = operand.span;
            let operand = match bind(operand, schema)? {
                span if span.data_type == DURATION || span.data_type == MONTHS => span,
                other => number(other, "-", span)?,
            };
            let data_type = operand.data_type.clone();
            of(Bound::Negate { operand: Box::new(operand), span: expr.span }, data_type)
        }
        Node::Binary { op, left, right } => binary(*op, left, right, schema),
        Node::IsNull { operand, negated } => {
            of(Bound::IsNull { operand: Box::new(bind(operand, schema)?), negated: *negated }, DataType::Boolean)
        }
        Node::In { operand, list, negated } => {
            let list = list.iter().map(|item| compare(BinaryOp::Equal, operand, item, schema)).collect::<Result<_>>()?;
            negate(of(Bound::In { list }, DataType::Boolean)?, *negated)
        }
        Node::Between { operand, low, high, negated } => {
            let low = compare(BinaryOp::GreaterEqual, operand, low, schema)?;
            let high = compare(BinaryOp::LessEqual, operand, high, schema)?;
            negate(of(Bound::Logic { is_and: true, left: Box::new(low), right: Box::new(high) }, DataType::Boolean)?, *negated)
        }
        Node::Cast { operand, to, bad } => {
            let operand = bind(operand, schema)?;
            castable(&operand.data_type, to)?;
            of(Bound::Cast { operand: Box::new(operand), bad: *bad, span: expr.span }, to.clone())
        }
        Node::Case { branches, otherwise } => case(branches, otherwise, schema),
        Node::Call { function, arguments } => call(function, arguments, schema),
        Node::Window(window) => {
            let error = QueryError::Usage(format!("`{}` over other rows cannot stand here", window.function));
            Err(Error::new(error).hint("windows stand in `derive`, `where`, `select` and `fill`: first `derive x = …`, then use x"))
        }
    }
}

fn column(name: &str, schema: &Schema) -> Result<BoundExpr> {
    match schema.fields().iter().position(|field| field.name() == name) {
        Some(index) => Ok(BoundExpr { node: Bound::Column(index), data_type: schema.field(index).data_type().clone() }),
        None => {
            let known = schema.fields().iter().map(|field| field.name().clone()).collect();
            Err(Error::new(QueryError::UnknownColumn { name: name.to_owned(), known }))
        }
    }
}

fn binary(op: BinaryOp, left: &Expr, right: &Expr, schema: &Schema) -> Result<BoundExpr> {
    match op {
        BinaryOp::Or | BinaryOp::And => {
            let (left, right) = (truth(left, op.symbol(), schema)?, truth(right, op.symbol(), schema)?);
            let node = Bound::Logic { is_and: op == BinaryOp::And, left: Box::new(left), right: Box::new(right) };
            Ok(BoundExpr { node, data_type: DataType::Boolean })
        }
        BinaryOp::Equal | BinaryOp::NotEqual | BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => {
            compare(op, left, right, schema)
        }
        BinaryOp::Coalesce => call("coalesce", &[left.clone(), right.clone()], schema),
        _ => arithmetic(op, (bind(left, schema)?, left.span), (bind(right, schema)?, right.span)),
    }
}

fn compare(op: BinaryOp, left: &Expr, right: &Expr, schema: &Schema) -> Result<BoundExpr> {
    let span = left.span.to(right.span);
    let (left, right) = (bind(left, schema)?, bind(right, schema)?);
    let Some((to_left, to_right)) = compared(&left.data_type, &right.data_type) else {
        let found = format!("{} and {}", type_name(&left.data_type), type_name(&right.data_type));
        let error = Error::new(QueryError::Type { operation: format!("`{}`", op.symbol()), found }).at(span);
        return Err(error.hint(comparison_hint(&left, &right)));
    };
    let node = Bound::Compare { op, left: Box::new(widen(left, to_left)), right: Box::new(widen(right, to_right)) };
    Ok(BoundExpr { node, data_type: DataType::Boolean })
}

/// What to write in place of a comparison of values that cannot be compared.
fn comparison_hint(left: &BoundExpr, right: &BoundExpr) -> String {
    let (value, other) = if matches!(left.node, Bound::Literal(_)) { (left, right) } else { (right, left) };
    let to = type_name(&other.data_type);
    match &value.node {
        Bound::Literal(Scalar::Text(text)) if other.data_type.is_temporal() => {
            let is_moment = calendar::parse_date(text.as_bytes()).is_some() || calendar::parse_timestamp(text.as_bytes()).is_some();
            format!("write @{} without quotes", if is_moment { text } else { "2024-01-31" })
        }
        Bound::Literal(Scalar::Text(text)) if is_number(&other.data_type) && text.parse::<f64>().is_ok() => {
            format!("write {text} without quotes")
        }
        Bound::Literal(Scalar::Int(_) | Scalar::Float(_)) if is_text(&other.data_type) => {
            "write the text in quotes, '5', or convert the column with cast(x, float)".to_owned()
        }
        _ if other.data_type.is_temporal() && !value.reads_columns() => "dates are written @2024-01-31, times @2024-01-31T10:00".to_owned(),
        _ => format!("convert one side, for example with cast(x, {to})"),
    }
}

fn case(branches: &[(Expr, Expr)], otherwise: &Expr, schema: &Schema) -> Result<BoundExpr> {
    let whens = branches.iter().map(|(when, _)| truth(when, "if", schema)).collect::<Result<Vec<_>>>()?;
    let results = branches.iter().map(|(_, then)| then).chain([otherwise]);
    let mut results = common(results.map(|result| Ok((bind(result, schema)?, result.span))).collect::<Result<_>>()?, "if")?;
    let otherwise = results.pop().ok_or_else(|| Error::internal("a case without a value"))?;
    let data_type = otherwise.data_type.clone();
    let branches = whens.into_iter().zip(results).collect();
    Ok(BoundExpr { node: Bound::Case { branches, otherwise: Box::new(otherwise) }, data_type })
}

/// Converts values to the one type that holds them all.
pub(crate) fn common(values: Vec<(BoundExpr, Span)>, operation: &str) -> Result<Vec<BoundExpr>> {
    let mut data_type = DataType::Null;
    for (value, span) in &values {
        data_type = shared(&data_type, &value.data_type).ok_or_else(|| {
            let found = format!("{} and {}", type_name(&data_type), type_name(&value.data_type));
            Error::new(QueryError::Type { operation: format!("`{operation}`"), found }).at(*span).hint("convert with cast(x, type)")
        })?;
    }
    Ok(values.into_iter().map(|(value, _)| widen(value, data_type.clone())).collect())
}

fn call(name: &str, arguments: &[Expr], schema: &Schema) -> Result<BoundExpr> {
    let function = scalars::find(name)?;
    let bound = arguments.iter().map(|argument| Ok((bind(argument, schema)?, argument.span))).collect::<Result<Vec<_>>>()?;
    let spans: Vec<Span> = bound.iter().map(|(_, span)| *span).collect();
    let (arguments, data_type) = function.bind(bound).map_err(|error| match error.advice() {
        Some(_) => error,
        None => error.hint(format!("for example {}", function.example().0)),
    })?;
    let prepared = function.prepare(&arguments, &spans)?;
    Ok(BoundExpr { node: Bound::Call { function, prepared, arguments, span: Span::default() }, data_type })
}

/// Binds an expression that must be true or false.
fn truth(expr: &Expr, operation: &str, schema: &Schema) -> Result<BoundExpr> {
    let bound = bind(expr, schema)?;
    match bound.data_type {
        DataType::Boolean => Ok(bound),
        DataType::Null => Ok(widen(bound, DataType::Boolean)),
        other => Err(Error::new(QueryError::Type { operation: format!("`{operation}`"), found: type_name(&other) })
            .at(expr.span)
            .hint("it takes a truth value; compare with something, such as x > 0")),
    }
}

fn negate(bound: BoundExpr, negated: bool) -> Result<BoundExpr> {
    if !negated {
        return Ok(bound);
    }
    Ok(BoundExpr { node: Bound::Not(Box::new(bound)), data_type: DataType::Boolean })
}

/// The expression converted to a type that holds all its values.
pub(crate) fn widen(bound: BoundExpr, to: DataType) -> BoundExpr {
    if bound.data_type == to { bound } else { BoundExpr { node: Bound::Widen(Box::new(bound)), data_type: to } }
}

fn castable(from: &DataType, to: &DataType) -> Result<()> {
    if evaluate::can_cast(from, to) {
        return Ok(());
    }
    let operation = format!("cast to {}", type_name(to));
    let hint = match to {
        DataType::Boolean => "compare with something: x > 0, x is not null",
        _ => "there is no such conversion; `frame help functions` lists what makes one type of another",
    };
    Err(Error::new(QueryError::Type { operation, found: type_name(from) }).hint(hint))
}

impl BoundExpr {
    /// The column at a place.
    pub fn column(index: usize, data_type: DataType) -> Self {
        Self { node: Bound::Column(index), data_type }
    }

    /// The type of the values.
    pub fn data_type(&self) -> &DataType {
        &self.data_type
    }

    /// The column that the expression is, if it is nothing else.
    pub fn as_column(&self) -> Option<usize> {
        if let Bound::Column(index) = self.node { Some(index) } else { None }
    }

    /// Whether some values can make the evaluation fail.
    pub fn can_fail(&self) -> bool {
        let own = match &self.node {
            Bound::Cast { bad, .. } => *bad == BadCast::Fail,
            Bound::Arithmetic { .. } | Bound::Negate { .. } => self.data_type != DataType::Float64,
            Bound::Call { function, .. } => function.can_fail(),
            _ => false,
        };
        own || self.parts().into_iter().any(Self::can_fail)
    }

    /// The value, in an array of one row, of an expression that reads no column and does not fail.
    pub(crate) fn constant(&self) -> Option<ArrayRef> {
        if self.reads_columns() { None } else { self.evaluate(&[], 1).ok() }
    }

    /// The text that the expression is for every row, if it is one.
    pub(crate) fn constant_text(&self) -> Option<String> {
        let value = self.constant()?;
        let texts = value.as_string_view_opt()?;
        texts.is_valid(0).then(|| texts.value(0).to_owned())
    }

    /// Whether the values depend on the column at a place.
    pub fn reads(&self, column: usize) -> bool {
        self.as_column() == Some(column) || self.parts().into_iter().any(|part| part.reads(column))
    }

    fn reads_columns(&self) -> bool {
        matches!(self.node, Bound::Column(_)) || self.parts().into_iter().any(Self::reads_columns)
    }

    /// The direct parts.
    pub(crate) fn parts(&self) -> Vec<&Self> {
        match &self.node {
            Bound::Column(_) | Bound::Literal(_) => Vec::new(),
            Bound::Not(operand) | Bound::Widen(operand) => vec![operand],
            Bound::Negate { operand, .. } | Bound::IsNull { operand, .. } | Bound::Cast { operand, .. } => vec![operand],
            Bound::Logic { left, right, .. } | Bound::Compare { left, right, .. } | Bound::Arithmetic { left, right, .. } => {
                vec![left, right]
            }
            Bound::In { list } => list.iter().collect(),
            Bound::Case { branches, otherwise } => {
                branches.iter().flat_map(|(when, then)| [when, then]).chain([otherwise.as_ref()]).collect()
            }
            Bound::Call { arguments, .. } => arguments.iter().collect(),
        }
    }
}
