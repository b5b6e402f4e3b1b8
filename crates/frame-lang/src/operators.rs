//! The words and signs of expressions that are no functions, as help shows them; [`ALL`] lists them. How they are read stands in `expr.rs`.
//!
//! `contains`, `starts`, `ends`, `matches` and `like` are functions, and stand in the list of those.

/// A word or a sign of the expression grammar.
#[derive(Debug)]
pub struct Operator {
    /// The canonical spelling.
    pub name: &'static str,
    /// Other spellings, and words that go with it.
    pub aliases: &'static [&'static str],
    /// The form of the expression.
    pub usage: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// An expression and its value, both as query text.
    pub example: (&'static str, &'static str),
}

/// Every operator, from the one that binds least to the one that binds most.
pub const ALL: &[Operator] = &[
    Operator {
        name: "if",
        aliases: &["then", "elif", "else"],
        usage: "if CONDITION then VALUE [elif CONDITION then VALUE ...] else VALUE",
        help: "The value behind the first condition that is true, or the one behind `else`.",
        example: ("if 7 > 5 then 'high' elif 7 > 2 then 'middle' else 'low'", "'high'"),
    },
    Operator {
        name: "or",
        aliases: &[],
        usage: "CONDITION or CONDITION",
        help: "True if one side is, whatever the other; null if one is null and none is true.",
        example: ("1 > 2 or null is null", "true"),
    },
    Operator {
        name: "and",
        aliases: &[],
        usage: "CONDITION and CONDITION",
        help: "True if both sides are; false if one is, whatever the other; else null.",
        example: ("2 > 1 and 'a' < 'b'", "true"),
    },
    Operator {
        name: "not",
        aliases: &[],
        usage: "not CONDITION; also x not in (...), x not between ... and ..., x not like ..., x is not null",
        help: "True for false and false for true; null stays null.",
        example: ("not 1 > 2", "true"),
    },
    Operator {
        name: "=",
        aliases: &["=="],
        usage: "VALUE = VALUE",
        help: "Whether both are equal; null if one is null. NaN equals NaN, and -0.0 equals 0.0.",
        example: ("1 = 1.0", "true"),
    },
    Operator {
        name: "!=",
        aliases: &["<>"],
        usage: "VALUE != VALUE",
        help: "Whether both differ; null if one is null.",
        example: ("'a' != 'A'", "true"),
    },
    Operator {
        name: "<",
        aliases: &[],
        usage: "VALUE < VALUE",
        help: "Whether the first is smaller; null if one is null. Text is compared byte by byte, and NaN is larger than every number.",
        example: ("'B' < 'a'", "true"),
    },
    Operator {
        name: "<=",
        aliases: &[],
        usage: "VALUE <= VALUE",
        help: "Whether the first is smaller or equal; null if one is null.",
        example: ("@2024-01-31 <= @2024-02-01", "true"),
    },
    Operator {
        name: ">",
        aliases: &[],
        usage: "VALUE > VALUE",
        help: "Whether the first is larger; null if one is null.",
        example: ("2 > 10", "false"),
    },
    Operator {
        name: ">=",
        aliases: &[],
        usage: "VALUE >= VALUE",
        help: "Whether the first is larger or equal; null if one is null.",
        example: ("1.5 >= 1.5", "true"),
    },
    Operator {
        name: "in",
        aliases: &[],
        usage: "VALUE [not] in (VALUE, ...)",
        help: "Whether the value equals one of those in the brackets.",
        example: ("3 in (1, 2, 3)", "true"),
    },
    Operator {
        name: "between",
        aliases: &[],
        usage: "VALUE [not] between LOW and HIGH",
        help: "Whether the value is at least the low one and at most the high one.",
        example: ("5 between 1 and 5", "true"),
    },
    Operator {
        name: "is",
        aliases: &["null"],
        usage: "VALUE is [not] null",
        help: "Whether the value is null, that is unknown; the answer is never null.",
        example: ("null is null", "true"),
    },
    Operator {
        name: "??",
        aliases: &[],
        usage: "VALUE ?? VALUE",
        help: "The first of both that is not null; `coalesce` takes more than two.",
        example: ("null ?? 7", "7"),
    },
    Operator {
        name: "+",
        aliases: &[],
        usage: "VALUE + VALUE",
        help: "The sum of numbers, a date or timestamp later by a duration, or two durations together; null if one is null.",
        example: ("@2024-01-31 + 1mo", "@2024-02-29"),
    },
    Operator {
        name: "-",
        aliases: &[],
        usage: "VALUE - VALUE, -VALUE",
        help: "The difference of numbers, dates, timestamps or durations, or an earlier date or timestamp; in front of a value, its negative.",
        example: ("7 - 2.5", "4.5"),
    },
    Operator {
        name: "*",
        aliases: &[],
        usage: "VALUE * VALUE",
        help: "The product of two numbers, or a duration several times; null if one is null.",
        example: ("6 * 7", "42"),
    },
    Operator {
        name: "/",
        aliases: &[],
        usage: "NUMBER / NUMBER",
        help: "The quotient, a float also of two ints.",
        example: ("7 / 2", "3.5"),
    },
    Operator {
        name: "//",
        aliases: &[],
        usage: "NUMBER // NUMBER",
        help: "The quotient, rounded down to a whole number.",
        example: ("-7 // 2", "-4"),
    },
    Operator {
        name: "%",
        aliases: &[],
        usage: "NUMBER % NUMBER",
        help: "What is left over by `//`; it has the sign of the second number.",
        example: ("-7 % 3", "2"),
    },
    Operator {
        name: "cast",
        aliases: &[],
        usage: "cast(VALUE, TYPE [or null])",
        help: "The value as another type; one that has no counterpart there is an error, or null if the query says so.",
        example: ("cast('x17', int or null)", "null"),
    },
];

/// The operator with this name or alias.
pub fn find(word: &str) -> Option<&'static Operator> {
    ALL.iter().find(|operator| operator.name == word || operator.aliases.contains(&word))
}

#[cfg(test)]
mod tests {
    use frame_expr::{BinaryOp, RESERVED, WORD_OPERATORS, scalars};

    use super::*;

    /// Reserved words that belong to stages or literals, not to operators.
    const OF_STAGES: [&str; 12] = ["where", "order", "as", "by", "per", "on", "having", "over", "with", "to", "nulls", "true"];

    #[test]
    fn every_word_and_sign_of_expressions_is_listed_once() {
        use BinaryOp::{
            Add, And, Coalesce, Divide, Equal, FloorDivide, Greater, GreaterEqual, Less, LessEqual, Modulo, Multiply, NotEqual, Or,
            Subtract,
        };
        let binary = [
            Add,
            And,
            Coalesce,
            Divide,
            Equal,
            FloorDivide,
            Greater,
            GreaterEqual,
            Less,
            LessEqual,
            Modulo,
            Multiply,
            NotEqual,
            Or,
            Subtract,
        ];
        for op in binary {
            assert!(find(op.symbol()).is_some(), "{}", op.symbol());
        }
        for word in RESERVED.iter().filter(|word| !OF_STAGES.contains(word) && **word != "false") {
            assert!(find(word).is_some(), "{word}");
        }
        for word in WORD_OPERATORS {
            assert!(scalars::find(word).is_ok(), "{word}");
        }
        let mut words: Vec<_> = ALL.iter().flat_map(|operator| operator.aliases.iter().chain([&operator.name])).collect();
        words.sort();
        assert!(words.windows(2).all(|pair| pair[0] != pair[1]), "{words:?}");
    }
}
