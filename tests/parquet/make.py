"""Makes the Parquet files beside it, and beside each what must be read of it.

Needs pyarrow, duckdb and polars: `python tests/parquet/make.py`. The tests need no Python. What is expected is spelled here from the
values that are given to the writers, and never by frame.

`NAME.txt`: a line for each column (name with `␊` for line breaks, tab, type), a query, the rows of the whole file as NDJSON, the rows of the query; empty lines
between. Instead of rows there can be `refused E0413 …`: the error's code, and what the message must contain. A file of which the same is
expected as of another has `as OTHER` instead.
"""

import datetime as dt
import decimal
import json
import pathlib

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe

HERE = pathlib.Path(__file__).parent
ROWS = 30
EPOCH = dt.datetime(1970, 1, 1)


def fraction(nanos):
    """Of a second: none, or as many digits as are needed in threes."""
    if nanos == 0:
        return ""
    for digits in (3, 6, 9):
        if nanos % 10 ** (9 - digits) == 0:
            return "." + f"{nanos:09}"[:digits]


def moment(nanos, trim=True, zone=None, hours=0):
    seconds, rest = divmod(nanos, 10**9)
    text = (EPOCH + dt.timedelta(seconds=seconds + hours * 3600)).isoformat()
    part = fraction(rest)
    if trim:
        part = part.rstrip("0")
    return text + part + ({None: "", "UTC": "Z"}.get(zone, f"{hours:+03}:00") if zone else "")


class Column:
    """Values, their Arrow type, the type that frame calls them, and how each is spelled in JSON."""

    def __init__(self, name, values, arrow, frame, spell, refused=None):
        self.name, self.values, self.arrow, self.frame, self.spell, self.refused = name, values, arrow, frame, spell, refused

    def array(self):
        return pa.array(self.values, self.arrow)

    def cell(self, row):
        value = self.values[row]
        return "null" if value is None else self.spell(value)

    def with_nulls(self, which):
        values = [None if which(row) else value for row, value in enumerate(self.values)]
        return Column(self.name, values, self.arrow, self.frame, self.spell, self.refused)

    def named(self, name, frame_name=None):
        return Column(name, self.values, self.arrow, self.frame, self.spell, self.refused)


def text(value):
    return json.dumps(value, ensure_ascii=False)


