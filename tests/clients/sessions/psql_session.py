"""psql: every backslash command that lists things, with lines that must be in its answer; COPY, variables, cursors, errors, Ctrl-C."""

import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time

import pexpect
from checks import Checks, equal

check = Checks()
check.version(subprocess.run(["psql", "--version"], capture_output=True, text=True).stdout.split(")")[1].split("(")[0].strip())
BASE = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1"]
FOLDER = pathlib.Path(tempfile.mkdtemp())


def psql(*commands, options=(), code=0, text=None):
    """What psql prints for commands in one session; fails where its exit code is another or it complains."""
    arguments = [part for command in commands for part in ("-c", command)]
    ended = subprocess.run([*BASE, *options, *arguments], capture_output=True, text=True, timeout=60, input=text, cwd=FOLDER)
    if ended.returncode != code or (code == 0 and "ERROR" in ended.stderr):
        raise AssertionError(f"exit code {ended.returncode}: {ended.stderr or ended.stdout}")
    return ended.stdout if code == 0 else ended.stderr


def tolerant(script, errors=False):
    """What psql prints for a script that it goes on with after errors."""
    ended = subprocess.run(["psql", "-X", "-q", "-At"], capture_output=True, text=True, timeout=60, input=script)
    return ended.stderr if errors else ended.stdout


def single_transaction():
    """Whether a table is there whose script failed after it."""
    (FOLDER / "script.sql").write_text("CREATE TABLE halfway (id integer);\nSELECT 1 / 0;\n")
    psql(options=["-1", "-f", "script.sql"], code=3)
    return psql("SELECT to_regclass('halfway') IS NOT NULL", options=["-At"])


def squeezed(text):
    """Lines without their padding."""
    return [re.sub(r"\s+", " ", line).strip() for line in text.splitlines()]


def holds(text, lines):
    """Fails where a line is missing; `*` in it stands for anything."""
    found = squeezed(text)
    for line in lines:
        pattern = re.compile(".*".join(re.escape(part) for part in line.split("*")))
        if not any(pattern.fullmatch(candidate) for candidate in found):
            raise AssertionError(f"no line {line!r} in {found[:30]}")


def lacks_rows(text):
    """Fails where a list has rows."""
    if text.strip() and "(0 rows)" not in text:
        raise AssertionError(f"rows: {text}")


