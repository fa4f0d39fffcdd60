"""postgres_fdw in a real PostgreSQL 15 whose foreign server is Stoa: imported schemas, pushed-down queries, writes, transactions."""

import datetime
import decimal
import os

import psycopg
from checks import Checks, address, equal, raises
from fixture import EVERY_TYPE, check_reads

host, port, user, name = address()
local = psycopg.connect(os.environ["LOCAL_POSTGRES"], autocommit=True, options="-c TimeZone=UTC")
direct = psycopg.connect(host=host, port=port, user=user, dbname=name, autocommit=True)
check = Checks(lambda: local.rollback())
check.version(f"PostgreSQL {local.info.server_version // 10000}.{local.info.server_version % 10000}")


def ask(sql):
    return local.execute(sql).fetchall()


@check("CREATE SERVER")
def _():
    local.execute("CREATE EXTENSION IF NOT EXISTS postgres_fdw")
    local.execute("DROP SERVER IF EXISTS stoa CASCADE")
    local.execute(f"CREATE SERVER stoa FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{host}', port '{port}', dbname '{name}', fetch_size '100')")
    local.execute(f"CREATE USER MAPPING FOR CURRENT_USER SERVER stoa OPTIONS (user '{user}', password_required 'false')")


@check("IMPORT FOREIGN SCHEMA")
def _():
    local.execute("DROP SCHEMA IF EXISTS remote CASCADE")
    local.execute("CREATE SCHEMA remote")
    local.execute("IMPORT FOREIGN SCHEMA shop FROM SERVER stoa INTO remote OPTIONS (import_default 'true', import_generated 'true')")
    equal(ask("SELECT foreign_table_name FROM information_schema.foreign_tables WHERE foreign_table_schema = 'remote' ORDER BY 1"), [("customers",), ("every_type",), ("large_orders",), ("orders",)])


check.equal("imported types", lambda: [row[0] for row in ask("SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'remote.every_type'::regclass AND attnum > 1 ORDER BY attnum")], [kind for _, kind, *_ in EVERY_TYPE])
check.equal("imported defaults and NOT NULL", lambda: ask("SELECT column_name, is_nullable, column_default FROM information_schema.columns WHERE table_schema = 'remote' AND table_name = 'customers' ORDER BY ordinal_position"), [("customer_id", "NO", None), ("name", "NO", None), ("email", "YES", None), ("joined", "YES", "'2024-01-01'::date")])


@check("IMPORT FOREIGN SCHEMA LIMIT TO")
def _():
    local.execute("DROP SCHEMA IF EXISTS partly CASCADE")
    local.execute("CREATE SCHEMA partly")
    local.execute("IMPORT FOREIGN SCHEMA shop LIMIT TO (orders) FROM SERVER stoa INTO partly")
    equal(ask("SELECT count(*) FROM partly.orders"), [(1000,)])


check_reads(check, lambda sql: ask(sql.replace("shop.", "remote.")))


def remote_sql(sql):
    """What is sent."""
    plan = "\n".join(row[0] for row in ask(f"EXPLAIN (VERBOSE, COSTS OFF) {sql}"))
    return plan.split("Remote SQL: ", 1)[1].splitlines()[0] if "Remote SQL: " in plan else plan


@check("ANALYZE")
def _():
    local.execute("ANALYZE remote.orders")
    local.execute("ANALYZE remote.customers")
    equal(ask("SELECT reltuples::integer FROM pg_class WHERE oid = 'remote.orders'::regclass"), [(1000,)])


PUSHED = {
    "filter": ("SELECT count(*) FROM remote.orders WHERE amount > 1000 AND line IN (1, 2)", "WHERE", [(100,)]),
    "aggregate": ("SELECT customer_id, count(*), sum(amount) FROM remote.orders GROUP BY 1 ORDER BY 1", "GROUP BY 1", [(1, 334, decimal.Decimal("208541.25")), (2, 333, decimal.Decimal("207708.75")), (3, 333, decimal.Decimal("208125.00"))]),
    "join": ("SELECT c.name, max(o.amount) FROM remote.orders o JOIN remote.customers c USING (customer_id) GROUP BY 1 ORDER BY 1", "INNER JOIN", [("Ada", decimal.Decimal("1248.75")), ("Bo", decimal.Decimal("1246.25")), ("Cy", decimal.Decimal("1247.50"))]),
    "outer join": ("SELECT c.name, count(o.order_id) FROM remote.customers c LEFT JOIN remote.orders o ON o.customer_id = c.customer_id AND o.order_id = 0 AND o.line = 2 GROUP BY 1 ORDER BY 1", "LEFT JOIN", [("Ada", 0), ("Bo", 0), ("Cy", 1)]),
    "ORDER BY and LIMIT": ("SELECT order_id, line FROM remote.orders ORDER BY amount DESC LIMIT 2", "LIMIT 2", [(249, 3), (249, 2)]),
    "expressions": ("SELECT count(*) FROM remote.customers WHERE lower(name) = 'ada' AND joined < '2024-06-01'::date + 5 AND email IS NOT NULL", "lower(name)", [(1,)]),
    "HAVING": ("SELECT order_id FROM remote.orders GROUP BY order_id HAVING sum(amount) > 4985 ORDER BY 1", "HAVING", [(249,)]),
    "texts and times": ("SELECT count(*) FROM remote.orders WHERE placed >= '2024-03-02 00:00:00+00'::timestamptz AND placed < '2024-03-03 00:00:00+00'::timestamptz", "placed >=", [(24,)]),
    "semi-join": ("SELECT count(*) FROM remote.orders o WHERE EXISTS (SELECT 1 FROM remote.customers c WHERE c.customer_id = o.customer_id AND c.name = 'Bo')", "SELECT", [(333,)]),
    "DISTINCT and NULLS FIRST": ("SELECT DISTINCT email FROM remote.customers ORDER BY email NULLS FIRST", "SELECT", [(None,), ("ada@example.org",), ("cy@example.org",)]),
}
for what, (sql, fragment, rows) in PUSHED.items():

    @check(f"pushed down: {what}")
    def _(sql=sql, fragment=fragment, rows=rows):
        equal(ask(sql), rows)
        sent = remote_sql(sql)
        if fragment not in sent:
            raise AssertionError(f"sent: {sent}")


