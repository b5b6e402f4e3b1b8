//! Marks elsewhere.

/// How to say what the mark at byte `at` of the text says elsewhere; the place may be inside the mark.
pub(crate) fn symbol(text: &str, at: usize) -> Option<&'static str> {
    TABLE.iter().find(|(mark, _)| covers(text, at, mark)).map(|(_, hint)| *hint)
}

/// Whether `mark` stands in `text` so that the byte at `at` is part of it.
fn covers(text: &str, at: usize, mark: &str) -> bool {
    (0..mark.len()).any(|inside| at >= inside && text.as_bytes()[at - inside..].starts_with(mark.as_bytes()))
}

const PIPE: &str = "stages are joined by a bar: where value > 1 | sort value";
const BOTH: &str = "write `and`";
const EITHER: &str = "write `or`; texts are joined with concat(x, y)";
const QUOTES: &str = "texts stand in straight single quotes: 'open'";
const COMMENT: &str = "a comment begins with #";
const ASSIGN: &str = "write `derive name = expression`";
const PLACE: &str =
    "columns have names here: write `value`, or [2nd value] in brackets; --names a,b,c gives names to a file without a header";

/// Longer ones first.
const TABLE: &[(&str, &str)] = &[
    ("%in%", "write x in (1, 2)"),
    ("%>%", PIPE),
    ("|>", PIPE),
    ("||", EITHER),
    ("&&", BOTH),
    ("&", BOTH),
    ("**", "write pow(x, 2)"),
    ("^", "write pow(x, 2)"),
    ("::", "write cast(x, int)"),
    ("<-", ASSIGN),
    (":=", ASSIGN),
    ("=~", "write x matches 'pattern', or lower(x) = 'text' for any case"),
    ("!~", "write x not matches 'pattern'"),
    ("~", "write `not`, or x matches 'pattern'"),
    ("->", "write if x > 1 then 'high' else 'low', or `derive name = expression`"),
    ("=>", "for not smaller write >="),
    ("--", COMMENT),
    ("/*", COMMENT),
    ("*/", COMMENT),
    ("!", "write `not`: where not (value > 1), note not contains 'open'"),
    ("$", PLACE),
    ("?", "write the value itself: 5, 'text', @2024-01-31"),
    ("`", "odd column names stand in square brackets: [Order Date]; plain ones as they are"),
    ("\"", "texts stand in single quotes, odd column names in square brackets"),
    ("\u{2018}", QUOTES),
    ("\u{2019}", QUOTES),
    ("\u{201c}", QUOTES),
    ("\u{201d}", QUOTES),
    ("\u{201e}", QUOTES),
    ("\u{2013}", "write - (this is a dash)"),
    ("\u{2212}", "write - (this is another minus)"),
    ("\u{2264}", "write <="),
    ("\u{2265}", "write >="),
    ("\u{2260}", "write !="),
    ("\\", "leave the backslash out; a query may have several lines"),
];

#[cfg(test)]
mod tests {
    use super::symbol;

    #[test]
    fn marks_are_found_from_within() {
        let text = "where a %>% b && c";
        assert!(symbol(text, 8).is_some_and(|hint| hint.contains("bar")));
        assert!(symbol(text, 9).is_some_and(|hint| hint.contains("bar")));
        assert!(symbol(text, 15).is_some_and(|hint| hint.contains("and")));
        assert_eq!(symbol(text, 6), None);
        assert_eq!(symbol(text, text.len()), None);
        assert_eq!(symbol("", 0), None);
    }
}
