"""What fixture.sql put into shop.every_type, as Python values: what sessions expect to read. Clients whose values are others say so."""

import datetime
import decimal
import uuid

UTC = datetime.timezone.utc

# Column, its type as format_type names it, the values of rows 1 and 2; row 3 is all NULL.
EVERY_TYPE = [
    ("a_boolean", "boolean", True, False),
    ("a_smallint", "smallint", -12, -32768),
    ("an_integer", "integer", 123456, -2147483648),
    ("a_bigint", "bigint", 9007199254740993, -9223372036854775808),
    ("a_real", "real", 1.5, float("-inf")),
    ("a_double", "double precision", 0.1, 1e-300),
    ("a_numeric", "numeric(12,2)", decimal.Decimal("1234.50"), decimal.Decimal("-9999999999.99")),
    ("a_text", "text", 'héllo, "wörld"', ""),
    ("a_varchar", "character varying(20)", "varying", ""),
    ("a_char", "character(5)", "ab   ", "     "),
    ("a_date", "date", datetime.date(2024, 2, 29), datetime.date(1970, 1, 1)),
    ("a_time", "time without time zone", datetime.time(12, 34, 56, 789000), datetime.time(0, 0)),
    ("a_timestamp", "timestamp without time zone", datetime.datetime(2024, 2, 29, 12, 34, 56, 789012), datetime.datetime(1999, 12, 31, 23, 59, 59, 999999)),
    ("a_timestamptz", "timestamp with time zone", datetime.datetime(2024, 2, 29, 12, 34, 56, 789012, UTC), datetime.datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC)),
    # A month is thirty days to Python.
    ("an_interval", "interval", datetime.timedelta(days=32, hours=3, minutes=4, seconds=5, milliseconds=678), datetime.timedelta(microseconds=-1)),
    ("a_uuid", "uuid", uuid.UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"), uuid.UUID(int=0)),
    ("a_json", "json", {"b": 1, "a": [True, None]}, []),
    ("a_jsonb", "jsonb", {"a": [True, None], "b": 1}, "x"),
    ("a_bytea", "bytea", b"\x00\xff\x10", b""),
]

# Columns of the view lists.every_list: tables do not hold arrays.
LISTS = [("integers", "integer[]", [1, None, 3], []), ("texts", "text[]", ["a", "b c", None], [])]

COLUMNS = ["id"] + [column for column, *_ in EVERY_TYPE]

# information_schema's word for each column's type.
DATA_TYPES = [("id", "integer")] + [
    (column, name.split("(")[0]) for column, name, *_ in EVERY_TYPE
]

TABLES = [("customers", "BASE TABLE"), ("every_type", "BASE TABLE"), ("large_orders", "VIEW"), ("orders", "BASE TABLE")]


def same_values(actual, expected):
    """Fails where a column's values differ; times with zones count as instants, buffers as bytes."""
    actual = [bytes(value) if isinstance(value, memoryview) else value for value in actual]
    if actual != expected or [type(value) for value in actual] != [type(value) for value in expected]:
        raise AssertionError(f"{actual!r} instead of {expected!r}")


def check_reads(check, ask, expected=None, label="read"):
    """A check per type: `ask(sql)` gives rows; `expected` overrides columns (None leaves one out)."""
    expected = expected or {}
    for column, _, first, second in EVERY_TYPE + LISTS:
        values = expected.get(column, [first, second])
        if values is None:
            continue
        table = "shop.every_type" if column in COLUMNS else "lists.every_list"

        @check(f"{label} {column}")
        def _(column=column, values=values, table=table):
            rows = ask(f"SELECT {column} FROM {table} ORDER BY id")
            same_values([row[0] for row in rows], [*values, None])


def check_writes(check, execute, ask, placeholder="%s", values=None, casts=None, expected=None):
    """A check per type: a parameter of the client's own type goes in, into a table and comes back as it was; so does NULL."""
    values, casts, expected = values or {}, casts or {}, expected or {}
    execute("DROP TABLE IF EXISTS written")
    execute("CREATE TABLE written AS SELECT * FROM shop.every_type WHERE false")
    for column, _, first, _ in EVERY_TYPE:
        # None leaves a column out.
        value = values.get(column, first)
        if value is None:
            continue

        @check(f"write {column}")
        def _(column=column, value=value):
            cast = casts.get(column, "")
            execute("DELETE FROM written")
            execute(f"INSERT INTO written (id, {column}) VALUES ({placeholder}, {placeholder}{cast})".replace("$n", "$1", 1).replace("$n", "$2", 1), (1, value))
            execute(f"INSERT INTO written (id, {column}) VALUES ({placeholder}, {placeholder}{cast})".replace("$n", "$1", 1).replace("$n", "$2", 1), (2, None))
            rows = ask(f"SELECT {column} FROM written ORDER BY id")
            same_values([row[0] for row in rows], [expected.get(column, value), None])

    execute("DROP TABLE written")


def check_information_schema(check, ask):
    """What any program asks of information_schema."""
    check.equal("list schemas", lambda: [tuple(row) for row in ask("SELECT schema_name FROM information_schema.schemata WHERE schema_name IN ('shop', 'public', 'pg_catalog', 'information_schema') ORDER BY 1")], [("information_schema",), ("pg_catalog",), ("public",), ("shop",)])
    check.equal("list tables", lambda: [tuple(row) for row in ask("SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'shop' ORDER BY 1")], TABLES)
    check.equal("list columns with types", lambda: [tuple(row) for row in ask("SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'shop' AND table_name = 'every_type' ORDER BY ordinal_position")], DATA_TYPES)
    check.equal(
        "list keys",
        lambda: [tuple(row) for row in ask("SELECT constraint_name, column_name, ordinal_position FROM information_schema.key_column_usage WHERE table_schema = 'shop' ORDER BY 1, 3")],
        [("customers_email_key", "email", 1), ("customers_pkey", "customer_id", 1), ("every_type_pkey", "id", 1), ("orders_key", "order_id", 1), ("orders_key", "line", 2)],
    )
    check.equal(
        "list constraints",
        lambda: [tuple(row) for row in ask("SELECT conname, contype::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'shop.customers'::regclass ORDER BY 1")],
        [("customers_email_key", "u", "UNIQUE (email)"), ("customers_have_names", "c", "CHECK ((char_length(name) > 0))"), ("customers_pkey", "p", "PRIMARY KEY (customer_id)")],
    )