RELATIONS = {
    r"\d": ["shop | customers | table | stoa", "shop | customers_customer_id_seq | sequence | stoa", "shop | every_type | table | stoa", "shop | large_orders | view | stoa", "shop | orders | table | stoa", "shop | ticket_numbers | sequence | stoa", "(6 rows)"],
    r"\d+": ["shop | customers | table | stoa | permanent | heap | * | who has bought", "shop | large_orders | view | stoa | permanent | | * | worth a call"],
    r"\dt": ["Schema | Name | Type | Owner", "shop | orders | table | stoa", "(3 rows)"],
    r"\dt+": ["shop | customers | table | stoa | permanent | heap | * | who has bought"],
    r"\dt o*": ["shop | orders | table | stoa", "(1 row)"],
    r"\dt *.customers": ["shop | customers | table | stoa"],
    r"\dtvs": ["(6 rows)"],
    r"\dtS pg_class": ["pg_catalog | pg_class | table | *"],
    r"\di": ["shop | customers_email_key | index | stoa | customers", "shop | customers_pkey | index | stoa | customers", "shop | every_type_pkey | index | stoa | every_type", "shop | orders_key | index | stoa | orders", "(4 rows)"],
    r"\di+": ["shop | orders_key | index | stoa | orders | permanent | btree | *"],
    r"\dv": ["shop | large_orders | view | stoa", "(1 row)"],
    r"\dv+": ["shop | large_orders | view | stoa | permanent | * | worth a call"],
    r"\dvS pg_tables": ["pg_catalog | pg_tables | view | *"],
    r"\ds": ["shop | customers_customer_id_seq | sequence | stoa", "shop | ticket_numbers | sequence | stoa", "(2 rows)"],
    r"\ds+": ["shop | ticket_numbers | sequence | stoa | permanent | * |"],
    r"\dn": ["shop | stoa", "public | *"],
    r"\dn+": ["Name | Owner | Access privileges | Description", "shop | stoa | |"],
    r"\dd": [],
    r"\dp": ["Schema | Name | Type | Access privileges | Column privileges | Policies", "shop | customers | table | | |", "shop | ticket_numbers | sequence | | |"],
    r"\z": ["shop | large_orders | view | | |"],
    r"\l": ["stoa | stoa | UTF8 | *"],
    r"\l+": ["stoa | stoa | UTF8 | *"],
    r"\du": ["stoa | *Superuser* | {}"],
    r"\dg+": ["stoa | *Superuser* | {} |"],
    r"\db": ["pg_default | *", "pg_global | *"],
    r"\db+": ["pg_default | *"],
    r"\df abs": ["pg_catalog | abs | bigint | bigint | func", "pg_catalog | abs | numeric | numeric | func", "pg_catalog | abs | double precision | double precision | func"],
    r"\df+ lower": ["pg_catalog | lower | text | text | func | immutable | *"],
    r"\dfa sum": ["pg_catalog | sum | numeric | bigint | agg"],
    r"\dfw row_number": ["pg_catalog | row_number | bigint | | window"],
    r"\dfn now": ["pg_catalog | now | timestamp with time zone | | func"],
    r"\da sum": ["pg_catalog | sum | bigint | integer | *"],
    r"\dT int4": ["pg_catalog | integer | *"],
    r"\dT+ int4": ["pg_catalog | integer | int4 | 4 | | * | | *"],
    r"\dTS numeric": ["pg_catalog | numeric | numeric(precision, *"],
    r"\dL": ["Name | Owner | Trusted | Description"],
    r"\dA": ["btree | Index", "heap | Table"],
    r"\dA+": ["heap | Table | * | heap table access method"],
    r"\dC": ["Source type | Target type | Function | Implicit?", "integer | bigint |* | yes", "date | timestamp without time zone |* | yes"],
    r"\dc": [],
    r"\dO": [],
    r"\dOS": ["pg_catalog | default | *", "pg_catalog | C | *"],
    r"\do ||": ["pg_catalog | || | text | text | text | concatenate", "pg_catalog | || | jsonb | jsonb | jsonb | concatenate"],
    r"\do+ =": ["pg_catalog | = | integer | integer | boolean | * | equal"],
    r"\dconfig statement_timeout": ["statement_timeout | 0"],
    r"\dconfig+ TimeZone": ["TimeZone | * | string | user |"],
}
EMPTY = [r"\dm", r"\dE", r"\dD", r"\des", r"\des+", r"\dew", r"\dew+", r"\deu", r"\deu+", r"\det", r"\det+", r"\dy", r"\dX", r"\dP", r"\dPi+", r"\dRp", r"\dRs", r"\dRs+", r"\drds", r"\ddp", r"\dl", r"\lo_list", r"\dF nowhere", r"\dFd nowhere", r"\dFp nowhere", r"\dFt nowhere"]
WITHOUT_ERROR = [r"\dx", r"\dF", r"\dFd+", r"\dFt+", r"\dAc", r"\dAc+", r"\dAf", r"\dAf+", r"\dAo", r"\dAo+", r"\dAp", r"\dAp+", r"\dS", r"\dS+", r"\df", r"\df+", r"\da", r"\dT", r"\do", r"\dC+", r"\dD+", r"\dO+", r"\dc+", r"\d *", r"\d+ *", r"\dconfig", r"\dconfig+ *", r"\dL+", r"\dp *", r"\d pg_class", r"\d+ information_schema.tables", r"\dtS+", r"\dvS+"]
for command, lines in RELATIONS.items():

    @check(command)
    def _(command=command, lines=lines):
        holds(psql("SET search_path = shop", command), lines)


