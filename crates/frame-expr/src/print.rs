//! Expressions as canonical query text: one spelling for each, with no more parentheses than needed.

use std::fmt::{self, Display, Formatter};

use crate::call::AggregateCall;
use crate::expr::{BadCast, BinaryOp, Expr, Node, SortKey, UnaryOp};
use crate::partial::Step;
use crate::types::type_name;

/// How tightly an expression binds; operands that bind less tightly stand in parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Open,
    Or,
    And,
    Not,
    Comparison,
    Coalesce,
    Sum,
    Product,
    Unary,
    Term,
}

impl BinaryOp {
    /// The operator as it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Coalesce => "??",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::FloorDivide => "//",
            Self::Modulo => "%",
        }
    }

    /// Whether the operator compares its operands.
    pub fn is_comparison(self) -> bool {
        self.binding() == Binding::Comparison
    }

    fn binding(self) -> Binding {
        match self {
            Self::Or => Binding::Or,
            Self::And => Binding::And,
            Self::Equal | Self::NotEqual | Self::Less | Self::LessEqual | Self::Greater | Self::GreaterEqual => Binding::Comparison,
            Self::Coalesce => Binding::Coalesce,
            Self::Add | Self::Subtract => Binding::Sum,
            Self::Multiply | Self::Divide | Self::FloorDivide | Self::Modulo => Binding::Product,
        }
    }
}

/// Functions that are written between their operands.
pub const WORD_OPERATORS: [&str; 5] = ["contains", "starts", "ends", "matches", "like"];

/// Words that need brackets to be a name: they mean something inside expressions.
pub const RESERVED: [&str; 24] = [
    "and", "or", "not", "in", "between", "is", "null", "where", "order", "as", "by", "per", "on", "having", "then", "elif", "else", "over",
    "with", "if", "true", "false", "to", "nulls",
];

/// A column name, in brackets if it is no plain word.
pub fn quoted(name: &str) -> String {
    let mut letters = name.chars();
    let is_word =
        letters.next().is_some_and(|first| first.is_alphabetic() || first == '_') && letters.all(|c| c.is_alphanumeric() || c == '_');
    let is_free = !RESERVED.contains(&name) && !WORD_OPERATORS.contains(&name);
    if is_word && is_free { name.to_owned() } else { format!("[{}]", name.replace(']', "]]")) }
}

impl Expr {
    fn binding(&self) -> Binding {
        match &self.node {
            Node::Binary { op, .. } => op.binding(),
            Node::Unary { op: UnaryOp::Not, .. } => Binding::Not,
            Node::Unary { op: UnaryOp::Negate, .. } => Binding::Unary,
            Node::IsNull { .. } | Node::In { .. } | Node::Between { .. } => Binding::Comparison,
            Node::Call { function, arguments } if is_infix(function, arguments) => Binding::Comparison,
            Node::Case { .. } => Binding::Open,
            // A negative number is written with a minus.
            Node::Literal(frame_core::Scalar::Int(i64::MIN..0)) => Binding::Unary,
            Node::Literal(frame_core::Scalar::Duration(i64::MIN..0) | frame_core::Scalar::Months(i32::MIN..0)) => Binding::Unary,
            Node::Literal(frame_core::Scalar::Float(value)) if value.is_sign_negative() => Binding::Unary,
            _ => Binding::Term,
        }
    }

    /// Writes the expression, in parentheses if it binds less tightly than `least`.
    fn write(&self, f: &mut Formatter<'_>, least: Binding) -> fmt::Result {
        if self.binding() < least {
            f.write_str("(")?;
            self.write_bare(f)?;
            return f.write_str(")");
        }
        self.write_bare(f)
    }

