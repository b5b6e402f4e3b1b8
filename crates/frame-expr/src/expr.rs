//! The tree of an expression as it was written: names are not looked up and types are not known yet.

use arrow::datatypes::DataType;
use frame_core::{Scalar, Span};

use crate::windows::Window;

/// An expression. Two expressions are equal when they mean the same text; where they stand in it does not matter.
#[derive(Debug, Clone)]
pub struct Expr {
    /// What it is.
    pub node: Node,
    /// Where it stands in the query text; the empty default for one that a builder made.
    pub span: Span,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

impl Eq for Expr {}

/// The kinds of expressions.
#[expect(missing_docs, reason = "the text beside each variant names its parts")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A column by its exact name.
    Column(String),
    /// A constant.
    Literal(Scalar),
    /// `-x`, `not x`
    Unary { op: UnaryOp, operand: Box<Expr> },
    /// `left op right`
    Binary { op: BinaryOp, left: Box<Expr>, right: Box<Expr> },
    /// `x is null`, `x is not null`
    IsNull { operand: Box<Expr>, negated: bool },
    /// `x in (a, b)`, `x not in (a, b)`
    In { operand: Box<Expr>, list: Vec<Expr>, negated: bool },
    /// `x between low and high`, both ends included
    Between { operand: Box<Expr>, low: Box<Expr>, high: Box<Expr>, negated: bool },
    /// `cast(x, type)`, `cast(x, type or null)`
    Cast { operand: Box<Expr>, to: DataType, bad: BadCast },
    /// `if a then b elif c then d else e`: pairs of condition and value, then the rest
    Case { branches: Vec<(Expr, Expr)>, otherwise: Box<Expr> },
    /// A scalar function by its name: `lower(x)`, and the word operators `x contains 'a'`, `starts`, `ends`, `like`.
    Call { function: String, arguments: Vec<Expr> },
    /// A value of other rows: `lag(x) over (order day)`. It is computed by an operator of its own, and a column from then on.
    Window(Box<Window>),
}

/// Operators with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `-x`
    Negate,
    /// `not x`, in three-valued logic
    Not,
}

/// Operators with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `or`, in three-valued logic
    Or,
    /// `and`, in three-valued logic
    And,
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `a ?? b`: the first that is not null
    Coalesce,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`, always a float
    Divide,
    /// `//`, rounded down
    FloorDivide,
    /// `%`, with the sign of the divisor, so that `a = a // b * b + a % b`
    Modulo,
}

impl BinaryOp {
    /// The comparison that holds when its sides are exchanged; any other operator as it is.
    #[must_use]
    pub fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessEqual => Self::GreaterEqual,
            Self::Greater => Self::Less,
            Self::GreaterEqual => Self::LessEqual,
            other => other,
        }
    }
}

/// What a cast does with a value that has no counterpart in the target type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum BadCast {
    /// The run stops with an error that shows the value.
    #[default]
    Fail,
    /// The value becomes null.
    Null,
}

impl Expr {
    /// An expression without a place in any text.
    pub fn new(node: Node) -> Self {
        Self { node, span: Span::default() }
    }

    /// The same expression at a place.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = span;
        self
    }

    /// A column by its exact name.
    pub fn column(name: impl Into<String>) -> Self {
        Self::new(Node::Column(name.into()))
    }

    /// A constant.
    pub fn literal(value: Scalar) -> Self {
        Self::new(Node::Literal(value))
    }

    /// `left op right`
    pub fn binary(op: BinaryOp, left: Self, right: Self) -> Self {
        let span = left.span.to(right.span);
        Self { node: Node::Binary { op, left: Box::new(left), right: Box::new(right) }, span }
    }

    /// The direct parts of the expression, in the order in which they are written.
    pub fn children(&self) -> Vec<&Self> {
        match &self.node {
            Node::Column(_) | Node::Literal(_) => Vec::new(),
            Node::Unary { operand, .. } | Node::IsNull { operand, .. } | Node::Cast { operand, .. } => vec![operand],
            Node::Binary { left, right, .. } => vec![left, right],
            Node::In { operand, list, .. } => std::iter::once(operand.as_ref()).chain(list).collect(),
            Node::Between { operand, low, high, .. } => vec![operand, low, high],
            Node::Case { branches, otherwise } => {
                branches.iter().flat_map(|(when, then)| [when, then]).chain(std::iter::once(otherwise.as_ref())).collect()
            }
            Node::Call { arguments, .. } => arguments.iter().collect(),
            Node::Window(window) => window.expressions().collect(),
        }
    }

    /// The direct parts, to change them in place.
    pub fn children_mut(&mut self) -> Vec<&mut Self> {
        match &mut self.node {
            Node::Column(_) | Node::Literal(_) => Vec::new(),
            Node::Unary { operand, .. } | Node::IsNull { operand, .. } | Node::Cast { operand, .. } => vec![operand],
            Node::Binary { left, right, .. } => vec![left, right],
            Node::In { operand, list, .. } => std::iter::once(operand.as_mut()).chain(list).collect(),
            Node::Between { operand, low, high, .. } => vec![operand, low, high],
            Node::Case { branches, otherwise } => {
                branches.iter_mut().flat_map(|(when, then)| [when, then]).chain(std::iter::once(otherwise.as_mut())).collect()
            }
            Node::Call { arguments, .. } => arguments.iter_mut().collect(),
            Node::Window(window) => window.expressions_mut().collect(),
        }
    }

    /// Adds the names of the columns that the expression reads to `names`, each once, in order of appearance.
    pub fn collect_columns(&self, names: &mut Vec<String>) {
        if let Node::Column(name) = &self.node
            && !names.contains(name)
        {
            names.push(name.clone());
        }
        for child in self.children() {
            child.collect_columns(names);
        }
    }
}

/// One item of a sort order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    /// What to sort by.
    pub expr: Expr,
    /// Largest first.
    pub descending: bool,
    /// Nulls before everything else; the default is after everything else, in either direction.
    pub nulls_first: bool,
}

impl SortKey {
    /// The same order with nulls before everything else: `-x nulls first`.
    #[must_use]
    pub fn nulls_first(self) -> Self {
        Self { nulls_first: true, ..self }
    }
}

/// Smallest first, nulls last.
impl From<Expr> for SortKey {
    fn from(expr: Expr) -> Self {
        Self { expr, descending: false, nulls_first: false }
    }
}

impl Expr {
    /// `-self` in an order: largest first, nulls last.
    #[must_use]
    pub fn descending(self) -> SortKey {
        SortKey { expr: self, descending: true, nulls_first: false }
    }

    /// `self nulls first` in an order: nulls, then smallest first.
    #[must_use]
    pub fn nulls_first(self) -> SortKey {
        SortKey { expr: self, descending: false, nulls_first: true }
    }
}
