"""psqlODBC through pyodbc: catalog functions, typed parameters, cursors by DECLARE and FETCH, transactions, errors."""

import datetime
import decimal
import uuid

import pyodbc
from checks import Checks, address, equal, raises
from fixture import EVERY_TYPE, check_information_schema, check_reads

host, port, user, name = address()
DRIVER = next(driver for driver in pyodbc.drivers() if "PostgreSQL" in driver and "Unicode" in driver)
TEXT = f"DRIVER={{{DRIVER}}};SERVER={host};PORT={port};UID={user};DATABASE={name};BoolsAsChar=0;ConnSettings=SET TimeZone%3D'UTC'"
connection = pyodbc.connect(TEXT, autocommit=True)
check = Checks(lambda: connection.rollback())
check.version(f"psqlODBC {connection.getinfo(pyodbc.SQL_DRIVER_VER)}")


def ask(sql, *parameters):
    return [tuple(row) for row in connection.cursor().execute(sql, *parameters).fetchall()]


def execute(sql, parameters=()):
    return connection.cursor().execute(sql, *parameters)


check.equal("connect", lambda: connection.getinfo(pyodbc.SQL_DBMS_NAME), "PostgreSQL")
check_information_schema(check, ask)
check.equal("SQLTables", lambda: [(row.table_schem, row.table_name, row.table_type) for row in connection.cursor().tables(schema="shop")], [("shop", "customers", "TABLE"), ("shop", "every_type", "TABLE"), ("shop", "large_orders", "VIEW"), ("shop", "orders", "TABLE")])
check.equal("SQLColumns", lambda: [(row.column_name, row.type_name, row.nullable) for row in connection.cursor().columns(table="customers", schema="shop")], [("customer_id", "int4", 0), ("name", "text", 0), ("email", "varchar", 1), ("joined", "date", 1)])
check.equal("SQLColumns of every type", lambda: [row.type_name for row in connection.cursor().columns(table="every_type", schema="shop")][:8], ["int4", "bool", "int2", "int4", "int8", "float4", "float8", "numeric"])
check.equal("SQLPrimaryKeys", lambda: [(row.column_name, row.key_seq, row.pk_name) for row in connection.cursor().primaryKeys(table="orders", schema="shop")], [("order_id", 1, "orders_key"), ("line", 2, "orders_key")])
check.equal("SQLForeignKeys", lambda: connection.cursor().foreignKeys(table="customers", schema="shop").fetchall(), [])
check.equal("SQLStatistics", lambda: [(row.index_name, row.column_name, row.non_unique) for row in connection.cursor().statistics(table="customers", schema="shop") if row.index_name], [("customers_pkey", "customer_id", 0), ("customers_email_key", "email", 0)])
check.equal("SQLSpecialColumns", lambda: connection.cursor().rowIdColumns(table="orders", schema="shop").fetchall(), [])
check.equal("SQLProcedures", lambda: len(connection.cursor().procedures(schema="pg_catalog", procedure="lower").fetchall()) > 0, True)
check.equal("SQLGetTypeInfo", lambda: len(connection.cursor().getTypeInfo().fetchall()) > 10, True)
for column in ("a_boolean", "a_smallint", "an_integer", "a_bigint", "a_real", "a_double", "a_numeric", "a_text", "a_varchar", "a_char", "a_date", "a_timestamp", "a_bytea"):
    first, second = next((first, second) for name, _, first, second in EVERY_TYPE if name == column)
    check.equal(f"read {column}", lambda column=column: [row[0] for row in ask(f"SELECT {column} FROM shop.every_type ORDER BY id")], [first, second, None])
