//! Words of SQL, pandas, dplyr and KQL, and what to write instead.

/// How to say in verbs what a word says elsewhere.
pub(crate) fn translation(word: &str) -> Option<&'static str> {
    Some(match word.to_lowercase().as_str() {
        "order_by" | "orderby" | "sort_values" | "arrange" => "write `sort x` or `sort -x` for the largest first",
        "by" => "write `sort x` to order, `groupby x` to group",
        "group_by" => "write `groupby key sum value`",
        "summarise" | "aggregate" => "write `groupby key sum value`, or `agg sum value` for all rows",
        "filter_by" | "having" | "query" | "loc" => "write `where condition`; behind a groupby it filters the groups",
        "assign" | "with_column" | "with_columns" | "project" => "write `derive name = expression` to add, `select a, b` to pick columns",
        "nrow" | "size" | "len" | "nrows" => "write `count`",
        "nlargest" | "nsmallest" | "top_k" | "slice_max" => "write `top 10 by -x` for the largest, `top 10 by x` for the smallest",
        "fetch" | "first" | "slice" => "write `take 10`",
        "offset" | "skip" => "write `take 10 from 20`",
        "value_counts" => "write `counts x`",
        "drop_duplicates" | "duplicated" => "write `dedup a, b`, or `distinct a, b` for these columns alone",
        "concat" | "append" | "union_all" | "bind_rows" | "rbind" => "write `union 'more.csv'`",
        "ffill" | "forward_fill" | "fill_forward" => "write `fill x down`",
        "bfill" | "backward_fill" | "fill_backward" => "write `fill x up`",
        "interpolate" => "write `fill x linear`",
        "to_csv" | "to_parquet" | "copy" | "save" | "sink_parquet" | "write_csv" | "write_parquet" => "write `write 'answer.parquet'`",
        "fillna" | "fill_null" | "replace_na" => "write `fill x with 0`",
        "astype" | "convert" => "write `cast x to int`",
        "summary" | "profile" => "write `describe`",
        "tablesample" | "slice_sample" => "write `sample 1%` or `sample 100`",
        "mean" | "sum" | "min" | "max" | "avg" => "write `agg mean value` for all rows, `groupby key mean value` for groups",
        "unique" => "write `distinct a, b`",
        _ => return None,
    })
}
