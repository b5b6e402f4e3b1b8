//! Functions and aggregates elsewhere.

use super::find;

/// How to say what this function says elsewhere.
pub(crate) fn function(name: &str) -> Option<&'static str> {
    find(FUNCTIONS, name)
}

/// How to say what this aggregate says elsewhere.
pub(crate) fn aggregate(name: &str) -> Option<&'static str> {
    find(AGGREGATES, name)
}

const COLUMN: &str = "columns stand as they are: `value`, or in brackets `[Order Date]`";
const CAST: &str = "write cast(x, type): int, float, text, date, timestamp, bool or decimal(12, 2)";

const FUNCTIONS: &[(&[&str], &str)] = &[
    (&["ifnull", "nvl", "isnull", "fillna", "fill_null", "zeroifnull", "zn"], "write coalesce(x, 0) or x ?? 0; `x is null` tests"),
    (&["isna", "is_null", "is_na", "isempty", "isnullorempty", "isblank"], "write `x is null`"),
    (&["notna", "is_not_null", "isnotnull", "isnotempty", "notnull", "drop_nulls"], "write `x is not null`"),
    (&["nullif", "na_if"], "write null_if(x, 0)"),
    (
        &["iif", "iff", "ifelse", "if_else", "case_when", "decode", "when", "np_where", "choose", "multiif"],
        "write if x > 1 then 'high' else 'low'",
    ),
    (&["case"], "write if x > 1 then 'high' elif x > 0 then 'low' else 'none'"),
    (&["len", "strlen", "char_length", "character_length", "nchar", "str_length", "octet_length"], "write length(x)"),
    (&["substring", "mid", "slice", "substr_index", "str_sub"], "write substr(x, start, length), the first letter is 1"),
    (&["ucase", "toupper", "to_upper", "uppercase", "str_to_upper"], "write upper(x)"),
    (&["lcase", "tolower", "to_lower", "lowercase", "str_to_lower"], "write lower(x)"),
    (&["strip", "btrim", "str_trim"], "write trim(x)"),
    (&["ltrim", "lstrip"], "write trim_left(x)"),
    (&["rtrim", "rstrip"], "write trim_right(x)"),
    (&["lpad"], "write pad_left(x, 10, ' ')"),
    (&["rpad"], "write pad_right(x, 10, ' ')"),
    (&["strcat", "paste", "paste0", "concat_ws", "str_c", "string_concat"], "write concat(a, ' ', b)"),
    (&["split", "string_split", "str_split"], "write split_part(x, ',', 1) for one part"),
    (&["instr", "strpos", "charindex", "indexof", "index_of", "locate", "find"], "write position(x, 'part')"),
    (&["startswith", "starts_with", "beginswith"], "write x starts 'open'"),
    (&["endswith", "ends_with"], "write x ends 'open'"),
    (&["has", "includes", "str_contains", "str_detect", "contains_string"], "write x contains 'open'"),
    (&["isin", "is_in", "in_list", "any"], "write x in ('a', 'b')"),
    (&["between", "is_between"], "write x between 1 and 2"),
    (&["regexp_like", "regexp_matches", "rlike", "grepl", "regexmatch"], "write x matches 'pattern'"),
    (&["regexp_extract", "regexp_substr", "str_extract", "regexextract"], "write extract(x, 'pattern', 1)"),
    (&["regexp_replace", "gsub", "str_replace_all", "re_sub", "regexreplace"], "write replace_regex(x, 'pattern', 'new')"),
    (&["str_replace", "translate"], "write replace(x, 'old', 'new')"),
    (
        &["tostring", "to_char", "str", "as_character", "string", "text", "tochar"],
        "write cast(x, text), or format(x, '%d.%m.%Y') for a date",
    ),
    (&["toint", "tolong", "int", "as_integer", "to_int", "integer", "int64"], "write cast(x, int)"),
    (&["todouble", "toreal", "float", "as_numeric", "to_number", "to_float", "double", "number", "val"], "write cast(x, float)"),
    (&["bool", "tobool", "as_logical"], "write cast(x, bool)"),
    (
        &["to_date", "todate", "str_to_date", "strptime", "as_date", "ymd", "date_parse"],
        "write parse_date(x, '%d.%m.%Y'), or cast(x, date) for 2024-01-31",
    ),
    (
        &["to_timestamp", "todatetime", "to_datetime", "datetime", "timestamp", "as_posixct", "parse_datetime"],
        "write parse_timestamp(x, '%d.%m.%Y %H:%M'), or cast(x, timestamp) for 2024-01-31T10:00",
    ),
    (&["strftime", "date_format", "format_date", "format_datetime", "to_string"], "write format(x, '%d.%m.%Y')"),
    (
        &["date_trunc", "trunc_date", "bin", "floor_date", "startofday", "startofmonth", "time_bucket", "datetime_trunc"],
        "write truncate(x, 'month') or truncate(x, 15m)",
    ),
    (&["date_part", "datepart", "datetime_part"], "write year(x), month(x), day(x), hour(x), …"),
    (&["dayofweek", "dow", "isodow", "day_of_week"], "write weekday(x)"),
    (&["dayofyear", "doy"], "write day_of_year(x)"),
    (&["date_add", "dateadd", "datetime_add", "add_months", "interval"], "write x + 7d or x + 1mo"),
    (&["date_sub", "datediff", "date_diff", "timediff", "datetime_diff"], "write x - y; its days are (x - y) / 1d"),
    (
        &["now", "ago", "today", "current_date", "current_timestamp", "getdate", "sysdate", "curdate"],
        "an answer does not depend on the clock: write the date, such as @2024-01-31",
    ),
    (&["unix_timestamp", "epoch", "to_unixtime"], "write epoch_seconds(x)"),
    (&["from_unixtime", "unixtime_seconds_todatetime"], "write from_epoch(x)"),
    (&["power"], "write pow(x, 2)"),
    (&["log"], "write ln(x), log10(x) or log2(x)"),
    (&["ceiling"], "write ceil(x)"),
    (&["trunc", "fix"], "write x // 1, or truncate(x, 'day') for a date"),
    (&["mod", "modulo"], "write a % b"),
    (&["div", "intdiv"], "write a // b"),
    (&["isnan"], "write is_nan(x)"),
    (&["isfinite"], "write is_finite(x)"),
    (&["typeof", "gettype", "class", "pg_typeof"], "write type_of(x)"),
    (&["md5", "sha1", "sha256", "hash_code"], "write hash(x)"),
    (&["col", "column", "pl", "f", "element", "all"], COLUMN),
    (&["lit", "literal"], "values stand as they are: 5, 'text', @2024-01-31, true"),
    (&["desc", "descending"], "for the largest first put a minus in front: `sort -x`"),
    (&["asc", "ascending"], "write `sort x`"),
    (&["c", "list", "array", "tuple", "set", "vec"], "a list of values stands in brackets behind `in`: x in (1, 2)"),
    (&["shift"], "write lag(x, 1) over (order ts), or lead for the rows behind"),
    (&["cumsum", "cum_sum", "running_sum"], "write sum(x) over (order ts)"),
    (&["cummax", "cum_max"], "write max(x) over (order ts)"),
    (&["cummin", "cum_min"], "write min(x) over (order ts)"),
    (&["cumcount", "cum_count", "rownum", "row_index"], "write row_number() over (order ts)"),
    (&["diff"], "write x - lag(x) over (order ts)"),
    (&["pct_change"], "write x / lag(x) over (order ts) - 1"),
    (&["first_value"], "write first(x) over (order ts)"),
    (&["last_value"], "write last(x) over (order ts rows ..)"),
    (&["nth_value"], "write nth(x, 2) over (order ts)"),
    (&["rolling_mean", "moving_average", "rolling_avg", "roll_mean"], "write mean(x) over (order ts rows -6..0)"),
    (&["rolling_sum", "roll_sum"], "write sum(x) over (order ts rows -6..0)"),
    (&["try_cast", "safe_cast", "convert", "astype", "to_decimal"], CAST),
    (&["exists", "not_exists"], "queries in conditions are not there yet"),
    (
        &["rand", "random", "uuid", "newid"],
        "an answer is the same every time: `sample 100 seed 7` takes rows by chance, hash(x) spreads values",
    ),
    (&["abs_value"], "write abs(x)"),
    (&["distinct"], "write `distinct x` as a stage, or `nunique x` as an aggregate"),
    (&["lambda", "apply", "map"], "write the expression itself; it is computed for each row"),
];

