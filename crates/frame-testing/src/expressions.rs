//! Random expressions of a wanted kind. The first choice is always the simplest: a column, then a literal.

use arrow::datatypes::DataType;
use frame_core::Scalar;
use frame_expr::{BadCast, BinaryOp, Expr, Node, UnaryOp};

use crate::choices::Choices;
use crate::model::{Columns, Kind};

const COMPARISONS: [BinaryOp; 6] =
    [BinaryOp::Equal, BinaryOp::NotEqual, BinaryOp::Less, BinaryOp::LessEqual, BinaryOp::Greater, BinaryOp::GreaterEqual];

const ARITHMETIC: [BinaryOp; 5] = [BinaryOp::Add, BinaryOp::Subtract, BinaryOp::Multiply, BinaryOp::FloorDivide, BinaryOp::Modulo];

/// Makes expressions over some columns.
pub(crate) struct Expressions<'a> {
    pub(crate) columns: &'a Columns,
}

impl Expressions<'_> {
    /// An expression of this kind, at most so deep.
    pub(crate) fn of(&self, kind: Kind, depth: usize, choices: &mut Choices<'_>) -> Expr {
        if depth == 0 || !choices.once_in(3) {
            return self.leaf(kind, choices);
        }
        let depth = depth - 1;
        match choices.below(4) {
            0 => self.choice(kind, depth, choices),
            _ => match kind {
                Kind::Int => self.int(depth, choices),
                Kind::Float => self.float(depth, choices),
                Kind::Text => self.text(depth, choices),
                Kind::Bool => self.truth(depth, choices),
                Kind::Date | Kind::Null => self.leaf(kind, choices),
            },
        }
    }

    /// A condition that is no constant.
    pub(crate) fn condition(&self, choices: &mut Choices<'_>) -> Expr {
        self.truth(2, choices)
    }

    fn leaf(&self, kind: Kind, choices: &mut Choices<'_>) -> Expr {
        let columns: Vec<&String> = self.columns.iter().filter(|(_, known)| *known == kind).map(|(name, _)| name).collect();
        match choices.one(&columns) {
            Some(name) if !choices.once_in(4) => Expr::column(*name),
            _ => literal(kind, choices),
        }
    }

    /// What works for every kind: `if` and `??`.
    fn choice(&self, kind: Kind, depth: usize, choices: &mut Choices<'_>) -> Expr {
        let first = self.of(kind, depth, choices);
        let second = if choices.once_in(4) { Expr::literal(Scalar::Null) } else { self.of(kind, depth, choices) };
        if choices.once_in(2) {
            return Expr::binary(BinaryOp::Coalesce, first, second);
        }
        let mut branches = vec![(self.truth(depth, choices), first)];
        if choices.once_in(3) {
            branches.push((self.truth(depth, choices), self.of(kind, depth, choices)));
        }
        Expr::new(Node::Case { branches, otherwise: Box::new(second) })
    }

    fn int(&self, depth: usize, choices: &mut Choices<'_>) -> Expr {
        match choices.below(8) {
            0 => call("length", vec![self.of(Kind::Text, depth, choices)]),
            1 => call("abs", vec![self.of(Kind::Int, depth, choices)]),
            2 => call("round", vec![self.of(Kind::Int, depth, choices)]),
            3 => negate(self.of(Kind::Int, depth, choices)),
            _ => {
                let op = ARITHMETIC[choices.below(ARITHMETIC.len())];
                Expr::binary(op, self.of(Kind::Int, depth, choices), self.of(Kind::Int, depth, choices))
            }
        }
    }

    fn number(&self, depth: usize, choices: &mut Choices<'_>) -> Expr {
        let kind = if choices.once_in(3) { Kind::Int } else { Kind::Float };
        self.of(kind, depth, choices)
    }

    fn float(&self, depth: usize, choices: &mut Choices<'_>) -> Expr {
        match choices.below(8) {
            0 => call("abs", vec![self.of(Kind::Float, depth, choices)]),
            1 => call("round", vec![self.of(Kind::Float, depth, choices)]),
            2 => call("round", vec![self.of(Kind::Float, depth, choices), Expr::literal(Scalar::Int(choices.below(3) as i64))]),
            3 => negate(self.of(Kind::Float, depth, choices)),
            4 => Expr::binary(BinaryOp::Divide, self.number(depth, choices), self.number(depth, choices)),
            5 => cast(self.of(Kind::Int, depth, choices), DataType::Float64),
            _ => {
                let op = ARITHMETIC[choices.below(ARITHMETIC.len())];
                Expr::binary(op, self.of(Kind::Float, depth, choices), self.number(depth, choices))
            }
        }
    }

    fn text(&self, depth: usize, choices: &mut Choices<'_>) -> Expr {
        match choices.below(3) {
            0 => call("lower", vec![self.of(Kind::Text, depth, choices)]),
            1 => call("upper", vec![self.of(Kind::Text, depth, choices)]),
            _ => cast(self.of(Kind::Int, depth, choices), DataType::Utf8View),
        }
    }

    fn truth(&self, depth: usize, choices: &mut Choices<'_>) -> Expr {
        let depth = depth.saturating_sub(1);
        let kind = Kind::OF_COLUMNS[choices.below(Kind::OF_COLUMNS.len())];
        let operand = |choices: &mut Choices<'_>| match kind {
            Kind::Int | Kind::Float => self.number(depth, choices),
            other => self.of(other, depth, choices),
        };
        let deeper = |choices: &mut Choices<'_>| if depth == 0 { self.leaf(Kind::Bool, choices) } else { self.truth(depth, choices) };
        let negated = |choices: &mut Choices<'_>| choices.once_in(2);
        match choices.below(10) {
            0..=2 => {
                let op = COMPARISONS[choices.below(COMPARISONS.len())];
                Expr::binary(op, operand(choices), operand(choices))
            }
            3 => Expr::binary(BinaryOp::And, deeper(choices), deeper(choices)),
            4 => Expr::binary(BinaryOp::Or, deeper(choices), deeper(choices)),
            5 => Expr::new(Node::Unary { op: UnaryOp::Not, operand: Box::new(deeper(choices)) }),
            6 => {
                let (operand, low, high) = (operand(choices), operand(choices), operand(choices));
                let negated = negated(choices);
                Expr::new(Node::Between { operand: Box::new(operand), low: Box::new(low), high: Box::new(high), negated })
            }
            7 => {
                let first = operand(choices);
                let mut list: Vec<Expr> = (0..=choices.below(3)).map(|_| operand(choices)).collect();
                if choices.once_in(5) {
                    list.push(Expr::literal(Scalar::Null));
                }
                Expr::new(Node::In { operand: Box::new(first), list, negated: negated(choices) })
            }
            8 => Expr::new(Node::IsNull { operand: Box::new(operand(choices)), negated: negated(choices) }),
            _ => {
                let function = ["contains", "starts", "ends"][choices.below(3)];
                call(function, vec![self.of(Kind::Text, depth, choices), literal(Kind::Text, choices)])
            }
        }
    }
}