    fn write_bare(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let not = |negated: bool| if negated { "not " } else { "" };
        match &self.node {
            Node::Column(name) => f.write_str(&quoted(name)),
            Node::Literal(value) => write!(f, "{value}"),
            Node::Unary { op: UnaryOp::Not, operand } => {
                f.write_str("not ")?;
                operand.write(f, Binding::Not)
            }
            Node::Unary { op: UnaryOp::Negate, operand } => {
                f.write_str("-")?;
                match operand.node {
                    // A literal behind the minus would be read as one negative number.
                    Node::Literal(_) => write!(f, "({operand})"),
                    _ => operand.write(f, Binding::Unary),
                }
            }
            Node::Binary { op, left, right } => {
                left.write(f, if op.binding() == Binding::Comparison { Binding::Coalesce } else { op.binding() })?;
                write!(f, " {} ", op.symbol())?;
                right.write(f, tighter(op.binding()))
            }
            Node::IsNull { operand, negated } => {
                operand.write(f, Binding::Coalesce)?;
                write!(f, " is {}null", not(*negated))
            }
            Node::In { operand, list, negated } => {
                operand.write(f, Binding::Coalesce)?;
                write!(f, " {}in (", not(*negated))?;
                write_list(f, list)?;
                f.write_str(")")
            }
            Node::Between { operand, low, high, negated } => {
                operand.write(f, Binding::Coalesce)?;
                write!(f, " {}between ", not(*negated))?;
                low.write(f, Binding::Coalesce)?;
                f.write_str(" and ")?;
                high.write(f, Binding::Coalesce)
            }
            Node::Cast { operand, to, bad } => {
                f.write_str("cast(")?;
                operand.write(f, Binding::Open)?;
                write!(f, ", {}{})", type_name(to), if *bad == BadCast::Null { " or null" } else { "" })
            }
            Node::Case { branches, otherwise } => {
                for (at, (when, then)) in branches.iter().enumerate() {
                    f.write_str(if at == 0 { "if " } else { " elif " })?;
                    when.write(f, Binding::Or)?;
                    f.write_str(" then ")?;
                    then.write(f, Binding::Or)?;
                }
                f.write_str(" else ")?;
                otherwise.write(f, Binding::Or)
            }
            Node::Call { function, arguments } if is_infix(function, arguments) => {
                arguments[0].write(f, Binding::Coalesce)?;
                write!(f, " {function} ")?;
                arguments[1].write(f, Binding::Coalesce)
            }
            Node::Window(window) => write!(f, "{window}"),
            Node::Call { function, arguments } => {
                write!(f, "{function}(")?;
                write_list(f, arguments)?;
                f.write_str(")")
            }
        }
    }
}

fn is_infix(function: &str, arguments: &[Expr]) -> bool {
    arguments.len() == 2 && WORD_OPERATORS.contains(&function)
}

/// The next tighter binding: operators of one kind group from the left.
fn tighter(binding: Binding) -> Binding {
    match binding {
        Binding::Open => Binding::Or,
        Binding::Or => Binding::And,
        Binding::And => Binding::Not,
        Binding::Not => Binding::Comparison,
        Binding::Comparison => Binding::Coalesce,
        Binding::Coalesce => Binding::Sum,
        Binding::Sum => Binding::Product,
        Binding::Product => Binding::Unary,
        Binding::Unary | Binding::Term => Binding::Term,
    }
}

fn write_list(f: &mut Formatter<'_>, list: &[Expr]) -> fmt::Result {
    for (at, item) in list.iter().enumerate() {
        f.write_str(if at > 0 { ", " } else { "" })?;
        item.write(f, Binding::Open)?;
    }
    Ok(())
}

/// The call as it is written with parentheses: `quantile(0.9, ms) where ok order day`. The name is left out.
impl Display for AggregateCall {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.step {
            Step::Whole => write!(f, "{}(", self.function),
            Step::States => write!(f, "states of {}(", self.function),
            Step::Merged(_) => write!(f, "merged {}(", self.function),
        }?;
        for (at, constant) in self.constants.iter().enumerate() {
            write!(f, "{}{constant}", if at > 0 { ", " } else { "" })?;
        }
        f.write_str(if self.constants.is_empty() || self.arguments.is_empty() { "" } else { ", " })?;
        write_list(f, &self.arguments)?;
        f.write_str(")")?;
        if let Some(filter) = &self.filter {
            write!(f, " where {filter}")?;
        }
        let order = self.order.iter().map(SortKey::to_string).collect::<Vec<_>>().join(", ");
        match self.order.len() {
            0 => Ok(()),
            // A parenthesis behind `order` begins a list.
            1 if !order.starts_with('(') => write!(f, " order {order}"),
            _ => write!(f, " order ({order})"),
        }
    }
}

/// The item as it is written behind `sort`.
impl Display for SortKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // A leading minus turns the whole item, so one that belongs to the expression needs parentheses.
        let text = self.expr.to_string();
        let text = if text.starts_with('-') { format!("({text})") } else { text };
        write!(f, "{}{text}{}", if self.descending { "-" } else { "" }, if self.nulls_first { " nulls first" } else { "" })
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.write(f, Binding::Open)
    }
}
