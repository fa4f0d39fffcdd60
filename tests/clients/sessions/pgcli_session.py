"""pgcli: what it asks to complete names, its own backslash commands, and the program itself in a terminal."""

import os
import pathlib
import sys

import pexpect
import pgcli
from checks import Checks, address, equal
from pgcli.pgexecute import PGExecute
from pgspecial.main import PGSpecial

host, port, user, name = address()
executor = PGExecute(name, user, None, host, port)
special = PGSpecial()
check = Checks()
check.version(f"pgcli {pgcli.__version__}")

check.equal("connect", lambda: executor.superuser, True)
check.equal("search path", lambda: list(executor.search_path()), ["pg_catalog", "public"])
check.equal("schemas", lambda: {"shop", "public", "pg_catalog"} <= set(executor.schemata()), True)
check.equal("tables", lambda: [table for table in executor.tables() if table[0] == "shop"], [("shop", "customers"), ("shop", "every_type"), ("shop", "orders")])
check.equal("views", lambda: [view for view in executor.views() if view[0] == "shop"], [("shop", "large_orders")])
check.equal("columns", lambda: [column for column in executor.table_columns() if column[1] == "customers"], [("shop", "customers", "customer_id", "integer", False, None), ("shop", "customers", "name", "text", False, None), ("shop", "customers", "email", "character varying", False, None), ("shop", "customers", "joined", "date", True, "'2024-01-01'::date")])
check.equal("columns of views", lambda: [column[2:4] for column in executor.view_columns() if column[1] == "large_orders"], [("order_id", "bigint"), ("amount", "numeric")])
check.equal("foreign keys", lambda: list(executor.foreignkeys()), [])
check.equal("databases", lambda: "stoa" in executor.databases(), True)
check.equal("types", lambda: list(executor.datatypes()), [])
check.equal("functions", lambda: any(function.func_name == "lower" and function.return_type == "text" for function in executor.functions()), True)
check.equal("view definition", lambda: "1200" in executor.view_definition("shop.large_orders"), True)
for command, word in {r"\d": "Schema", r"\dt": "Schema", r"\d shop.customers": "character varying(60)", r"\d+ shop.customers": "where to write to", r"\dn": "shop", r"\dn+": "shop", r"\l": "stoa", r"\l+": "stoa", r"\du": "stoa", r"\df abs": "abs", r"\df+ abs": "abs", r"\dT int4": "integer", r"\dv shop.*": "large_orders", r"\ds shop.*": "ticket_numbers", r"\di shop.*": "orders_key", r"\dm": "", r"\dx": "", r"\dD": "", r"\dE": "", r"\db": "pg_default", r"\ddp": "", r"\dF": "", r"\sf now": "now", r"\dp shop.customers": "customers"}.items():

    @check(command)
    def _(command=command, word=word):
        shown = ""
        for title, rows, headers, status in special.execute(executor.conn.cursor(), command):
            shown += f"{title} {headers} {list(rows) if rows else ''} {status}"
        if word not in shown:
            raise AssertionError(f"no {word!r} in {shown[:300]}")


@check("statements")
def _():
    results = list(executor.run("SELECT 1 AS one; SELECT 2 AS two"))
    equal(results[0][2], ["one"])


@check("the program in a terminal")
def _():
    environment = {**os.environ, "TERM": "xterm", "PAGER": "cat", "HOME": os.environ.get("TMPDIR", "/tmp")}
    child = pexpect.spawn(str(pathlib.Path(sys.executable).parent / "pgcli"), ["-w", "--pgclirc", "/dev/null", "--less-chatty"], encoding="utf-8", timeout=30, env=environment, dimensions=(50, 200))
    child.expect("stoa>")
    child.send("SELECT name FROM shop.customers WHERE customer_id = 1;\r")
    child.expect("Ada")
    child.send("\\q\r")
    child.expect(pexpect.EOF)


check.end()