def bits(bits):
    span = 1 << bits
    return lambda row: (row * 7919 * (1 + span // 977)) % span - span // 2


def column(kind, name=None, rows=ROWS):
    """A column of a kind, without nulls."""
    name = name or kind
    some = range(rows)
    quoted = lambda value: f'"{value}"'
    if kind == "bool":
        return Column(name, [row % 3 == 0 for row in some], pa.bool_(), "bool", lambda value: str(value).lower())
    if kind.startswith("int"):
        width = int(kind[3:])
        return Column(name, [bits(width)(row) for row in some], getattr(pa, kind)(), "int" if width == 64 else kind, str)
    if kind.startswith("uint"):
        width = int(kind[4:])
        return Column(name, [bits(width)(row) + (1 << width - 1) for row in some], getattr(pa, kind)(), kind, str)
    if kind == "id":
        return Column(name, list(some), pa.int64(), "int", str)
    if kind == "repeated":
        return Column(name, [row // 10 for row in some], pa.int32(), "int32", str)
    if kind == "float16":
        return Column(name, [row / 4 - 3 for row in some], pa.float16(), "float32", repr)
    if kind == "float32":
        return Column(name, [row / 8 - 3 for row in some], pa.float32(), "float32", repr)
    if kind == "float64":
        return Column(name, [row * row / 16 - 30.5 for row in some], pa.float64(), "float", repr)
    if kind == "odd floats":
        values = [0.0, -0.0, 0.1, float("nan"), float("inf"), float("-inf"), 1e-7, 1.5e300, 5e-324, 123456789.125] * (rows // 10)
        spelled = {"nan": "null", "inf": "null", "-inf": "null", "1e-07": "1e-7", "1.5e+300": "1.5e300"}
        return Column(name, values, pa.float64(), "float", lambda value: spelled.get(repr(value), repr(value)))
    if kind == "text":
        return Column(name, [f"text {row % 7}" for row in some], pa.string(), "text", text)
    if kind == "long":
        values = ["x" * (row % 40) + f"é日😀 {row} and more than twelve bytes" for row in some]
        return Column(name, values, pa.string(), "text", text)
    if kind == "odd text":
        values = ["", " ", "null", "a\"b", "line\nbreak", "tab\t", "\u0001", "back\\slash", "é", "e\u0301", "日本語", "😀", "a,b", "'", "\u00a0"]
        return Column(name, values * (rows // 15), pa.string(), "text", text)
    if kind == "category":
        values = [["red", "green", "blue"][row % 3] for row in some]
        return Column(name, values, pa.dictionary(pa.int32(), pa.string()), "text", text)
    if kind == "date":
        values = [dt.date(1970, 1, 1) + dt.timedelta(days=(row - 15) * 797) for row in some]
        return Column(name, values, pa.date32(), "date", quoted)
    if kind == "day ms":
        values = [dt.date(2000, 1, 1) + dt.timedelta(days=row) for row in some]
        return Column(name, values, pa.date64(), "date", quoted)
    if kind.startswith("timestamp"):
        _, unit, *zone = kind.split()
        zone = zone[0] if zone else None
        scale = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[unit]
        values = [(row - 10) * (1_234_567_890_123_456_789 // scale // 40) for row in some]
        hours = {"+02:00": 2}.get(zone, 0)
        trim = unit != "ns" and zone is None
        frame = f"timestamp('{zone}')" if zone else "timestamp"
        spell = lambda value: quoted(moment(value * scale, trim, zone, hours))
        return Column(name, values, pa.timestamp(unit, zone), frame, spell)
    if kind.startswith("time"):
        unit = kind.split()[1]
        each = {"ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
        values = [(row * 1439 * each + row * 7) % (86400 * each) for row in some]
        arrow = pa.time32(unit) if unit == "ms" else pa.time64(unit)
        spell = lambda value: quoted((EPOCH + dt.timedelta(seconds=value // each)).strftime("%H:%M:%S") + fraction(value % each * (10**9 // each)))
        return Column(name, values, arrow, "time", spell)
    if kind.startswith("decimal"):
        precision, scale = map(int, kind[8:-1].split(","))
        with decimal.localcontext(prec=80):
            top = 10**precision - 1
            values = [decimal.Decimal((row * 7_654_321_987_654_321 * (1 + top // 10**20)) % (2 * top) - top).scaleb(-scale) for row in some]
            arrow = pa.decimal128(precision, scale) if precision <= 38 else pa.decimal256(precision, scale)
            return Column(name, values, arrow, f"decimal({precision}, {scale})", lambda value: f"{value:f}")
    if kind == "binary":
        return Column(name, [bytes([row, 255 - row]) for row in some], pa.binary(), None, None, refused="Binary")
    if kind == "fixed":
        return Column(name, [bytes([row, 255, 0]) for row in some], pa.binary(3), None, None, refused="FixedSizeBinary(3)")
    if kind == "null":
        return Column(name, [None] * rows, pa.null(), "text", text)
    shown = lambda value: "" if value is None else str(value)
    listed = lambda value: "[" + ", ".join(map(shown, value)) + "]"
    if kind == "list":
        values = [[row, None, -row][: row % 4] for row in some]
        return Column(name, values, pa.list_(pa.int64()), "list(int)", lambda value: quoted(listed(value)))
    if kind == "list text":
        values = [None if row % 5 == 1 else [f"t{row}", None, ""][: row % 4] for row in some]
        return Column(name, values, pa.list_(pa.string()), "list(text)", lambda value: quoted(listed(value)))
    if kind == "list list":
        values = [[None if row % 3 == 0 else [row] * (row % 3), []][: row % 3] for row in some]
        spell = lambda value: quoted("[" + ", ".join("" if part is None else listed(part) for part in value) + "]")
        return Column(name, values, pa.list_(pa.list_(pa.int32())), "list(list(int32))", spell)
    member = lambda value: "{" + ", ".join(f"{key}: {shown(part)}" for key, part in value.items()) + "}"
    of = pa.struct([("a", pa.int64()), ("b", pa.string())])
    if kind == "struct":
        values = [None if row % 6 == 2 else {"a": row if row % 4 else None, "b": f"b{row}"} for row in some]
        return Column(name, values, of, "struct", lambda value: quoted(member(value)))
    if kind == "list struct":
        values = [[{"a": row, "b": None}, {"a": None, "b": "x"}][: row % 3] for row in some]
        spell = lambda value: quoted("[" + ", ".join(map(member, value)) + "]")
        return Column(name, values, pa.list_(of), "list(struct)", spell)
    if kind == "map":
        return Column(name, [[(f"k{row}", row)] for row in some], pa.map_(pa.string(), pa.int64()), None, None, refused="Map(")
    raise ValueError(kind)


def expect(name, columns, query=None, picked=None, keep=None, names=None):
    """Writes what must be read. `picked`: the columns of the query, by place; `keep`: which rows it keeps."""
    names = names or [column.name for column in columns]
    spelled = lambda places, rows: "".join(
        "{" + ",".join(f"{text(names[at])}:{columns[at].cell(row)}" for at in places) + "}\n" for row in rows
    )
    rows = len(columns[0].values) if columns else 0
    refused = [at for at, column in enumerate(columns) if column.refused]
    kinds = lambda column: column.frame or "-"
    lines = "".join(f"{column_name.replace(chr(10), '␊')}\t{kinds(column)}\n" for column_name, column in zip(names, columns))
    if refused:
        whole = f"refused E0413 column `{names[refused[0]]}` of type {columns[refused[0]].refused}\n"
    else:
        whole = spelled(range(len(columns)), range(rows))
    if query is None:
        # The first column is `id` unless the query is given.
        picked = [at for at in range(len(columns)) if at not in refused]
        picked = picked[:1] + picked[:0:-2]
        keep = lambda row: 5 <= row < 21 and row % 2
        query = "where id between 5 and 20 and id % 2 = 1 | select " + ", ".join(f"[{names[at].replace(']', ']]')}]" for at in picked)
    kept = spelled(picked, [row for row in range(rows) if keep(row)])
    content = f"{lines}\n{query}\n\n{whole}\n{kept}"
    first = KNOWN.setdefault(content, name)
    (HERE / f"{name}.txt").write_text(content if first == name else f"as {first}\n")


# Expectations by their text, and the file that has them.
KNOWN = {}


def table(columns):
    return pa.Table.from_arrays([column.array() for column in columns], [column.name for column in columns])


def arrow(name, columns, expectation=None, **options):
    pq.write_table(table(columns), HERE / f"{name}.parquet", **options)
    expect(name, columns, **(expectation or {}))


def some_nulls(columns):
    return columns[:1] + [column.with_nulls(lambda row, at=at: (row + at) % 5 == 0) for at, column in enumerate(columns[1:])]


ID = column("id")
INTS = [column(kind) for kind in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")]
FLOATS = [column(kind) for kind in ("float16", "float32", "float64", "odd floats")]
TEXTS = [column(kind) for kind in ("text", "long", "odd text", "category")]
TIMES = [column(kind) for kind in ("date", "day ms", "timestamp ms", "timestamp us", "timestamp ns", "time ms", "time us", "time ns")]
ZONES = [column(kind) for kind in ("timestamp ms UTC", "timestamp us UTC", "timestamp ns UTC", "timestamp us +02:00")]
DECIMALS = [column(kind) for kind in ("decimal(4,2)", "decimal(9,0)", "decimal(18,4)", "decimal(19,3)", "decimal(38,10)")]
NESTED = [column(kind) for kind in ("list", "list text", "list list", "struct", "list struct")]
MIXED = [ID, column("bool"), column("repeated"), column("int64"), column("float64"), column("text"), column("long"), column("date")]


def by_pyarrow():
    for version in ("1.0", "2.0"):
        v = version[0]
        for codec in ("none", "snappy", "gzip", "zstd", "lz4", "brotli"):
            arrow(f"pyarrow-{codec}-v{v}", some_nulls(MIXED), compression=codec, data_page_version=version)
        for group, columns in [("ints", INTS), ("floats", FLOATS), ("texts", TEXTS), ("times", TIMES + ZONES), ("decimals", DECIMALS)]:
            arrow(f"pyarrow-{group}-v{v}", some_nulls([ID] + columns), compression="zstd", data_page_version=version)
            arrow(f"pyarrow-{group}-plain-v{v}", some_nulls([ID] + columns), compression="zstd", data_page_version=version, use_dictionary=False)
        delta = {column.name: "DELTA_BINARY_PACKED" for column in INTS + [ID]}
        arrow(f"pyarrow-delta-ints-v{v}", some_nulls([ID] + INTS), use_dictionary=False, column_encoding=delta, data_page_version=version)
        for encoding in ("DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"):
            which = {column.name: encoding for column in TEXTS}
            name = f"pyarrow-{encoding.lower().replace('_', '-')}-v{v}"
            arrow(name, some_nulls([ID] + TEXTS), use_dictionary=False, column_encoding=which, data_page_version=version)
        split = {name: "BYTE_STREAM_SPLIT" for name in ("float16", "float32", "float64", "odd floats", "int32", "int64", "decimal(38,10)")}
        columns = [ID] + FLOATS + [column("int32"), column("int64"), column("decimal(38,10)")]
        arrow(f"pyarrow-byte-stream-split-v{v}", some_nulls(columns), use_dictionary=False, column_encoding=split, data_page_version=version)
        flags = [ID, column("bool"), column("bool", "other"), column("bool", "third")]
        arrow(f"pyarrow-bool-rle-v{v}", some_nulls(flags), column_encoding={"other": "RLE", "third": "PLAIN", "bool": "RLE", "id": "PLAIN"},
              use_dictionary=False, data_page_version=version)
        arrow(f"pyarrow-nested-v{v}", [ID] + NESTED, compression="zstd", data_page_version=version)
        arrow(f"pyarrow-nested-pages-v{v}", [ID] + NESTED, compression="zstd", data_page_version=version, data_page_size=40,
              write_batch_size=3, row_group_size=12, use_dictionary=False)
    arrow("pyarrow-int96", [ID, column("timestamp ns").with_nulls(lambda row: row % 7 == 0), column("timestamp ns", "other")],
          use_deprecated_int96_timestamps=True)
    arrow("pyarrow-int96-plain", [ID, column("timestamp ns")], use_deprecated_int96_timestamps=True, use_dictionary=False)
    arrow("pyarrow-decimals-as-integers", some_nulls([ID] + DECIMALS), store_decimal_as_integer=True)
    arrow("pyarrow-no-nulls", MIXED)
    arrow("pyarrow-all-null", [ID] + [column.with_nulls(lambda row: True) for column in MIXED[1:] + NESTED] + [column("null")])
    arrow("pyarrow-null-stretches", [ID] + [column.with_nulls(lambda row: row // 10 == 1) for column in MIXED[1:]], row_group_size=8)
    required = pa.schema([pa.field(column.name, column.arrow, nullable=False) for column in MIXED])
    pq.write_table(table(MIXED).cast(required), HERE / "pyarrow-required.parquet")
    expect("pyarrow-required", MIXED)
    arrow("pyarrow-no-statistics", some_nulls(MIXED), write_statistics=False)
    arrow("pyarrow-page-index", some_nulls(MIXED), write_page_index=True, data_page_size=64, write_batch_size=8)
    arrow("pyarrow-page-index-groups", some_nulls(MIXED), write_page_index=True, data_page_size=64, write_batch_size=4, row_group_size=13)
    arrow("pyarrow-checksums", some_nulls(MIXED), write_page_checksum=True)
    arrow("pyarrow-one-row-groups", some_nulls([ID, column("text"), column("float64")]), row_group_size=1)
    arrow("pyarrow-tiny-pages", some_nulls(MIXED), data_page_size=1, write_batch_size=1)
    arrow("pyarrow-dictionary-overflow", some_nulls([ID, column("long"), column("int64")]), dictionary_pagesize_limit=200, data_page_size=100,
          write_batch_size=5)
    long = Column("s", [("a" * 100 + f"{row:03}") for row in range(ROWS)], pa.string(), "text", text)
    found = dict(query="where s = '" + "a" * 100 + "007' | select id", picked=[0], keep=lambda row: row == 7)
    arrow("pyarrow-long-statistics", [ID, long], found, row_group_size=10, write_page_index=True)
    arrow("pyarrow-sorted", MIXED, sorting_columns=[pq.SortingColumn(0)], row_group_size=20)
    empty = [Column(column.name, [], column.arrow, column.frame, column.spell) for column in MIXED + TIMES[1:] + DECIMALS + NESTED]
    nothing = dict(query="where id > 2 | select id, bool", picked=[0, 1], keep=lambda row: False)
    arrow("pyarrow-empty", empty, nothing)
    with pq.ParquetWriter(HERE / "pyarrow-empty-groups.parquet", table(MIXED).schema) as writer:
        for part in (table(MIXED)[:0], table(MIXED)[:10], table(MIXED)[:0], table(MIXED)[10:], table(MIXED)[:0]):
            writer.write_table(part)
    expect("pyarrow-empty-groups", MIXED)
    schema = table(MIXED).schema.with_metadata({"origin": "a test", "": "no key", "ключ": "значение", "big": "x" * 3000})
    pq.write_table(table(MIXED).cast(schema), HERE / "pyarrow-key-values.parquet")
    expect("pyarrow-key-values", MIXED)
    pq.write_table(table(MIXED), HERE / "pyarrow-no-arrow-schema.parquet", store_schema=False)
    expect("pyarrow-no-arrow-schema", MIXED)
    odd = ["", "a.b", "日本 x", "A", "a", "a", "order", "[x]", "a", "line\nbreak", "'", "", "select"]
    columns = [ID] + [Column(name, [row * 100 + at for row in range(ROWS)], pa.int64(), "int", str) for at, name in enumerate(odd)]
    names = ["id", "column_2", "a.b", "日本 x", "A", "a", "a_2", "order", "[x]", "a_3", "line\nbreak", "'", "column_13", "select"]
    arrow("pyarrow-names", columns, dict(
        names=names, query="where [a_3] > 500 and column_13 > 900 and id < 20 | select [order], a_2, a, a_3, [[x]]], column_2, [a.b], [日本 x]",
        picked=[7, 6, 5, 9, 8, 1, 2, 3], keep=lambda row: row * 100 + 11 > 900 and row < 20 and row * 100 + 8 > 500))
    for kind in ("binary", "fixed", "map"):
        arrow(f"pyarrow-{kind}", [ID, column(kind), column("text")])
    big = column("decimal(50,3)")
    big.refused = "Decimal256(50, 3)"
    big.frame = None
    arrow("pyarrow-decimal256", [ID, big])
    keys(plain_footer=False)
    keys(plain_footer=True)


class Keys(pe.KmsClient):
    """Keys that are not secret."""

    def __init__(self, _):
        super().__init__()

    def wrap_key(self, key, master):
        return key.hex().encode()

    def unwrap_key(self, wrapped, master):
        return bytes.fromhex(wrapped.decode())


def keys(plain_footer):
    name = "pyarrow-encrypted-columns" if plain_footer else "pyarrow-encrypted"
    factory = pe.CryptoFactory(lambda configuration: Keys(configuration))
    configuration = pe.EncryptionConfiguration(footer_key="f", column_keys={"c": ["text"]}, plaintext_footer=plain_footer, double_wrapping=False)
    properties = factory.file_encryption_properties(pe.KmsConnectionConfig(), configuration)
    columns = [ID, column("text")]
    with pq.ParquetWriter(HERE / f"{name}.parquet", table(columns).schema, encryption_properties=properties) as writer:
        writer.write_table(table(columns))
    (HERE / f"{name}.txt").write_text("cannot be opened\n\nselect text\n\nrefused E0413 encrypted\n\nrefused E0413 encrypted\n")


def by_polars():
    plain = some_nulls([column for column in MIXED if column.name != "repeated"] + [column("int32"), column("float32")])
    frame = pl.from_arrow(table(plain))
    for codec in ("uncompressed", "snappy", "gzip", "zstd", "lz4", "brotli"):
        frame.write_parquet(HERE / f"polars-{codec}.parquet", compression=codec, row_group_size=12)
        expect(f"polars-{codec}", plain)
    more = {
        "ints": some_nulls([ID] + INTS),
        "times": some_nulls([ID] + [column(kind) for kind in ("date", "timestamp ms", "timestamp us", "timestamp ns", "timestamp us UTC", "time ns")]),
        "texts": some_nulls([ID, column("text"), column("long"), column("odd text")]),
        "nested": [ID] + [column(kind) for kind in ("list", "list text", "list list", "struct", "list struct")],
        "decimals": some_nulls([ID, column("decimal(9,0)"), column("decimal(18,4)"), column("decimal(38,10)")]),
        "odd-floats": [ID, column("odd floats"), column("float32")],
    }
    for name, columns in more.items():
        for statistics in (True, False):
            full = f"polars-{name}" + ("" if statistics else "-no-statistics")
            pl.from_arrow(table(columns)).write_parquet(HERE / f"{full}.parquet", statistics=statistics, data_page_size=100)
            expect(full, columns)
    empty = [Column(column.name, [], column.arrow, column.frame, column.spell) for column in plain]
    frame[:0].write_parquet(HERE / "polars-empty.parquet")
    expect("polars-empty", empty, query="where id > 2 | select id, bool", picked=[0, 1], keep=lambda row: False)


def by_duckdb():
    columns = some_nulls(
        [column for column in MIXED if column.name != "date"] + [column("date"), column("int8"), column("uint64"), column("float32")]
        + [column("timestamp us"), column("decimal(9,0)"), column("decimal(18,4)"), column("decimal(38,10)")]
    )
    source = table(columns)
    nested_columns = [ID] + [column(kind) for kind in ("list", "list text", "list list", "struct", "list struct")]
    nested = table(nested_columns)
    connection = duckdb.connect()
    connection.sql("set threads = 1")
    connection.register("source", source)
    connection.register("nested", nested)

    def copy(name, options, what="source", expected=columns):
        path = HERE / f"duckdb-{name}.parquet"
        connection.sql(f"copy (from {what}) to '{path}' (format parquet, {options})")
        expect(f"duckdb-{name}", expected)

    for codec in ("uncompressed", "snappy", "gzip", "zstd", "lz4_raw", "brotli"):
        for version in ("v1", "v2"):
            copy(f"{codec}-{version}", f"codec '{codec}', parquet_version {version}")
    copy("plain", "dictionary_size_limit 1")
    copy("bloom", "bloom_filter_false_positive_ratio 0.01")
    copy("key-values", "kv_metadata {origin: 'a test', number: '7'}")
    copy("nested", "parquet_version v1", "nested", nested_columns)
    copy("nested-v2", "parquet_version v2", "nested", nested_columns)


if __name__ == "__main__":
    for old in [*HERE.glob("*.parquet"), *HERE.glob("*.txt")]:
        old.unlink()
    by_pyarrow()
    by_polars()
    by_duckdb()
