"""DuckDB's postgres extension: ATTACH, what it reads of the catalog, scans by binary COPY with pushed-down filters, writes, transactions."""

import datetime
import decimal
import uuid

import duckdb
import duckdb_extensions
from checks import Checks, address, equal, raises

database = duckdb.connect()
check = Checks(lambda: database.rollback())
check.version(f"DuckDB {duckdb.__version__}")
duckdb_extensions.import_extension("postgres_scanner", con=database)
host, port, user, name = address()
TEXT = f"host={host} port={port} user={user} dbname={name}"


def ask(sql):
    return database.execute(sql).fetchall()


def remote(sql):
    return ask(f"SELECT * FROM postgres_query('stoa', '{sql}')")


database.execute("SET TimeZone = 'UTC'")


@check("ATTACH")
def _():
    database.execute(f"ATTACH '{TEXT}' AS stoa (TYPE postgres)")


check.equal("list schemas", lambda: ask("SELECT schema_name FROM duckdb_schemas() WHERE database_name = 'stoa' AND schema_name IN ('public', 'shop') ORDER BY 1"), [("public",), ("shop",)])
check.equal("list tables", lambda: ask("SELECT table_name FROM duckdb_tables() WHERE database_name = 'stoa' AND schema_name = 'shop' ORDER BY 1"), [("customers",), ("every_type",), ("large_orders",), ("orders",)])
check.equal("list views", lambda: ask("SELECT count(*) FROM information_schema.tables WHERE table_catalog = 'stoa' AND table_name = 'large_orders'"), [(1,)])
check.equal("columns with types", lambda: [(row[0], row[1]) for row in ask("DESCRIBE stoa.shop.every_type")], [("id", "INTEGER"), ("a_boolean", "BOOLEAN"), ("a_smallint", "SMALLINT"), ("an_integer", "INTEGER"), ("a_bigint", "BIGINT"), ("a_real", "FLOAT"), ("a_double", "DOUBLE"), ("a_numeric", "DECIMAL(12,2)"), ("a_text", "VARCHAR"), ("a_varchar", "VARCHAR"), ("a_char", "VARCHAR"), ("a_date", "DATE"), ("a_time", "TIME"), ("a_timestamp", "TIMESTAMP"), ("a_timestamptz", "TIMESTAMP WITH TIME ZONE"), ("an_interval", "INTERVAL"), ("a_uuid", "UUID"), ("a_json", "VARCHAR"), ("a_jsonb", "VARCHAR"), ("a_bytea", "BLOB")])
VALUES = {
    "a_boolean": [True, False], "a_smallint": [-12, -32768], "an_integer": [123456, -2147483648],
    "a_bigint": [9007199254740993, -9223372036854775808], "a_real": [1.5, float("-inf")], "a_double": [0.1, 1e-300],
    "a_numeric": [decimal.Decimal("1234.50"), decimal.Decimal("-9999999999.99")], "a_text": ['héllo, "wörld"', ""], "a_varchar": ["varying", ""],
    "a_date": [datetime.date(2024, 2, 29), datetime.date(1970, 1, 1)], "a_time": [datetime.time(12, 34, 56, 789000), datetime.time(0, 0)],
    "a_timestamp": [datetime.datetime(2024, 2, 29, 12, 34, 56, 789012), datetime.datetime(1999, 12, 31, 23, 59, 59, 999999)],
    "an_interval": [datetime.timedelta(days=32, hours=3, minutes=4, seconds=5, milliseconds=678), datetime.timedelta(microseconds=-1)],
    "a_uuid": [uuid.UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"), uuid.UUID(int=0)], "a_bytea": [b"\x00\xff\x10", b""],
    "a_jsonb": ['{"a": [true, null], "b": 1}', '"x"'], "integers": [[1, None, 3], []], "texts": [["a", "b c", None], []],
}  # fmt: skip
for column, values in VALUES.items():
    check.equal(f"read {column}", lambda column=column: [row[0] for row in ask(f"SELECT {column} FROM stoa.lists.every_list ORDER BY id")], [*values, None])

check.equal("filters", lambda: ask("SELECT count(*), sum(amount) FROM stoa.shop.orders WHERE line = 1 AND amount BETWEEN 10 AND 100 AND placed >= '2024-03-01'"), [(18, decimal.Decimal("967.50"))])
check.equal("filters of texts and NULLs", lambda: ask("SELECT name FROM stoa.shop.customers WHERE email IS NOT NULL AND name IN ('Ada', 'Bo') AND joined < DATE '2024-02-01'"), [("Ada",)])
check.equal("joins of both sides", lambda: ask("SELECT c.name, count(*) FROM stoa.shop.orders o JOIN stoa.shop.customers c USING (customer_id) JOIN range(1, 3) r(n) ON r.n = c.customer_id GROUP BY 1 ORDER BY 1"), [("Ada", 334), ("Bo", 333)])
check.equal("LIMIT", lambda: len(ask("SELECT * FROM stoa.shop.orders LIMIT 7")), 7)
check.equal("views", lambda: ask("SELECT count(*) FROM stoa.shop.large_orders"), [(39,)])
check.equal("postgres_scan", lambda: ask(f"SELECT count(*) FROM postgres_scan('{TEXT}', 'shop', 'orders')"), [(1000,)])
check.equal("postgres_query", lambda: ask("SELECT * FROM postgres_query('stoa', 'SELECT name, customer_id FROM shop.customers ORDER BY 2')"), [("Ada", 1), ("Bo", 2), ("Cy", 3)])


@check("CREATE TABLE AS and INSERT")
def _():
    database.execute("CREATE TABLE stoa.public.made AS SELECT n AS id, n * 1.5 AS value, 'n' || n AS note, DATE '2024-01-01' + n::INTEGER AS day FROM range(1000) r(n)")
    database.execute("INSERT INTO stoa.public.made VALUES (1000, NULL, NULL, NULL)")
    equal(remote("SELECT count(*), max(note) AS note, max(day) AS day FROM made"), [(1001, "n999", datetime.date(2026, 9, 26))])


@check("read a table just made")
def _():
    equal(ask("SELECT count(*), max(note) FROM stoa.public.made"), [(1001, "n999")])


@check("UPDATE")
def _():
    database.execute("UPDATE stoa.public.made SET note = 'changed' WHERE id < 10")
    equal(remote("SELECT count(*) FROM made WHERE note LIKE $$changed$$"), [(10,)])


@check("DELETE")
def _():
    database.execute("DELETE FROM stoa.public.made WHERE id >= 500")
    equal(remote("SELECT count(*) FROM made"), [(500,)])


@check("read by several connections at once")
def _():
    database.execute("SET pg_pages_per_task = 1")
    try:
        database.execute("CREATE TABLE stoa.public.wide AS SELECT n AS id, n % 7 AS remainder FROM range(20000) r(n)")
        equal(ask("SELECT count(*), count(DISTINCT id), sum(remainder) FROM stoa.public.wide"), [(20000, 20000, 59997)])
        database.execute("DROP TABLE stoa.public.wide")
    finally:
        database.execute("RESET pg_pages_per_task")


check.equal("DROP TABLE", lambda: ask("DROP TABLE stoa.public.made"), [])


@check("write every type")
def _():
    database.execute("CREATE TABLE stoa.public.written AS SELECT * EXCLUDE (a_json, a_jsonb) FROM stoa.shop.every_type")
    equal(ask("SELECT * FROM stoa.public.written ORDER BY id"), ask("SELECT * EXCLUDE (a_json, a_jsonb) FROM stoa.shop.every_type ORDER BY id"))
    database.execute("DROP TABLE stoa.public.written")


@check("postgres_execute")
def _():
    database.execute("CALL postgres_execute('stoa', 'CREATE TABLE executed (id integer)')")
    database.execute("CALL postgres_execute('stoa', 'DROP TABLE executed')")


@check("transactions")
def _():
    database.execute("CREATE TABLE stoa.public.counted (id INTEGER)")
    database.execute("BEGIN")
    database.execute("INSERT INTO stoa.public.counted VALUES (1)")
    equal(ask("SELECT count(*) FROM stoa.public.counted"), [(1,)])
    database.execute("ROLLBACK")
    equal(ask("SELECT count(*) FROM stoa.public.counted"), [(0,)])
    database.execute("DROP TABLE stoa.public.counted")


@check("COPY a whole database")
def _():
    database.execute("CREATE TABLE copied AS FROM stoa.shop.orders")
    equal(ask("SELECT count(*), sum(amount) FROM copied"), [(1000, decimal.Decimal("624375.00"))])


check.equal("error", lambda: "division by zero" in str(raises(duckdb.Error, lambda: ask("SELECT * FROM postgres_query('stoa', 'SELECT 1 / 0 AS x')"))), True)
check.equal("DETACH", lambda: ask("DETACH stoa"), [])
check.end()