for command in EMPTY:

    @check(command)
    def _(command=command):
        lacks_rows(psql(command))


for command in WITHOUT_ERROR:

    @check(command)
    def _(command=command):
        if not psql(command).strip():
            raise AssertionError("nothing is printed")


WHOLE = {
    r"\d shop.customers": """
                                  Table "shop.customers"
   Column    |         Type          | Collation | Nullable |             Default
-------------+-----------------------+-----------+----------+----------------------------------
 customer_id | integer               |           | not null | generated by default as identity
 name        | text                  |           | not null |
 email       | character varying(60) |           |          |
 joined      | date                  |           |          | '2024-01-01'::date
Indexes:
    "customers_pkey" PRIMARY KEY, btree (customer_id)
    "customers_email_key" UNIQUE CONSTRAINT, btree (email)
Check constraints:
    "customers_have_names" CHECK (char_length(name) > 0)
""",
    r"\d shop.orders": """
                         Table "shop.orders"
   Column    |           Type           | Collation | Nullable | Default
-------------+--------------------------+-----------+----------+---------
 order_id    | bigint                   |           | not null |
 line        | smallint                 |           | not null |
 customer_id | integer                  |           | not null |
 amount      | numeric(12,2)            |           |          | 0
 placed      | timestamp with time zone |           |          |
Indexes:
    "orders_key" PRIMARY KEY, btree (order_id, line)
""",
    r"\d shop.every_type": """
                        Table "shop.every_type"
    Column     |            Type             | Collation | Nullable | Default
---------------+-----------------------------+-----------+----------+---------
 id            | integer                     |           | not null |
 a_boolean     | boolean                     |           |          |
 a_smallint    | smallint                    |           |          |
 an_integer    | integer                     |           |          |
 a_bigint      | bigint                      |           |          |
 a_real        | real                        |           |          |
 a_double      | double precision            |           |          |
 a_numeric     | numeric(12,2)               |           |          |
 a_text        | text                        |           |          |
 a_varchar     | character varying(20)       |           |          |
 a_char        | character(5)                |           |          |
 a_date        | date                        |           |          |
 a_time        | time without time zone      |           |          |
 a_timestamp   | timestamp without time zone |           |          |
 a_timestamptz | timestamp with time zone    |           |          |
 an_interval   | interval                    |           |          |
 a_uuid        | uuid                        |           |          |
 a_json        | json                        |           |          |
 a_jsonb       | jsonb                       |           |          |
 a_bytea       | bytea                       |           |          |
Indexes:
    "every_type_pkey" PRIMARY KEY, btree (id)
""",
    r"\d shop.large_orders": """
                  View "shop.large_orders"
  Column  |     Type      | Collation | Nullable | Default
----------+---------------+-----------+----------+---------
 order_id | bigint        |           |          |
 amount   | numeric(12,2) |           |          |
""",
    r"\d shop.ticket_numbers": """
                       Sequence "shop.ticket_numbers"
  Type  | Start | Minimum |       Maximum       | Increment | Cycles? | Cache
--------+-------+---------+---------------------+-----------+---------+-------
 bigint |  1000 |       1 | 9223372036854775807 |         1 | no      |     1
""",
    r"\d shop.orders_key": """
            Index "shop.orders_key"
  Column  |   Type   | Key? | Definition
----------+----------+------+------------
 order_id | bigint   | yes  | order_id
 line     | smallint | yes  | line
primary key, btree, for table "shop.orders"
""",
    r"\d shop.customers_customer_id_seq": """
               Sequence "shop.customers_customer_id_seq"
  Type   | Start | Minimum |  Maximum   | Increment | Cycles? | Cache
---------+-------+---------+------------+-----------+---------+-------
 integer |     1 |       1 | 2147483647 |         1 | no      |     1
Sequence for identity column: shop.customers.customer_id
""",
    r"\dd shop.*": """
         Object descriptions
 Schema | Name | Object | Description
--------+------+--------+-------------
(0 rows)
""",
}
for command, expected in WHOLE.items():

    @check(command)
    def _(command=command, expected=expected):
        equal([line for line in squeezed(psql(command)) if line], squeezed(expected.strip("\n")))


