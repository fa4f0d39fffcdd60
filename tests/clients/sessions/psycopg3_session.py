"""psycopg 3: binary and text results and parameters, prepared statements, pipelines, cursors of all kinds, COPY, errors."""

import decimal
import threading
import time

import psycopg
from checks import Checks, equal, raises, raises_inside, url
from fixture import EVERY_TYPE, check_information_schema, check_reads, check_writes
from psycopg.types import TypeInfo
from psycopg.types.json import Json, Jsonb

connection = psycopg.connect(url(), autocommit=True, options="-c TimeZone=UTC")
check = Checks(lambda: connection.rollback())
check.version(f"psycopg {psycopg.__version__}")


def ask(sql, parameters=None, **keywords):
    return connection.execute(sql, parameters, **keywords).fetchall()


check.equal("connect", lambda: connection.info.status.name, "OK")
check.equal("server version", lambda: connection.info.server_version >= 150000, True)
check.equal("settings of the start", lambda: ask("SHOW TimeZone"), [("UTC",)])
check_information_schema(check, ask)
check_reads(check, ask, label="read text")
check_reads(check, lambda sql: ask(sql, binary=True), label="read binary")
wrapped = {"a_json": Json({"b": 1, "a": [True, None]}), "a_jsonb": Jsonb({"a": [True, None], "b": 1})}
plain = {name: first for name, _, first, _ in EVERY_TYPE}
check_writes(check, connection.execute, ask, values=wrapped, expected=plain)


@check("write binary parameters")
def _():
    names = [name for name, *_ in EVERY_TYPE if name not in wrapped]
    connection.execute("CREATE TABLE written AS SELECT * FROM shop.every_type WHERE false")
    try:
        places = ", ".join(["%b"] * len(names))
        connection.execute(f"INSERT INTO written ({', '.join(names)}) VALUES ({places})", [plain[name] for name in names])
        equal(ask(f"SELECT {', '.join(names)} FROM written"), [tuple(plain[name] for name in names)])
    finally:
        connection.execute("DROP TABLE written")


@check("column descriptions")
def _():
    cursor = connection.execute("SELECT an_integer, a_numeric, a_varchar, texts FROM lists.every_list LIMIT 0")
    found = [(column.name, column.type_code, column.precision, column.scale, column.display_size) for column in cursor.description]
    equal(found, [("an_integer", 23, None, None, None), ("a_numeric", 1700, 12, 2, None), ("a_varchar", 1043, None, None, 20), ("texts", 1009, None, None, None)])


check.equal("type by name", lambda: [(info.oid, info.array_oid) for info in [TypeInfo.fetch(connection, "jsonb")]], [(3802, 3807)])


@check("prepared statements")
def _():
    for number in range(8):
        cursor = connection.execute("SELECT name FROM shop.customers WHERE customer_id = %s", (number % 3 + 1,), prepare=True)
        equal(cursor.fetchone(), (["Ada", "Bo", "Cy"][number % 3],))


@check("executemany with RETURNING")
def _():
    connection.execute("CREATE TABLE many (id integer, note text)")
    try:
        cursor = connection.cursor()
        cursor.executemany("INSERT INTO many VALUES (%s, %s) RETURNING id", [(1, "a"), (2, None)], returning=True)
        equal(cursor.fetchall(), [(1,)])
        cursor.nextset()
        equal(cursor.fetchall(), [(2,)])
        cursor.executemany("UPDATE many SET note = %s WHERE id >= %s", [("x", 1), ("y", 2)])
        equal(cursor.rowcount, 3)
    finally:
        connection.execute("DROP TABLE many")


@check("pipeline")
def _():
    with connection.pipeline() as pipeline:
        cursors = [connection.execute("SELECT %s::integer", (number,)) for number in range(20)]
        pipeline.sync()
    equal([cursor.fetchone()[0] for cursor in cursors], list(range(20)))


