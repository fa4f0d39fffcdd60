"""psycopg 2: everything as text over the simple protocol, named cursors, COPY, execute_values, errors."""

import decimal
import io
import threading
import time

import psycopg2
import psycopg2.errors
import psycopg2.extensions
import psycopg2.extras
from checks import Checks, equal, raises, url
from fixture import EVERY_TYPE, check_information_schema, check_reads, check_writes

connection = psycopg2.connect(url(), options="-c TimeZone=UTC")
connection.autocommit = True
psycopg2.extras.register_uuid()
check = Checks(lambda: connection.rollback())
check.version(f"psycopg2 {psycopg2.__version__.split()[0]}")


def execute(sql, parameters=None):
    cursor = connection.cursor()
    cursor.execute(sql, parameters)
    return cursor


def ask(sql, parameters=None):
    return execute(sql, parameters).fetchall()


check.equal("connect", lambda: connection.server_version >= 150000, True)
check_information_schema(check, ask)
# psycopg 2 takes an interval of a negative microsecond for what Python has; character(n) comes padded.
check_reads(check, ask)
wrapped = {"a_json": psycopg2.extras.Json({"b": 1, "a": [True, None]}), "a_jsonb": psycopg2.extras.Json({"a": [True, None], "b": 1})}
check_writes(check, execute, ask, values=wrapped, expected={name: first for name, _, first, _ in EVERY_TYPE}, casts={"a_uuid": "::uuid"})


@check("column descriptions")
def _():
    cursor = execute("SELECT an_integer, a_numeric, texts FROM lists.every_list LIMIT 0")
    equal([(column.name, column.type_code, column.precision, column.scale) for column in cursor.description], [("an_integer", 23, None, None), ("a_numeric", 1700, 12, 2), ("texts", 1009, None, None)])


@check("rows as dictionaries")
def _():
    cursor = connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor)
    cursor.execute("SELECT customer_id, name FROM shop.customers WHERE name = %(name)s", {"name": "Ada"})
    equal([dict(row) for row in cursor], [{"customer_id": 1, "name": "Ada"}])


@check("execute_values and execute_batch")
def _():
    execute("CREATE TABLE many (id integer, note text)")
    try:
        cursor = connection.cursor()
        found = psycopg2.extras.execute_values(cursor, "INSERT INTO many VALUES %s RETURNING id", [(number, f"n{number}") for number in range(250)], fetch=True)
        equal(len(found), 250)
        psycopg2.extras.execute_batch(cursor, "UPDATE many SET note = %s WHERE id = %s", [("x", number) for number in range(10)])
        equal(ask("SELECT count(*) FROM many WHERE note = 'x'"), [(10,)])
    finally:
        execute("DROP TABLE many")


@check("named cursor")
def _():
    connection.autocommit = False
    try:
        cursor = connection.cursor("orders")
        cursor.itersize = 64
        cursor.execute("SELECT order_id FROM shop.orders ORDER BY order_id, line")
        equal(sum(1 for _ in cursor), 1000)
        cursor.close()
        cursor = connection.cursor("back", scrollable=True)
        cursor.execute("SELECT order_id FROM shop.orders ORDER BY order_id, line")
        cursor.scroll(999)
        equal(cursor.fetchone(), (249,))
        cursor.scroll(-1)
        equal(cursor.fetchone(), (249,))
    finally:
        connection.rollback()
        connection.autocommit = True


@check("named cursor with hold")
def _():
    cursor = connection.cursor("held", withhold=True)
    cursor.execute("SELECT name FROM shop.customers ORDER BY 1")
    equal(cursor.fetchmany(2), [("Ada",), ("Bo",)])
    cursor.close()


@check("COPY in and out")
def _():
    execute("CREATE TABLE copied (id integer, note text)")
    try:
        cursor = connection.cursor()
        cursor.copy_from(io.StringIO("1\tone\n2\t\\N\n"), "copied")
        cursor.copy_expert("COPY copied FROM STDIN (FORMAT csv, HEADER)", io.StringIO('id,note\n3,"a,b"\n'))
        out = io.StringIO()
        cursor.copy_expert("COPY (SELECT * FROM copied ORDER BY id) TO STDOUT (FORMAT csv, HEADER)", out)
        equal(out.getvalue(), 'id,note\n1,one\n2,\n3,"a,b"\n')
        out = io.StringIO()
        cursor.copy_to(out, "copied", columns=("note",))
        equal(sorted(out.getvalue().split("\n")), ["", "\\N", "a,b", "one"])
    finally:
        execute("DROP TABLE copied")