check.equal("read others as text", lambda: ask("SELECT an_interval::text, a_uuid::text, a_jsonb::text, integers::text FROM lists.every_list WHERE id = 1"), [("1 mon 2 days 03:04:05.678", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", '{"a": [true, null], "b": 1}', "{1,NULL,3}")])
for column, value in {"a_boolean": True, "a_smallint": -12, "an_integer": 123456, "a_bigint": 9007199254740993, "a_double": 0.1, "a_numeric": decimal.Decimal("1234.50"), "a_text": "héllo", "a_date": datetime.date(2024, 2, 29), "a_timestamp": datetime.datetime(2024, 2, 29, 12, 34, 56), "a_bytea": b"\x00\xff"}.items():

    @check(f"write {column}")
    def _(column=column, value=value):
        execute(f"CREATE TABLE written AS SELECT {column} FROM shop.every_type WHERE false")
        try:
            execute("INSERT INTO written VALUES (?)", (value,))
            execute("INSERT INTO written VALUES (?)", (None,))
            equal([row[0] for row in ask(f"SELECT {column} FROM written ORDER BY 1")], [value, None])
        finally:
            execute("DROP TABLE written")


@check("executemany")
def _():
    execute("CREATE TABLE many (id integer, note varchar(20))")
    try:
        cursor = connection.cursor()
        cursor.fast_executemany = True
        cursor.executemany("INSERT INTO many VALUES (?, ?)", [(number, f"n{number}") for number in range(100)])
        equal(ask("SELECT count(*), max(id) FROM many"), [(100, 99)])
        equal(execute("UPDATE many SET note = ? WHERE id < ?", ("x", 10)).rowcount, 10)
    finally:
        execute("DROP TABLE many")


@check("prepared statements")
def _():
    cursor = connection.cursor()
    equal([cursor.execute("SELECT name FROM shop.customers WHERE customer_id = ?", number).fetchone()[0] for number in (1, 2, 3, 1)], ["Ada", "Bo", "Cy", "Ada"])


@check("column descriptions")
def _():
    cursor = execute("SELECT an_integer, a_numeric, a_varchar FROM shop.every_type")
    equal([(column[0], column[1].__name__, column[3], column[5]) for column in cursor.description], [("an_integer", "int", 10, 0), ("a_numeric", "Decimal", 12, 2), ("a_varchar", "str", 20, 0)])


@check("DECLARE and FETCH")
def _():
    with pyodbc.connect(TEXT + ";UseDeclareFetch=1;Fetch=100") as other:
        equal(sum(1 for _ in other.cursor().execute("SELECT order_id FROM shop.orders ORDER BY 1")), 1000)


@check("DECLARE and FETCH, autocommit")
def _():
    other = pyodbc.connect(TEXT + ";UseDeclareFetch=1;Fetch=100", autocommit=True)
    equal(len(other.cursor().execute("SELECT order_id FROM shop.orders ORDER BY 1").fetchmany(250)), 250)
    equal(other.cursor().execute("SELECT count(*) FROM shop.customers").fetchone()[0], 3)
    other.close()


@check("transactions")
def _():
    with pyodbc.connect(TEXT) as other:
        other.execute("CREATE TABLE counted (id integer)")
        other.execute("INSERT INTO counted VALUES (1)")
        other.commit()
        other.execute("DELETE FROM counted")
        other.rollback()
        equal(other.execute("SELECT count(*) FROM counted").fetchone()[0], 1)
        other.execute("DROP TABLE counted")


@check("an error rolls its statement back, not the transaction")
def _():
    with pyodbc.connect(TEXT + ";Protocol=7.4-2") as other:
        other.execute("CREATE TABLE counted (id integer)")
        raises(pyodbc.Error, lambda: other.execute("SELECT 1 / 0"))
        other.execute("INSERT INTO counted VALUES (1)")
        equal(other.execute("SELECT count(*) FROM counted").fetchone()[0], 1)
        other.execute("DROP TABLE counted")


check.equal("error: no such table", lambda: raises(pyodbc.Error, lambda: ask("SELECT * FROM nowhere")).args[0], "42P01")
check.equal("error: unique key", lambda: raises(pyodbc.IntegrityError, lambda: ask("INSERT INTO shop.customers VALUES (1, 'Di')")).args[0], "23505")
check.equal("error: division", lambda: raises(pyodbc.Error, lambda: ask("SELECT 1 / 0")).args[0], "22012")


@check("statement timeout")
def _():
    other = pyodbc.connect(TEXT, autocommit=True)
    other.execute("SET statement_timeout = 200")
    equal(raises(pyodbc.Error, lambda: other.execute("SELECT count(*) FROM generate_series(1, 100000000000)")).args[0], "57014")
    other.close()


@check("escapes of ODBC")
def _():
    equal(ask("SELECT {d '2024-02-29'}, {fn ucase('abc')}, {ts '2024-01-01 10:00:00'}"), [(datetime.date(2024, 2, 29), "ABC", datetime.datetime(2024, 1, 1, 10, 0))])


check.equal("uuid as a parameter", lambda: ask("SELECT count(*) FROM shop.every_type WHERE a_uuid = ?", uuid.UUID(int=0)), [(1,)])
connection.close()
check.end()
