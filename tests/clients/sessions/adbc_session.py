"""The ADBC driver: COPY in binary both ways as Arrow, catalogs as ADBC tells them, transactions, errors."""

import adbc_driver_manager
import adbc_driver_postgresql
import adbc_driver_postgresql.dbapi
import pyarrow
from checks import Checks, equal, raises, url

connection = adbc_driver_postgresql.dbapi.connect(url(), autocommit=True)
check = Checks()
check.version(f"adbc-driver-postgresql {adbc_driver_postgresql.__version__}")


def ask(sql, parameters=None):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetch_arrow_table()


def execute(sql, parameters=None):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


check.equal("connect", lambda: connection.adbc_get_info()["vendor_name"], "PostgreSQL")
TYPES = {
    "a_boolean": "bool", "a_smallint": "int16", "an_integer": "int32", "a_bigint": "int64", "a_real": "float", "a_double": "double",
    "a_text": "string", "a_varchar": "string", "a_char": "string", "a_date": "date32[day]", "a_time": "time64[us]",
    "a_timestamp": "timestamp[us]", "a_timestamptz": "timestamp[us, tz=UTC]", "an_interval": "month_day_nano_interval",
    "a_bytea": "binary", "integers": "list<item: int32>", "texts": "list<item: string>",
}  # fmt: skip
for column, kind in TYPES.items():

    @check(f"read {column}")
    def _(column=column, kind=kind):
        table = ask(f"SELECT {column} FROM lists.every_list ORDER BY id")
        equal(str(table.schema.field(0).type), kind)
        equal(table.column(0).is_null().to_pylist(), [False, False, True])


check.equal("values", lambda: ask("SELECT an_integer, a_bigint, a_double, a_text, integers FROM lists.every_list WHERE id = 1").to_pylist(), [{"an_integer": 123456, "a_bigint": 9007199254740993, "a_double": 0.1, "a_text": 'héllo, "wörld"', "integers": [1, None, 3]}])
check.equal("read a_numeric as text", lambda: ask("SELECT a_numeric FROM shop.every_type ORDER BY id").column(0).to_pylist(), ["1234.50", "-9999999999.99", None])
check.equal("read a_jsonb", lambda: ask("SELECT a_jsonb FROM shop.every_type ORDER BY id").column(0).to_pylist(), ['{"a": [true, null], "b": 1}', '"x"', None])
check.equal("parameters", lambda: ask("SELECT name FROM shop.customers WHERE customer_id = $1", (2,)).to_pylist(), [{"name": "Bo"}])
check.equal("schema of a table", lambda: [(field.name, str(field.type)) for field in connection.adbc_get_table_schema("customers", db_schema_filter="shop")], [("customer_id", "int32"), ("name", "string"), ("email", "string"), ("joined", "date32[day]")])
check.equal("schema of a query", lambda: [field.name for field in connection.cursor().adbc_execute_schema("SELECT 1 AS one, 'x' AS two")], ["one", "two"])
check.equal("table types", lambda: "table" in connection.adbc_get_table_types(), True)


@check("objects")
def _():
    found = connection.adbc_get_objects(depth="columns", catalog_filter="stoa", db_schema_filter="shop", table_name_filter="customers").read_all().to_pylist()
    tables = found[0]["catalog_db_schemas"][0]["db_schema_tables"]
    equal([(table["table_name"], table["table_type"]) for table in tables], [("customers", "table")])
    equal([column["column_name"] for column in tables[0]["table_columns"]], ["customer_id", "name", "email", "joined"])
    names = sorted(constraint["constraint_name"] for constraint in tables[0]["table_constraints"] if constraint["constraint_type"] != "CHECK")
    equal(names, ["customers_email_key", "customers_pkey"])


@check("ingest: create, append, replace")
def _():
    data = pyarrow.table({"id": pyarrow.array([1, 2, 3]), "part": [0.5, None, 1.5], "words": ["a", None, "c"], "day": pyarrow.array([0, 1, None], pyarrow.date32()), "time": pyarrow.array([0, 1, None], pyarrow.timestamp("us", "UTC")), "bytes": [b"\x00", b"", None]})
    with connection.cursor() as cursor:
        equal(cursor.adbc_ingest("ingested", data, mode="create"), 3)
        equal(cursor.adbc_ingest("ingested", data, mode="append"), 3)
        equal(ask("SELECT * FROM ingested WHERE id = 1 LIMIT 1").to_pylist(), data.slice(0, 1).to_pylist())
        cursor.adbc_ingest("ingested", data, mode="replace")
        equal(ask("SELECT count(*) AS n FROM ingested").to_pylist(), [{"n": 3}])
    execute("DROP TABLE ingested")


@check("executemany")
def _():
    execute("CREATE TABLE many (id bigint, note text)")
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO many VALUES ($1, $2)", [(1, "a"), (2, None)])
    equal(ask("SELECT * FROM many ORDER BY id").to_pylist(), [{"id": 1, "note": "a"}, {"id": 2, "note": None}])
    execute("DROP TABLE many")


@check("batches")
def _():
    with connection.cursor() as cursor:
        cursor.execute("SELECT order_id FROM shop.orders")
        equal(sum(batch.num_rows for batch in cursor.fetch_record_batch()), 1000)


@check("transactions")
def _():
    with adbc_driver_postgresql.dbapi.connect(url()) as other, other.cursor() as cursor:
        cursor.execute("CREATE TABLE counted (id integer)")
        cursor.execute("INSERT INTO counted VALUES (1)")
        other.commit()
        cursor.execute("DELETE FROM counted")
        other.rollback()
        cursor.execute("SELECT count(*) FROM counted")
        equal(cursor.fetchone(), (1,))
        cursor.execute("DROP TABLE counted")
        other.commit()


def failure(sql):
    return raises(adbc_driver_manager.Error, lambda: ask(sql)).sqlstate


check.equal("error: no such table", lambda: failure("SELECT * FROM nowhere"), "42P01")
check.equal("error: unique key", lambda: failure("INSERT INTO shop.customers VALUES (1, 'Di')"), "23505")
check.equal("error while rows are read", lambda: failure("SELECT 1 / (n - 500) FROM generate_series(1, 1000) AS n"), "22012")


@check("statement timeout")
def _():
    with adbc_driver_postgresql.dbapi.connect(url(), autocommit=True) as other, other.cursor() as cursor:
        cursor.execute("SET statement_timeout = 200")

        def run():
            cursor.execute("SELECT count(*) FROM generate_series(1, 100000000000)")
            cursor.fetchall()

        equal(raises(adbc_driver_manager.Error, run).sqlstate, "57014")


connection.close()
check.end()
