//! First words of stages and statements elsewhere.

use super::find;

/// How to say in verbs what a stage that begins with this word says elsewhere.
pub(crate) fn verb(word: &str) -> Option<&'static str> {
    find(TABLE, word)
}

const SORT: &str = "write `sort x`, or `sort -x` for the largest first";
const GROUP: &str = "write `groupby key sum value`, or `agg sum value` for all rows";
const COUNTS: &str = "write `counts x`";
const DISTINCT: &str = "write `distinct a, b` for the different values, `dedup a, b` to keep whole rows";
const TOP: &str = "write `top 10 by -x` for the largest, `top 10 by x` for the smallest";
const JOIN: &str = "write `join 'users.csv' on id`, `join left 'users.csv' on id = user_id`, `join semi`, `join anti`";
const WINDOW: &str = "write `derive total = sum(value) over (by key order ts)`, `derive before = lag(value) over (order ts)`";
const RESAMPLE: &str = "write `resample ts every 1h mean value fill prev`";
const WIDER: &str = "write `pivot quarter values sum sales`";
const LONGER: &str = "write `unpivot q1, q2 into quarter, sales`";
const TO_FILE: &str = "write `write 'answer.parquet'`, or name the output on the command line: -o out.csv";
const READ_ONLY: &str = "a query changes no file; its answer goes to another one with -o";
const TYPES: &str = "write `frame schema FILE` in the shell for names and types, `describe` for statistics";

