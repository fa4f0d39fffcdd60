"""asyncpg: binary everywhere, prepared statements, cursors in transactions, COPY of records, type introspection, pools."""

import asyncio
import datetime
import decimal
import io
import json
import uuid

import asyncpg
from checks import Checks, address, equal, raises
from fixture import EVERY_TYPE, check_information_schema, check_reads, check_writes

loop = asyncio.new_event_loop()
run = loop.run_until_complete
host, port, user, database = address()
connection = run(asyncpg.connect(host=host, port=port, user=user, database=database, server_settings={"TimeZone": "UTC"}))


def recover():
    if connection.is_in_transaction():
        run(connection.execute("ROLLBACK"))


check = Checks(recover)
check.version(f"asyncpg {asyncpg.__version__}")


def ask(sql, *parameters):
    return [tuple(row) for row in run(connection.fetch(sql, *parameters))]


def execute(sql, parameters=()):
    return run(connection.execute(sql, *parameters))


check.equal("connect", lambda: connection.get_server_version().major >= 15, True)
check.equal("settings of the start", lambda: connection.get_settings().TimeZone, "UTC")
check_information_schema(check, ask)
texts = {
    # asyncpg has a class of its own for it: see below.
    "a_uuid": None,
    "a_json": ['{"b": 1, "a": [true, null]}', "[]"], "a_jsonb": ['{"a": [true, null], "b": 1}', '"x"'],
}
check_reads(check, ask, expected=texts)
check_writes(check, execute, ask, placeholder="$n", values={name: values[0] if values else None for name, values in texts.items()})


check.equal("uuid both ways", lambda: [str(row[0]) for row in ask("SELECT a_uuid FROM shop.every_type WHERE a_uuid = $1", uuid.UUID(int=0))], [str(uuid.UUID(int=0))])