check.equal("views", lambda: ask("SELECT count(*) FROM remote.large_orders"), [(39,)])
check.equal("joins with a local table", lambda: ask("SELECT n, name FROM generate_series(2, 3) AS n JOIN remote.customers ON customer_id = n ORDER BY 1"), [(2, "Bo"), (3, "Cy")])
check.equal("parameters", lambda: local.execute("SELECT name FROM remote.customers WHERE customer_id = %s AND joined = %s", (1, datetime.date(2024, 1, 5))).fetchall(), [("Ada",)])


@check("estimates by the remote EXPLAIN")
def _():
    local.execute("ALTER SERVER stoa OPTIONS (ADD use_remote_estimate 'true')")
    try:
        equal(ask("SELECT count(*) FROM remote.orders WHERE line = 1"), [(250,)])
    finally:
        local.execute("ALTER SERVER stoa OPTIONS (DROP use_remote_estimate)")


@check("INSERT, UPDATE, DELETE, RETURNING")
def _():
    equal(ask("INSERT INTO remote.orders VALUES (9000, 1, 1, 5.5, '2025-01-01 00:00:00+00'), (9000, 2, 1, NULL, NULL) RETURNING line"), [(1,), (2,)])
    equal(ask("UPDATE remote.orders SET amount = amount + 1 WHERE order_id = 9000 AND line = 1 RETURNING amount"), [(decimal.Decimal("6.50"),)])
    equal(direct.execute("SELECT line, amount FROM shop.orders WHERE order_id = 9000 ORDER BY 1").fetchall(), [(1, decimal.Decimal("6.50")), (2, None)])
    equal(local.execute("DELETE FROM remote.orders WHERE order_id = 9000").rowcount, 2)


@check("UPDATE by a local join")
def _():
    equal(local.execute("UPDATE remote.customers SET email = 'x' || n FROM generate_series(2, 2) AS n WHERE customer_id = n").rowcount, 1)
    local.execute("UPDATE remote.customers SET email = NULL WHERE customer_id = 2")


@check("DELETE by a local join")
def _():
    local.execute("INSERT INTO remote.orders VALUES (9003, 1, 1, 1, NULL), (9003, 2, 1, 1, NULL), (9003, 3, 1, 1, NULL)")
    equal(local.execute("DELETE FROM remote.orders USING generate_series(2, 3) AS n WHERE order_id = 9003 AND line = n").rowcount, 2)
    equal(direct.execute("SELECT line FROM shop.orders WHERE order_id = 9003").fetchall(), [(1,)])
    local.execute("DELETE FROM remote.orders WHERE order_id = 9003")


@check("batches and COPY")
def _():
    local.execute("ALTER SERVER stoa OPTIONS (ADD batch_size '50')")
    local.execute("INSERT INTO remote.orders SELECT 9001, n, 1, n, NULL FROM generate_series(1, 120) AS n")
    with local.cursor().copy("COPY remote.orders FROM STDIN") as copy:
        copy.write_row((9001, 200, 1, 1, None))
    equal(local.execute("DELETE FROM remote.orders WHERE order_id = 9001").rowcount, 121)


@check("transactions and savepoints")
def _():
    with local.transaction():
        local.execute("INSERT INTO remote.orders VALUES (9002, 1, 1, 1, NULL)")
        try:
            with local.transaction():
                local.execute("INSERT INTO remote.orders VALUES (9002, 2, 1, 1, NULL)")
                local.execute("SELECT 1 / 0")
        except psycopg.errors.DivisionByZero:
            pass
    equal(direct.execute("SELECT line FROM shop.orders WHERE order_id = 9002").fetchall(), [(1,)])
    with local.transaction(force_rollback=True):
        local.execute("DELETE FROM remote.orders WHERE order_id = 9002")
    equal(direct.execute("SELECT count(*) FROM shop.orders WHERE order_id = 9002").fetchall(), [(1,)])
    local.execute("DELETE FROM remote.orders WHERE order_id = 9002")


check.equal("error: unique key", lambda: raises(psycopg.errors.UniqueViolation, lambda: local.execute("INSERT INTO remote.customers VALUES (1, 'Di')")).sqlstate, "23505")


@check("ON CONFLICT DO NOTHING")
def _():
    equal(local.execute("INSERT INTO remote.customers VALUES (1, 'Di') ON CONFLICT DO NOTHING").rowcount, 0)


@check("TRUNCATE")
def _():
    direct.execute("CREATE TABLE shop.emptied AS SELECT 1 AS id")
    local.execute("IMPORT FOREIGN SCHEMA shop LIMIT TO (emptied) FROM SERVER stoa INTO remote")
    local.execute("TRUNCATE remote.emptied")
    equal(direct.execute("SELECT count(*) FROM shop.emptied").fetchall(), [(0,)])
    direct.execute("DROP TABLE shop.emptied")


@check("cursors")
def _():
    with local.transaction(), local.cursor("through") as cursor:
        cursor.execute("SELECT order_id FROM remote.orders ORDER BY 1")
        equal(len(cursor.fetchmany(150)), 150)
        equal(sum(1 for _ in cursor), 850)


check.equal("disconnect", lambda: ask("SELECT postgres_fdw_disconnect_all()"), [(True,)])
check.end()