const COUNT: &str = "write `count` for rows, `count(x)` for those where x is not null";
const HERE: &str = "the aggregates stand right behind the keys: `groupby category mean value, count`";

const AGGREGATES: &[(&[&str], &str)] = &[
    (&["avg", "average", "mean_value"], "write `mean value`"),
    (&["stddev", "stdev", "sd", "stddev_samp", "std_dev"], "write `std value`"),
    (&["variance", "var_samp"], "write `var value`"),
    (&["stddev_pop", "var_pop", "stdevp"], "write `std value` or `var value`: of a sample, with n - 1"),
    (&["n", "size", "len", "count_rows", "nrow", "tally", "rows"], COUNT),
    (&["countif", "count_if", "sumif", "sum_if", "countifs", "avgif", "sumifs"], "write `count where x > 1` or `sum value where x > 1`"),
    (&["dcount", "n_distinct", "count_distinct", "uniq", "n_unique", "distinct", "unique"], "write `nunique x`"),
    (&["percentile", "percentile_cont", "percentile_disc", "perc", "pct"], "write `p95 value` or `quantile 0.95 value`"),
    (&["array_agg", "collect_list", "make_list", "grouparray", "json_agg", "implode"], "write `list x`"),
    (&["string_agg", "group_concat", "listagg", "str_join", "join"], "write `concat x ', '`, or concat(x, ', ')"),
    (&["first_value", "arbitrary", "any_value", "take_any"], "write `first x`"),
    (&["last_value"], "write `last x`"),
    (&["arg_min", "min_by", "idxmin"], "write `argmin(x, y)`"),
    (&["arg_max", "max_by", "idxmax"], "write `argmax(x, y)`"),
    (&["maximum", "largest", "highest"], "write `max value`"),
    (&["minimum", "smallest", "lowest"], "write `min value`"),
    (&["total", "add"], "write `sum value`"),
    (&["covar", "covar_samp", "covariance"], "write `cov(x, y)`"),
    (&["correlation", "pearson"], "write `corr(x, y)`"),
    (&["skewness"], "write `skew value`"),
    (&["kurt"], "write `kurtosis value`"),
    (&["weighted_mean", "average_weighted"], "write `wmean(value, weight)`"),
    (&["agg", "aggregate", "summarize", "summarise", "calculate", "apply", "transform"], HERE),
    (&["prod"], "write `product x`"),
    (&["bool_or", "some"], "write `any(x > 1)`"),
    (&["bool_and", "every"], "write `all(x > 1)`"),
    (&["geomean", "mad"], "it is not there yet"),
];