@check("COPY error tells the line")
def _():
    execute("CREATE TABLE copied (id integer)")
    try:
        error = raises(psycopg2.errors.InvalidTextRepresentation, lambda: connection.cursor().copy_from(io.StringIO("1\nx\n"), "copied"))
        equal(error.diag.context, 'COPY copied, line 2, column id: "x"')
    finally:
        execute("DROP TABLE copied")


@check("transactions and savepoints")
def _():
    connection.autocommit = False
    try:
        execute("CREATE TABLE counted (id integer)")
        execute("INSERT INTO counted VALUES (1)")
        execute("SAVEPOINT here")
        raises(psycopg2.errors.DivisionByZero, lambda: execute("SELECT 1 / 0"))
        equal(connection.get_transaction_status(), psycopg2.extensions.TRANSACTION_STATUS_INERROR)
        raises(psycopg2.errors.InFailedSqlTransaction, lambda: execute("SELECT 1"))
        execute("ROLLBACK TO SAVEPOINT here")
        execute("INSERT INTO counted VALUES (2)")
        connection.commit()
        execute("DELETE FROM counted")
        connection.rollback()
        equal(ask("SELECT id FROM counted ORDER BY 1"), [(1,), (2,)])
        execute("DROP TABLE counted")
        connection.commit()
    finally:
        connection.rollback()
        connection.autocommit = True


@check("with blocks commit and roll back")
def _():
    other = psycopg2.connect(url())
    with other, other.cursor() as cursor:
        cursor.execute("CREATE TABLE blocks (id integer)")

    def run():
        with other, other.cursor() as cursor:
            cursor.execute("INSERT INTO blocks VALUES (1)")
            raise KeyError("undo")

    raises(KeyError, run)
    equal(ask("SELECT count(*) FROM blocks"), [(0,)])
    with other, other.cursor() as cursor:
        cursor.execute("DROP TABLE blocks")
    other.close()


@check("isolation levels")
def _():
    connection.set_session(isolation_level="REPEATABLE READ", readonly=True, autocommit=False)
    try:
        equal(ask("SHOW transaction_isolation"), [("repeatable read",)])
        raises(psycopg2.errors.ReadOnlySqlTransaction, lambda: execute("DELETE FROM shop.orders"))
    finally:
        connection.rollback()
        connection.set_session(isolation_level="DEFAULT", readonly="DEFAULT", autocommit=True)


def diagnosis(sql):
    return raises(psycopg2.Error, lambda: execute(sql)).diag


check.equal("error: position", lambda: [(found.sqlstate, found.statement_position) for found in [diagnosis("SELECT nothing FROM shop.orders")]], [("42703", "8")])
check.equal("error: unique key", lambda: [(found.sqlstate, found.constraint_name, found.message_detail) for found in [diagnosis("INSERT INTO shop.customers VALUES (1, 'Di')")]], [("23505", "customers_pkey", "Key (customer_id)=(1) already exists.")])
check.equal("error: NOT NULL", lambda: [(found.sqlstate, found.column_name, found.table_name) for found in [diagnosis("INSERT INTO shop.customers (name) VALUES (NULL)")]], [("23502", "name", "customers")])
LONG = "SELECT count(*) FROM generate_series(1, 100000000000)"


@check("statement timeout")
def _():
    execute("SET statement_timeout = 200")
    try:
        raises(psycopg2.errors.QueryCanceled, lambda: execute(LONG))
    finally:
        execute("RESET statement_timeout")


@check("cancel")
def _():
    def cancel():
        time.sleep(0.3)
        connection.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    raises(psycopg2.errors.QueryCanceled, lambda: execute(LONG))
    thread.join()


@check("notices")
def _():
    del connection.notices[:]
    execute("DROP TABLE IF EXISTS nowhere")
    equal(connection.notices, ['NOTICE:  table "nowhere" does not exist, skipping\n'])


@check("reset")
def _():
    execute("SET application_name = 'other'")
    connection.reset()
    connection.autocommit = True
    equal(ask("SHOW application_name"), [("",)])


check.equal("sums", lambda: ask("SELECT sum(amount), avg(line) FROM shop.orders"), [(decimal.Decimal("624375.00"), decimal.Decimal("1.5000000000000000"))])
connection.close()
check.end()