@check("codecs of the program's own")
def _():
    run(connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog"))
    try:
        equal(ask("SELECT $1::jsonb", {"a": 1}), [({"a": 1},)])
    finally:
        run(connection.reset_type_codec("jsonb", schema="pg_catalog"))


@check("types that the client does not know by heart")
def _():
    equal(ask("SELECT relname, relkind, oid::regclass::text FROM pg_class WHERE relname = 'orders'"), [("orders", b"r", "shop.orders")])
    equal(ask("SELECT array_agg(attname ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'shop.customers'::regclass AND attnum > 0"), [(["customer_id", "name", "email", "joined"],)])


@check("records")
def _():
    equal(ask("SELECT ROW(1, 'a'::text, NULL::integer)"), [((1, "a", None),)])


@check("composite arrays")
def _():
    equal(ask("SELECT ARRAY[ARRAY[1, 2], ARRAY[3, 4]]"), [([[1, 2], [3, 4]],)])


@check("prepared statements")
def _():
    statement = run(connection.prepare("SELECT name, joined + $2::integer FROM shop.customers WHERE customer_id = $1"))
    equal([(parameter.name) for parameter in statement.get_parameters()], ["int4", "int4"])
    equal([(attribute.name, attribute.type.name) for attribute in statement.get_attributes()], [("name", "text"), ("?column?", "date")])
    for number in (1, 2, 1):
        equal(tuple(run(statement.fetchrow(number, 1))), [("Ada", datetime.date(2024, 1, 6)), ("Bo", datetime.date(2024, 2, 7))][number - 1])


@check("explain of a prepared statement")
def _():
    statement = run(connection.prepare("SELECT count(*) FROM shop.orders"))
    if not run(statement.explain(analyze=True)):
        raise AssertionError("nothing explained")


@check("cursor")
def _():
    async def sum_all():
        total = 0
        async with connection.transaction():
            async for row in connection.cursor("SELECT amount FROM shop.orders", prefetch=64):
                total += row[0]
        return total

    equal(run(sum_all()), decimal.Decimal("624375.00"))


@check("cursor that moves")
def _():
    async def move():
        async with connection.transaction():
            cursor = await connection.cursor("SELECT order_id, line FROM shop.orders ORDER BY 1, 2")
            await cursor.forward(10)
            return tuple(await cursor.fetchrow()), len(await cursor.fetch(5000))

    equal(run(move()), ((2, 2), 989))


@check("executemany")
def _():
    execute("CREATE TABLE many (id integer, note text)")
    try:
        run(connection.executemany("INSERT INTO many VALUES ($1, $2)", [(number, None if number % 2 else "even") for number in range(100)]))
        equal(ask("SELECT count(*), count(note) FROM many"), [(100, 50)])
        rows = run(connection.fetchmany("UPDATE many SET note = $2 WHERE id = $1 RETURNING id", [(1, "x"), (2, "y")]))
        equal([tuple(row) for row in rows], [(1,), (2,)])
    finally:
        execute("DROP TABLE many")


@check("COPY of records, binary")
def _():
    execute("CREATE TABLE copied AS SELECT * FROM shop.every_type WHERE false")
    try:
        rows = ask("SELECT * FROM shop.every_type ORDER BY id")
        equal(run(connection.copy_records_to_table("copied", records=rows)), "COPY 3")
        equal(ask("SELECT * FROM copied ORDER BY id"), rows)
    finally:
        execute("DROP TABLE copied")


@check("COPY out of a table and a query")
def _():
    out = io.BytesIO()
    equal(run(connection.copy_from_table("customers", schema_name="shop", output=out, format="csv", header=True, columns=["name", "email"])), "COPY 3")
    equal(out.getvalue(), b"name,email\nAda,ada@example.org\nBo,\nCy,cy@example.org\n")
    out = io.BytesIO()
    run(connection.copy_from_query("SELECT name FROM shop.customers WHERE customer_id > $1 ORDER BY 1", 1, output=out))
    equal(out.getvalue(), b"Bo\nCy\n")


@check("COPY into a table")
def _():
    execute("CREATE TABLE copied (id integer, note text)")
    try:
        equal(run(connection.copy_to_table("copied", source=io.BytesIO(b"1,a\n2,\n"), format="csv")), "COPY 2")
        equal(ask("SELECT * FROM copied ORDER BY id"), [(1, "a"), (2, None)])
    finally:
        execute("DROP TABLE copied")


@check("transactions and savepoints")
def _():
    async def nested():
        async with connection.transaction():
            await connection.execute("CREATE TABLE counted (id integer)")
            await connection.execute("INSERT INTO counted VALUES (1)")
            try:
                async with connection.transaction():
                    await connection.execute("INSERT INTO counted VALUES (2)")
                    await connection.execute("SELECT 1 / 0")
            except asyncpg.DivisionByZeroError:
                pass
            await connection.execute("INSERT INTO counted VALUES (3)")

    run(nested())
    equal(ask("SELECT id FROM counted ORDER BY 1"), [(1,), (3,)])
    execute("DROP TABLE counted")


@check("isolation levels")
def _():
    async def level():
        async with connection.transaction(isolation="serializable", readonly=True, deferrable=True):
            return await connection.fetchval("SHOW transaction_isolation")

    equal(run(level()), "serializable")


@check("a failed transaction refuses statements")
def _():
    execute("BEGIN")
    raises(asyncpg.UndefinedTableError, lambda: execute("SELECT * FROM nowhere"))
    raises(asyncpg.InFailedSQLTransactionError, lambda: execute("SELECT 1"))
    execute("ROLLBACK")


def failure(sql, *parameters):
    return raises(asyncpg.PostgresError, lambda: run(connection.fetch(sql, *parameters)))


check.equal("error: position", lambda: [(error.sqlstate, error.position) for error in [failure("SELECT nothing FROM shop.orders")]], [("42703", "8")])
check.equal("error: unique key", lambda: [(error.sqlstate, error.constraint_name, error.detail) for error in [failure("INSERT INTO shop.customers VALUES ($1, 'Di')", 1)]], [("23505", "customers_pkey", "Key (customer_id)=(1) already exists.")])
check.equal("error: CHECK", lambda: [(error.sqlstate, error.constraint_name, error.table_name) for error in [failure("INSERT INTO shop.customers (name) VALUES ($1)", "")]], [("23514", "customers_have_names", "customers")])
LONG = "SELECT count(*) FROM generate_series(1, 100000000000)"


@check("cancel by the client's timeout")
def _():
    raises(asyncio.TimeoutError, lambda: run(connection.fetch(LONG, timeout=0.3)))
    equal(ask("SELECT 1"), [(1,)])


@check("statement timeout")
def _():
    execute("SET statement_timeout = 200")
    try:
        raises(asyncpg.QueryCanceledError, lambda: ask(LONG))
    finally:
        execute("RESET statement_timeout")


@check("notices")
def _():
    seen = []
    connection.add_log_listener(lambda _, message: seen.append(message.message))
    execute("DROP TABLE IF EXISTS nowhere")
    run(asyncio.sleep(0.05))
    equal(seen, ['table "nowhere" does not exist, skipping'])


@check("pool")
def _():
    async def pooled():
        async with asyncpg.create_pool(host=host, port=port, user=user, database=database, min_size=2, max_size=4) as pool:
            return sorted(await asyncio.gather(*[pool.fetchval("SELECT $1::integer * 2", number) for number in range(20)]))

    equal(run(pooled()), [number * 2 for number in range(20)])


@check("statements in one text")
def _():
    equal(execute("SELECT 1; SELECT 2"), "SELECT 1")


@check("close")
def _():
    run(connection.close(timeout=5))


check.end()