@check(r"\d+ of a table and a view")
def _():
    holds(psql(r"\d+ shop.customers"), ["email | character varying(60) | | | | extended | | | where to write to", "Access method: heap"])
    holds(psql(r"\d+ shop.large_orders"), ["amount | numeric(12,2) | | | | main |", "View definition:"])


check.equal(r"\sv", lambda: squeezed(psql(r"\sv shop.large_orders"))[0], "CREATE OR REPLACE VIEW shop.large_orders AS")
check.equal(r"\sv+", lambda: squeezed(psql(r"\sv+ shop.large_orders"))[0], "1 CREATE OR REPLACE VIEW shop.large_orders AS")
check.equal(r"\sf", lambda: squeezed(psql(r"\sf pg_catalog.now"))[0], "CREATE OR REPLACE FUNCTION pg_catalog.now()")
check.equal(r"\conninfo", lambda: 'as user "stoa"' in psql(r"\conninfo"), True)
check.equal(r"\encoding", lambda: psql(r"\encoding"), "UTF8\n")
check.equal(r"\gdesc", lambda: squeezed(psql(text="SELECT an_integer, a_numeric, texts FROM lists.every_list \\gdesc\n"))[2:5], ["an_integer | integer", "a_numeric | numeric(12,2)", "texts | text[]"])
check.equal(r"\gset", lambda: psql(text="SELECT 42 AS answer \\gset\n\\echo :answer\n"), "42\n")
check.equal(r"\gexec", lambda: psql(text="SELECT 'SELECT ' || n FROM generate_series(1, 2) AS n \\gexec\n", options=["-At"]), "1\n2\n")
check.equal(r"\crosstabview", lambda: squeezed(psql(text="SELECT order_id, line, amount FROM shop.orders WHERE order_id < 2 ORDER BY 1, 2 \\crosstabview order_id line amount\n"))[2], "0 | 0.00 | 1.25 | 2.50 | 3.75")
check.equal(r"\x", lambda: squeezed(psql(r"\x", "SELECT 1 AS one"))[0], "-[ RECORD 1 ]")
check.equal("formats", lambda: [psql("SELECT 1 AS a, 'x,y' AS b", options=options) for options in (["--csv"], ["-At"], ["-H"])][:2], ['a,b\n1,"x,y"\n', "1|x,y\n"])
check.equal("every type", lambda: psql("SET TimeZone = 'UTC'", "SELECT * FROM lists.every_list WHERE id = 1", options=["-At"]), '1|t|-12|123456|9007199254740993|1.5|0.1|1234.50|héllo, "wörld"|varying|ab   |2024-02-29|12:34:56.789|2024-02-29 12:34:56.789012|2024-02-29 12:34:56.789012+00|1 mon 2 days 03:04:05.678|a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11|{"b": 1, "a": [true, null]}|{"a": [true, null], "b": 1}|\\x00ff10|{1,NULL,3}|{a,"b c",NULL}\n')
check.equal("NULLs", lambda: psql(r"\pset null '~'", "SELECT a_text, integers FROM lists.every_list WHERE id = 3", options=["-At"]), "~|~\n")
check.equal("variables", lambda: psql(text="\\set id 2\nSELECT name FROM shop.customers WHERE customer_id = :id AND name = :'name';\n", options=["-At", "-v", "name=Bo"]), "Bo\n")
check.equal("cursors by FETCH_COUNT", lambda: psql("SELECT order_id FROM shop.orders ORDER BY 1", options=["-At", "-v", "FETCH_COUNT=64"]).count("\n"), 1000)
check.equal("prepared statements", lambda: psql("PREPARE one (integer) AS SELECT name FROM shop.customers WHERE customer_id = $1", "EXECUTE one (3)", "DEALLOCATE one", options=["-At"]), "Cy\n")