const TABLE: &[(&[&str], &str)] = &[
    (&["order_by", "orderby", "sort_values", "sort_by", "arrange", "order", "sort_index"], SORT),
    (&["by"], "write `sort x` to order, `groupby x count` to group"),
    (&["group_by", "group", "summarise", "summarize", "aggregate", "stats", "reduce"], GROUP),
    (&["filter_by", "query", "loc", "search", "grep", "subset"], "write `where condition`, such as `where value > 1`"),
    (&["having"], "`having` stands in its groupby: `groupby key count as n having n > 1`; or write `where n > 1` behind it"),
    (
        &["assign", "with_column", "with_columns", "withcolumn", "withcolumns", "eval", "let_column", "add_column"],
        "write `derive name = expression`",
    ),
    (&["project", "transmute", "project_keep", "pull", "selectexpr", "cut", "relocate"], "write `select a, b, x * 2 as double`"),
    (&["nrow", "size", "len", "nrows", "tally", "add_count", "wc"], "write `count`, or `counts x` for the rows of each value"),
    (&["nlargest", "nsmallest", "top_k", "topk", "slice_max", "slice_min", "bottom_k", "largest", "smallest"], TOP),
    (
        &["fetch", "slice", "slice_head", "iloc", "show", "print", "display", "glance"],
        "write `take 10`, or `take 10 from 20` to skip some first",
    ),
    (&["slice_tail"], "write `tail 10`"),
    (&["offset", "skip", "drop_while"], "write `take 10 from 20` to skip 20 rows"),
    (&["value_counts", "count_values", "crosstab"], COUNTS),
    (&["drop_duplicates", "dropduplicates", "duplicated", "unique", "uniq", "sample_distinct", "dedupe", "deduplicate"], DISTINCT),
    (&["concat", "append", "union_all", "bind_rows", "rbind", "vstack", "unionall", "unionbyname"], "write `union 'more.csv'`"),
    (&["fillna", "fill_null", "fill_na", "replace_na", "fill_nan", "coalesce", "nvl"], "write `fill x with 0`"),
    (&["ffill", "forward_fill", "fill_forward"], "write `fill x down`"),
    (&["bfill", "backward_fill", "fill_backward"], "write `fill x up`"),
    (&["interpolate"], "write `fill x linear`"),
    (&["dropna", "drop_nulls", "drop_na", "na_omit"], "write `where x is not null`"),
    (&["astype", "convert", "as_type", "to_numeric", "retype"], "write `cast x to int`"),
    (&["summary", "profile", "skim"], "write `describe`"),
    (&["glimpse", "info", "dtypes", "schema", "columns", "shape", "str", "names", "printschema"], TYPES),
    (&["tablesample", "slice_sample", "sample_n", "sample_frac"], "write `sample 1%` or `sample 100`"),
    (
        &["project_rename", "rename_column", "rename_with", "alias", "set_names", "withcolumnrenamed", "colnames"],
        "write `rename new = old`",
    ),
    (
        &["project_away", "remove", "delete_column", "exclude", "except", "discard"],
        "write `drop a, b`, or `select not a` to keep the others",
    ),
    (
        &["avg", "average", "stddev", "nunique", "n_distinct", "dcount", "n"],
        "write `agg mean value` for all rows, `groupby key mean value` for groups",
    ),
    (
        &["select"],
        "write `where …`, then `groupby key sum value` or `select a, b`, then `sort x`, joined by bars; the file is named behind the query",
    ),
    (&["from"], "the file is named behind the query, or in front of everything: from 'file.csv' | …"),
    (&["with"], "write `let name = from 'file.csv' | …;` in front of the query"),
    (&["insert", "update", "delete", "create", "alter", "truncate", "set", "into"], READ_ONLY),
    (&["explain"], "write `frame explain \"QUERY\" FILE` in the shell"),
    (
        &["exit", "quit", "frame"],
        "this is the text of a query, such as `groupby category count`; commands stand in front of it: frame query \"…\" FILE",
    ),
    (&["help"], "write `frame help verbs` in the shell"),
    (
        &["cat", "less", "more", "open", "read", "read_csv", "read_parquet", "scan_csv", "scan_parquet", "load", "use"],
        "write `from 'file.csv'`",
    ),
    (&["awk", "sed"], "write `derive x = expression` and `where condition`"),
    (&["write_csv", "to_csv", "to_parquet", "sink_parquet", "sink_csv", "save", "copy", "export", "output"], TO_FILE),
    (&["apply", "map", "transform", "rowwise", "foreach", "lambda", "pipe"], "write `derive x = expression`; it is computed for each row"),
    (
        &["ungroup", "reset_index", "set_index", "collect", "compute", "lazy", "cache", "persist"],
        "leave it out: groups become plain columns, there is no index, and the answer is computed once",
    ),
    (&["render", "plot", "hist", "histogram"], "frame draws nothing; write the answer to a file with -o, or `--to html`"),
    (&["parse", "rex", "extract", "separate"], "write `derive x = extract(text, 'pattern', 1)` or `split_part(text, ',', 1)`"),
    (&["case"], "write `derive x = if a > 1 then 'high' else 'low'`"),
    (
        &[
            "merge",
            "inner",
            "left",
            "right",
            "full",
            "outer",
            "cross",
            "semi",
            "anti",
            "inner_join",
            "left_join",
            "right_join",
            "full_join",
            "outer_join",
            "cross_join",
            "semi_join",
            "anti_join",
            "join_asof",
            "merge_asof",
            "lookup",
            "intersect",
            "minus",
        ],
        JOIN,
    ),
    (
        &[
            "cumsum",
            "cumprod",
            "cummax",
            "cummin",
            "shift",
            "diff",
            "lag",
            "lead",
            "rank",
            "expanding",
            "window",
            "over",
            "partition",
            "ewm",
        ],
        WINDOW,
    ),
    (&["asfreq", "group_by_dynamic", "timechart", "make_series", "upsample"], RESAMPLE),
    (&["pivot_table", "pivot_wider", "spread", "unstack", "cast_wide", "dcast"], WIDER),
    (&["pivot_longer", "gather", "stack"], LONGER),
    (&["transpose"], "rows have no names that could become columns; `pivot` makes columns of values, `unpivot` rows of columns"),
    (
        &["unnest", "flatten", "mv_expand", "mvexpand", "explode_outer", "separate_rows", "separate_longer", "unnest_longer"],
        "write `explode x` for a list, `explode x by ';'` for a text",
    ),
    (&["expand", "expand_grid", "fill_missing"], "write `complete a, b` to add the missing combinations"),
];
