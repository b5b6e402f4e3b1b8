//! Words that stand behind an expression elsewhere.

use super::find;

/// How to say what this word, between or behind expressions, says elsewhere.
pub(crate) fn infix(word: &str) -> Option<&'static str> {
    find(TABLE, word)
}

const TABLE: &[(&[&str], &str)] = &[
    (&["desc", "descending"], "for the largest first put a minus in front: `sort -x`"),
    (&["asc", "ascending"], "leave it out: `sort x` begins with the smallest"),
    (&["has", "has_any", "ilike", "glob", "contains_cs", "icontains"], "write x contains 'part', or lower(x) contains 'part' for any case"),
    (&["startswith", "starts_with", "hasprefix", "beginswith"], "write x starts 'part'"),
    (&["endswith", "ends_with", "hassuffix"], "write x ends 'part'"),
    (&["regexp", "rlike", "regex", "similar", "regexmatch"], "write x matches 'pattern'"),
    (&["isin", "is_in", "within"], "write x in ('a', 'b')"),
    (&["isna", "isnull", "is_null"], "write x is null"),
    (&["notna", "notnull", "isnotnull"], "write x is not null"),
    (&["when", "if", "case"], "write if x > 1 then 'high' else 'low'"),
    (&["lambda"], "write the expression itself; it is computed for each row"),
    (&["mod"], "write a % b"),
    (&["div"], "write a // b"),
    (&["xor"], "write a != b"),
    (&["from"], "the file is named behind the query, or in front of everything: from 'file.csv' | …"),
    (&["over"], "windows stand in `derive` and `where`: derive total = sum(x) over (by key order ts)"),
    (&["partition"], "write over (by key order ts), without `partition`"),
    (&["distinct"], "write `nunique x` to count different values, `distinct x` for the values"),
    (&["offset", "skip"], "write `take 10 from 20` to skip 20 rows"),
    (&["group", "groupby", "group_by"], "the next stage begins with a bar: `| groupby key sum value`"),
    (&["returning", "into"], "name the output on the command line: -o out.csv"),
    (&["ties"], "write `top 10 by -x ties`"),
];
