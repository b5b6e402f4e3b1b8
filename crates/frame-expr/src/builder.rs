//! Expressions in Rust: `col("value").gt(1200)` is `value > 1200`.

use std::ops;

use arrow::datatypes::DataType;
use frame_core::Scalar;

use crate::expr::{BadCast, BinaryOp, Expr, Node, UnaryOp};

/// A column by its exact name.
pub fn col(name: impl Into<String>) -> Expr {
    Expr::column(name)
}

/// A constant.
pub fn lit(value: impl Into<Scalar>) -> Expr {
    Expr::literal(value.into())
}

impl<T: Into<Scalar>> From<T> for Expr {
    fn from(value: T) -> Self {
        lit(value)
    }
}

impl Expr {
    fn with(self, op: BinaryOp, other: impl Into<Self>) -> Self {
        Self::binary(op, self, other.into())
    }

    /// `self = other`
    #[must_use]
    pub fn eq(self, other: impl Into<Self>) -> Self {
        self.with(BinaryOp::Equal, other)
    }

    /// `self != other`
    #[must_use]
    pub fn ne(self, other: impl Into<Self>) -> Self {
        self.with(BinaryOp::NotEqual, other)
    }

    /// `self < other`
    #[must_use]
    pub fn lt(self, other: impl Into<Self>) -> Self {
        self.with(BinaryOp::Less, other)
    }

    /// `self <= other`
    #[must_use]
    pub fn le(self, other: impl Into<Self>) -> Self {
        self.with(BinaryOp::LessEqual, other)
    }

    /// `self > other`
    #[must_use]
    pub fn gt(self, other: impl Into<Self>) -> Self {
        self.with(BinaryOp::Greater, other)
    }

    /// `self >= other`
    #[must_use]
    pub fn ge(self, other: impl Into<Self>) -> Self {
        self.with(BinaryOp::GreaterEqual, other)
    }

    /// `self and other`
    #[must_use]
    pub fn and(self, other: impl Into<Self>) -> Self {
        self.with(BinaryOp::And, other)
    }

    /// `self or other`
    #[must_use]
    pub fn or(self, other: impl Into<Self>) -> Self {
        self.with(BinaryOp::Or, other)
    }

    /// `self is null`
    #[must_use]
    pub fn is_null(self) -> Self {
        Self::new(Node::IsNull { operand: Box::new(self), negated: false })
    }

    /// `self is not null`
    #[must_use]
    pub fn is_not_null(self) -> Self {
        Self::new(Node::IsNull { operand: Box::new(self), negated: true })
    }

    /// `self in (a, b, …)`
    #[must_use]
    pub fn is_in<T: Into<Self>>(self, list: impl IntoIterator<Item = T>) -> Self {
        Self::new(Node::In { operand: Box::new(self), list: list.into_iter().map(Into::into).collect(), negated: false })
    }

    /// `self between low and high`, both ends included
    #[must_use]
    pub fn between(self, low: impl Into<Self>, high: impl Into<Self>) -> Self {
        Self::new(Node::Between { operand: Box::new(self), low: Box::new(low.into()), high: Box::new(high.into()), negated: false })
    }

    /// `cast(self, to)`: a value without a counterpart stops the run
    #[must_use]
    pub fn cast(self, to: DataType) -> Self {
        Self::new(Node::Cast { operand: Box::new(self), to, bad: BadCast::Fail })
    }

    /// A scalar function by its name, with `self` as the first argument: `col("name").call("contains", [lit("x")])`
    #[must_use]
    pub fn call(self, function: &str, others: impl IntoIterator<Item = Self>) -> Self {
        Self::new(Node::Call { function: function.to_owned(), arguments: std::iter::once(self).chain(others).collect() })
    }
}

impl ops::Not for Expr {
    type Output = Self;

    fn not(self) -> Self {
        Self::new(Node::Unary { op: UnaryOp::Not, operand: Box::new(self) })
    }
}

impl ops::Neg for Expr {
    type Output = Self;

    fn neg(self) -> Self {
        Self::new(Node::Unary { op: UnaryOp::Negate, operand: Box::new(self) })
    }
}

impl<T: Into<Expr>> ops::Add<T> for Expr {
    type Output = Self;

    fn add(self, other: T) -> Self {
        self.with(BinaryOp::Add, other)
    }
}

impl<T: Into<Expr>> ops::Sub<T> for Expr {
    type Output = Self;

    fn sub(self, other: T) -> Self {
        self.with(BinaryOp::Subtract, other)
    }
}

impl<T: Into<Expr>> ops::Mul<T> for Expr {
    type Output = Self;

    fn mul(self, other: T) -> Self {
        self.with(BinaryOp::Multiply, other)
    }
}

impl<T: Into<Expr>> ops::Div<T> for Expr {
    type Output = Self;

    fn div(self, other: T) -> Self {
        self.with(BinaryOp::Divide, other)
    }
}

impl<T: Into<Expr>> ops::Rem<T> for Expr {
    type Output = Self;

    fn rem(self, other: T) -> Self {
        self.with(BinaryOp::Modulo, other)
    }
}