@check("error in a pipeline")
def _():
    def run():
        with connection.pipeline():
            connection.execute("SELECT 1")
            connection.execute("SELECT 1 / 0")
            connection.execute("SELECT 2")

    raises((psycopg.errors.DivisionByZero, psycopg.errors.PipelineAborted), run)
    equal(ask("SELECT 3"), [(3,)])


@check("server-side cursor")
def _():
    with connection.transaction(), connection.cursor("orders") as cursor:
        cursor.itersize = 100
        cursor.execute("SELECT order_id, line FROM shop.orders ORDER BY order_id, line")
        equal(cursor.fetchmany(3), [(0, 0), (0, 1), (0, 2)])
        equal(sum(1 for _ in cursor), 997)


@check("scrollable cursor")
def _():
    with connection.transaction(), connection.cursor("back", scrollable=True) as cursor:
        cursor.execute("SELECT order_id FROM shop.orders ORDER BY order_id, line")
        cursor.scroll(999)
        equal(cursor.fetchone(), (249,))
        cursor.scroll(0, mode="absolute")
        equal(cursor.fetchone(), (0,))


@check("cursor with hold")
def _():
    with connection.transaction():
        cursor = connection.cursor("held", withhold=True)
        cursor.execute("SELECT name FROM shop.customers ORDER BY 1")
    equal(cursor.fetchall(), [("Ada",), ("Bo",), ("Cy",)])
    cursor.close()


@check("stream")
def _():
    equal(sum(row[0] for row in connection.cursor().stream("SELECT generate_series(1, %s)", (1000,))), 500500)


@check("COPY in and out, text")
def _():
    connection.execute("CREATE TABLE copied (id integer, note text, amount numeric(12,2))")
    try:
        with connection.cursor().copy("COPY copied FROM STDIN") as copy:
            copy.write_row((1, "tab\there", decimal.Decimal("1.50")))
            copy.write_row((2, None, None))
        with connection.cursor().copy("COPY copied TO STDOUT") as copy:
            copy.set_types(["int4", "text", "numeric"])
            equal(list(copy.rows()), [(1, "tab\there", decimal.Decimal("1.50")), (2, None, None)])
    finally:
        connection.execute("DROP TABLE copied")


@check("COPY in and out, binary, every type")
def _():
    connection.execute("CREATE TABLE copied AS SELECT * FROM shop.every_type WHERE false")
    try:
        with connection.cursor().copy("COPY shop.every_type TO STDOUT (FORMAT binary)") as source:
            data = b"".join(source)
        with connection.cursor().copy("COPY copied FROM STDIN (FORMAT binary)") as target:
            target.write(data)
        equal(ask("SELECT * FROM copied ORDER BY id"), ask("SELECT * FROM shop.every_type ORDER BY id"))
    finally:
        connection.execute("DROP TABLE copied")


@check("COPY in that the client gives up")
def _():
    connection.execute("CREATE TABLE copied (id integer)")
    try:

        def run():
            with connection.cursor().copy("COPY copied FROM STDIN") as copy:
                copy.write_row((1,))
                raise KeyError("enough")

        raises(KeyError, run)
        equal(ask("SELECT count(*) FROM copied"), [(0,)])
    finally:
        connection.execute("DROP TABLE copied")


@check("transactions, savepoints, errors inside")
def _():
    connection.execute("CREATE TABLE counted (id integer)")
    try:
        with connection.transaction():
            connection.execute("INSERT INTO counted VALUES (1)")
            with raises_inside(psycopg.errors.DivisionByZero), connection.transaction():
                connection.execute("INSERT INTO counted VALUES (2)")
                connection.execute("SELECT 1 / 0")
            connection.execute("INSERT INTO counted VALUES (3)")
        equal(ask("SELECT id FROM counted ORDER BY 1"), [(1,), (3,)])
        with connection.transaction(force_rollback=True):
            connection.execute("DELETE FROM counted")
        equal(ask("SELECT count(*) FROM counted"), [(2,)])
    finally:
        connection.execute("DROP TABLE counted")


