"""ClickHouse (chdb): the postgresql() table function and the PostgreSQL engines."""

import chdb
from checks import Checks, address, equal, raises
from chdb.session import Session

check = Checks()
check.version(f"chdb {chdb.__version__}")
host, port, user, name = address()
session = Session()


def ask(sql):
    return str(session.query(sql, "TSV"))


def source(table, schema="shop"):
    return f"postgresql('{host}:{port}', '{name}', '{table}', '{user}', 'x', '{schema}')"


check.equal("read a table", lambda: ask(f"SELECT customer_id, name, email, joined FROM {source('customers')} ORDER BY 1"), "1\tAda\tada@example.org\t2024-01-05\n2\tBo\t\\N\t2024-02-06\n3\tCy\tcy@example.org\t2024-03-07\n")
TYPES = {
    "a_boolean": ("Nullable(UInt8)", "1 0"), "a_smallint": ("Nullable(Int16)", "-12 -32768"), "an_integer": ("Nullable(Int32)", "123456 -2147483648"),
    "a_bigint": ("Nullable(Int64)", "9007199254740993 -9223372036854775808"), "a_real": ("Nullable(Float32)", "1.5 -inf"), "a_double": ("Nullable(Float64)", "0.1 1e-300"),
    "a_numeric": ("Nullable(Decimal(12, 2))", "1234.5 -9999999999.99"), "a_text": ("Nullable(String)", 'héllo, "wörld"'), "a_date": ("Nullable(Date32)", "2024-02-29 1970-01-01"),
    "a_timestamp": ("Nullable(DateTime64(6))", "2024-02-29 12:34:56.789012 1999-12-31 23:59:59.999999"), "a_uuid": ("Nullable(UUID)", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11 00000000-0000-0000-0000-000000000000"),
    "integers": ("Array(Nullable(Int32))", "[1,NULL,3] []"), "texts": ("Array(Nullable(String))", "['a','b c',NULL] []"),
}  # fmt: skip
for column, (kind, values) in TYPES.items():

    @check(f"read {column}")
    def _(column=column, kind=kind, values=values):
        equal(ask(f"SELECT DISTINCT toTypeName({column}) FROM {source('every_list', 'lists')}"), kind + "\n")
        equal(" ".join(ask(f"SELECT {column} FROM {source('every_list', 'lists')} WHERE id < 3 ORDER BY id").split("\n")).strip(), values)


check.equal("filters", lambda: ask(f"SELECT count(), sum(amount) FROM {source('orders')} WHERE line = 1 AND order_id < 100"), "100\t24875\n")
check.equal("views", lambda: ask(f"SELECT count() FROM {source('large_orders')}"), "39\n")


@check("write")
def _():
    session.query(f"INSERT INTO FUNCTION {source('customers')} (customer_id, name, email, joined) SELECT 100 + number, concat('n', toString(number)), NULL, toDate('2024-01-01') FROM numbers(10)")
    equal(ask(f"SELECT count() FROM {source('customers')} WHERE customer_id >= 100"), "10\n")


@check("a database of the engine PostgreSQL")
def _():
    session.query(f"CREATE DATABASE stoa ENGINE = PostgreSQL('{host}:{port}', '{name}', '{user}', 'x', 'shop')")
    equal(ask("SHOW TABLES FROM stoa"), "customers\nevery_type\norders\n")
    equal(ask("SELECT count() FROM stoa.orders"), "1000\n")


check.equal("error", lambda: "nowhere" in str(raises(Exception, lambda: ask(f"SELECT * FROM {source('nowhere')}"))), True)
check.end()