@check(r"\copy in and out")
def _():
    (FOLDER / "rows.csv").write_text('id,note\n1,"a,b"\n2,\n')
    psql("CREATE TABLE copied (id integer, note text)", r"\copy copied FROM 'rows.csv' (FORMAT csv, HEADER)", r"\copy (SELECT * FROM copied ORDER BY id) TO 'out.csv' (FORMAT csv, HEADER)")
    equal((FOLDER / "out.csv").read_text(), (FOLDER / "rows.csv").read_text())
    equal(psql("COPY copied TO STDOUT", r"\copy copied FROM 'nowhere.csv'", code=1).strip(), "nowhere.csv: No such file or directory")
    psql("DROP TABLE copied")


check.equal("COPY FROM STDIN in a script", lambda: psql(text="CREATE TABLE copied (id integer, note text);\nCOPY copied FROM STDIN;\n1\tone\n2\t\\N\n\\.\nSELECT * FROM copied ORDER BY 1;\nDROP TABLE copied;\n", options=["-At"]), "1|one\n2|\n")
check.equal("transactions", lambda: psql(text="BEGIN;\nCREATE TABLE counted (id integer);\nSAVEPOINT here;\nINSERT INTO counted VALUES (1);\nROLLBACK TO here;\nCOMMIT;\nSELECT count(*) FROM counted;\nDROP TABLE counted;\n", options=["-At"]), "0\n")
check.equal("ON_ERROR_ROLLBACK", lambda: tolerant("\\set ON_ERROR_ROLLBACK on\nBEGIN;\nSELECT 1 / 0;\nSELECT 2;\nCOMMIT;\n"), "2\n")
check.equal("--single-transaction", single_transaction, "f\n")
check.equal("error: position", lambda: squeezed(psql("SELECT nothing FROM shop.orders", code=1)), ['ERROR: column "nothing" does not exist', "LINE 1: SELECT nothing FROM shop.orders", "^"])
check.equal("error: detail", lambda: squeezed(psql("INSERT INTO shop.customers VALUES (1, 'Di')", code=1)), ['ERROR: duplicate key value violates unique constraint "customers_pkey"', "DETAIL: Key (customer_id)=(1) already exists."])
check.equal("error: hint", lambda: "HINT:  " in psql("SELECT lower(1)", code=1), True)
check.equal(r"\errverbose", lambda: squeezed(tolerant("SELECT 1 / 0;\n\\o /dev/null\n\\errverbose\n", errors=True))[1], "ERROR: 22012: division by zero")
check.equal("statement timeout", lambda: squeezed(psql("SET statement_timeout = 200", "SELECT count(*) FROM generate_series(1, 100000000000)", code=1)), ["ERROR: canceling statement due to statement timeout"])


@check("Ctrl-C")
def _():
    child = subprocess.Popen([*BASE, "-c", "SELECT count(*) FROM generate_series(1, 100000000000)"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(0.7)
    child.send_signal(signal.SIGINT)
    equal(squeezed(child.communicate(timeout=20)[1])[-1], "ERROR: canceling statement due to user request")


@check("tab completion")
def _():
    child = pexpect.spawn("psql", ["-X"], encoding="utf-8", timeout=10, env={**os.environ, "TERM": "dumb", "PAGER": "cat"})
    child.expect("stoa=# ")
    child.send("SELECT * FROM shop.custo\t")
    child.expect("mers")
    child.sendline(";")
    child.expect("Ada")
    child.sendline("\\q")
    child.expect(pexpect.EOF)


check.equal("psql -l", lambda: "stoa" in subprocess.run(["psql", "-X", "-l"], capture_output=True, text=True).stdout, True)
check.end()
