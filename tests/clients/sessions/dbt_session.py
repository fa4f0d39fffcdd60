"""dbt-postgres: a project of its own (the folder dbt) is seeded, run twice, tested, snapshot and documented; what it made is read back."""

import importlib.metadata
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import psycopg2
from checks import Checks, equal, url

PROJECT = pathlib.Path(tempfile.mkdtemp()) / "project"
shutil.copytree(pathlib.Path(__file__).parent.parent / "dbt", PROJECT)
DBT = pathlib.Path(sys.executable).parent / "dbt"
check = Checks()
check.version(f"dbt-postgres {importlib.metadata.version('dbt-postgres')}")
environment = {**os.environ, "DBT_PROFILES_DIR": str(PROJECT), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1"}


def dbt(*arguments):
    """Runs a command of dbt; gives what became of each node."""
    ended = subprocess.run([str(DBT), "--no-use-colors", *arguments], cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=280)
    if ended.returncode != 0:
        lines = [line for line in ended.stdout.splitlines() if "rror" in line or "FAIL" in line]
        raise AssertionError(" / ".join(lines)[:380] or ended.stdout[-300:])
    results = json.loads((PROJECT / "target/run_results.json").read_text())["results"] if (PROJECT / "target/run_results.json").exists() else []
    return {result["unique_id"].split(".")[2]: result["status"] for result in results}


def ask(sql):
    connection = psycopg2.connect(url())
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute(sql)
    rows = cursor.fetchall() if cursor.description else []
    connection.close()
    return [tuple(str(value) if value is not None else None for value in row) for row in rows]


check.equal("debug", lambda: dbt("debug") is not None, True)
check.equal("seed", lambda: dbt("seed"), {"raw_customers": "success", "raw_orders": "success"})
check.equal("seeded types", lambda: ask("SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'dbt_shop' AND table_name = 'raw_orders' ORDER BY ordinal_position"), [("id", "integer"), ("customer_id", "integer"), ("amount", "double precision"), ("placed_at", "timestamp without time zone"), ("is_paid", "boolean")])
MODELS = {name: "success" for name in ("customer_totals", "order_appends", "order_log", "order_merges", "stg_orders")}
check.equal("run", lambda: dict(sorted(dbt("run").items())), MODELS)
check.equal("a table", lambda: ask("SELECT customer_id, name, paid FROM dbt_shop.customer_totals ORDER BY 1"), [("1", "Ada", "10.5"), ("2", "Bo", "5.0"), ("3", "Cy, the third", "7.75")])
check.equal("persisted documentation", lambda: ask("SELECT obj_description('dbt_shop.customer_totals'::regclass), col_description('dbt_shop.customer_totals'::regclass, 1), obj_description('dbt_shop.stg_orders'::regclass)"), [("What each customer has paid.", "The customer's number.", "Orders as they come.")])


@check("run again: incremental models, tables swapped")
def _():
    ask("INSERT INTO dbt_shop.raw_orders VALUES (5, 2, 1.25, '2024-03-05 00:00:00', true)")
    equal(dict(sorted(dbt("run").items())), MODELS)


check.equal("incremental by delete and insert", lambda: ask("SELECT count(*), max(order_id) FROM dbt_shop.order_log"), [("5", "5")])
check.equal("incremental by append", lambda: ask("SELECT count(*) FROM dbt_shop.order_appends"), [("9",)])
check.equal("incremental by MERGE", lambda: ask("SELECT count(*), sum(amount) FROM dbt_shop.order_merges"), [("5", "44.75")])
check.equal("full refresh", lambda: set(dbt("run", "--full-refresh", "--select", "order_log", "order_merges").values()), {"success"})
check.equal("test", lambda: (len(found := dbt("test")), set(found.values())), (6, {"pass"}))
check.equal("store failures of tests", lambda: set(dbt("test", "--store-failures", "--select", "customer_totals").values()), {"pass"})
check.equal("snapshot", lambda: dbt("snapshot"), {"customers_snapshot": "success"})


@check("snapshot again, after changes")
def _():
    ask("UPDATE dbt_shop.raw_customers SET name = 'Bea' WHERE id = 2")
    ask("INSERT INTO dbt_shop.raw_customers VALUES (4, 'Di', '2024-04-01', 4)")
    equal(dbt("snapshot"), {"customers_snapshot": "success"})
    equal(ask("SELECT id, name, dbt_valid_to IS NULL FROM dbt_shop.customers_snapshot ORDER BY 1, 3"), [("1", "Ada", "True"), ("2", "Bo", "False"), ("2", "Bea", "True"), ("3", "Cy, the third", "True"), ("4", "Di", "True")])


@check("docs generate")
def _():
    dbt("docs", "generate")
    catalog = json.loads((PROJECT / "target/catalog.json").read_text())
    equal(catalog["errors"], None)
    totals = catalog["nodes"]["model.shop.customer_totals"]
    equal([column["type"] for column in totals["columns"].values()], ["integer", "text", "double precision", "timestamp without time zone"])
    equal([totals["metadata"][key] for key in ("type", "owner", "comment")], ["BASE TABLE", "stoa", "What each customer has paid."])


check.equal("build", lambda: set(dbt("build").values()) <= {"success", "pass"}, True)
check.equal("show", lambda: dbt("show", "--select", "customer_totals") is not None, True)
check.equal("list", lambda: dbt("ls") is not None, True)
check.end()