@check("a failed transaction refuses statements")
def _():
    connection.autocommit = False
    try:
        raises(psycopg.errors.UndefinedTable, lambda: connection.execute("SELECT * FROM nowhere"))
        equal(connection.info.transaction_status.name, "INERROR")
        raises(psycopg.errors.InFailedSqlTransaction, lambda: connection.execute("SELECT 1"))
        connection.rollback()
        equal(connection.info.transaction_status.name, "IDLE")
    finally:
        connection.rollback()
        connection.autocommit = True


@check("isolation levels")
def _():
    connection.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
    connection.read_only = True
    try:
        with connection.transaction():
            equal(ask("SHOW transaction_isolation"), [("serializable",)])
            raises(psycopg.errors.ReadOnlySqlTransaction, lambda: connection.execute("DELETE FROM shop.orders"))
    except psycopg.errors.InFailedSqlTransaction:
        pass
    finally:
        connection.isolation_level = None
        connection.read_only = None


def diagnosis(sql):
    error = raises(psycopg.Error, lambda: connection.execute(sql))
    return error.diag


check.equal("error: position", lambda: [(found.sqlstate, found.severity, found.statement_position) for found in [diagnosis("SELECT nothing FROM shop.orders")]], [("42703", "ERROR", "8")])
check.equal("error: unique key", lambda: [(found.sqlstate, found.constraint_name, found.message_detail) for found in [diagnosis("INSERT INTO shop.customers VALUES (1, 'Di')")]], [("23505", "customers_pkey", "Key (customer_id)=(1) already exists.")])
check.equal("error: CHECK", lambda: [(found.sqlstate, found.constraint_name, found.table_name, found.schema_name) for found in [diagnosis("INSERT INTO shop.customers (name) VALUES ('')")]], [("23514", "customers_have_names", "customers", "shop")])
check.equal("error: NOT NULL", lambda: [(found.sqlstate, found.column_name) for found in [diagnosis("INSERT INTO shop.customers (name) VALUES (NULL)")]], [("23502", "name")])
check.equal("error: syntax", lambda: [(found.sqlstate, found.message_primary, found.statement_position) for found in [diagnosis("SELECT 1 FORM orders")]], [("42601", 'syntax error at or near "orders"', "15")])
check.equal("error: bad text for a type", lambda: [(found.sqlstate, found.message_primary) for found in [diagnosis("SELECT 'x'::integer")]], [("22P02", 'invalid input syntax for type integer: "x"')])
LONG = "SELECT count(*) FROM generate_series(1, 100000000000)"


@check("statement timeout")
def _():
    connection.execute("SET statement_timeout = '200ms'")
    try:
        raises(psycopg.errors.QueryCanceled, lambda: connection.execute(LONG), sqlstate="57014")
    finally:
        connection.execute("RESET statement_timeout")


@check("cancel")
def _():
    def cancel():
        time.sleep(0.3)
        connection.cancel_safe()

    thread = threading.Thread(target=cancel)
    thread.start()
    error = raises(psycopg.errors.QueryCanceled, lambda: connection.execute(LONG))
    thread.join()
    equal(str(error), "canceling statement due to user request")


@check("notices")
def _():
    seen = []
    connection.add_notice_handler(lambda notice: seen.append((notice.sqlstate, notice.message_primary)))
    connection.execute("DROP TABLE IF EXISTS nowhere")
    equal(seen, [("00000", 'table "nowhere" does not exist, skipping')])


@check("asynchronous connection")
def _():
    import asyncio

    async def run():
        async with await psycopg.AsyncConnection.connect(url()) as other:
            return await (await other.execute("SELECT sum(amount) FROM shop.orders")).fetchone()

    equal(asyncio.run(run()), (decimal.Decimal("624375.00"),))


connection.close()
check.end()