/// A constant; never a null, which has no kind.
pub(crate) fn literal(kind: Kind, choices: &mut Choices<'_>) -> Expr {
    Expr::literal(match kind {
        Kind::Null => Scalar::Null,
        Kind::Bool => Scalar::Bool(choices.once_in(2)),
        Kind::Int => Scalar::Int([0, 1, -1, 2, 3, 7, -5, 1 << 40, i64::MAX][choices.below(9)]),
        Kind::Float => Scalar::Float([0.0, 1.0, -0.5, 0.25, -0.0, 2.5, 1e300, 5e-324, 0.1][choices.below(9)]),
        Kind::Text => Scalar::Text(["a", "", "b", "it's", "two\nlines", "Ünïcode", "|"][choices.below(7)].to_owned()),
        Kind::Date => Scalar::Date([0, 1, -1, 4, 20_000][choices.below(5)]),
    })
}

fn call(function: &str, arguments: Vec<Expr>) -> Expr {
    Expr::new(Node::Call { function: function.to_owned(), arguments })
}

fn negate(operand: Expr) -> Expr {
    Expr::new(Node::Unary { op: UnaryOp::Negate, operand: Box::new(operand) })
}

fn cast(operand: Expr, to: DataType) -> Expr {
    Expr::new(Node::Cast { operand: Box::new(operand), to, bad: BadCast::Fail })
}
