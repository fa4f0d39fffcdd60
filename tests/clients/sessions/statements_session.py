"""Asks the statements that a client is known to send of Stoa and of a PostgreSQL with the same schema, and compares.

A file holds blocks that begin with a line `-- @ SITUATION`; what follows is one query message, of one statement or several. `{oid:shop.orders}`
stands for the relation's number and `{namespace:shop}` for the schema's. `-- compare: columns` in a block says that its rows depend on
numbers or versions, `-- compare: nothing` that only success counts.

Columns must have the same names, order and types. Types that Stoa's catalog has no values of may be stood in for by simpler ones
(STAND_INS). Rows about Stoa's own schema are left out. Rows are compared as sets, in the order of ORDER BY alone where the client relies on it (`-- ordered`)."""

import os
import pathlib
import re
import sys

import psycopg
from checks import Checks, equal, url

# PostgreSQL's type number, and the one that Stoa may answer with.
STAND_INS = {
    (194, 25): "pg_node_tree as text", (1034, 1009): "aclitem[] as text[]", (28, 26): "xid as oid", (3220, 25): "pg_lsn as text", (22, 1005): "int2vector as smallint[]",
    (30, 1028): "oidvector as oid[]", (2277, 1009): "anyarray as text[]", (1033, 25): "aclitem as text", (869, 25): "inet as text", (28, 20): "xid as bigint", (1043, 25): "varchar as text",
}  # fmt: skip


def plain_text(connection):
    """Every value as the text that the server sends."""
    from psycopg.types.string import TextLoader

    for oid in [info.oid for info in psycopg.adapters.types] + [0]:
        connection.adapters.register_loader(oid, TextLoader)
    return connection


def connect(where):
    """A connection that reads texts."""
    return plain_text(psycopg.connect(where, autocommit=True, options="-c TimeZone=UTC"))


def filled(connection, text):
    """The statement with numbers put in."""

    def number(match):
        kind = {"oid": "regclass", "namespace": "regnamespace", "type": "regtype"}[match.group(1)]
        return connection.execute(f"SELECT '{match.group(2)}'::{kind}::oid").fetchone()[0]

    return re.sub(r"\{(oid|namespace|type):([\w.]+)\}", number, text)


def answers(connection, text):
    """Names and types of columns, and rows, of each result."""
    cursor = connection.execute(filled(connection, text))
    found = []
    while True:
        if cursor.description is not None:
            found.append(([(column.name, column.type_code) for column in cursor.description], cursor.fetchall()))
        if not cursor.nextset():
            return found


def same_columns(ours, theirs):
    """Fails where columns differ."""
    equal([name for name, _ in ours], [name for name, _ in theirs])
    for (name, actual), (_, expected) in zip(ours, theirs, strict=True):
        if actual != expected and (expected, actual) not in STAND_INS:
            raise AssertionError(f"column {name} has type {actual} instead of {expected}")


def without_own(columns, rows, own):
    """Rows that are not about Stoa's own schema: those that name it in a column for schemas, or a relation of it."""
    schemas = [place for place, (name, _) in enumerate(columns) if re.search("schem(a|a_name)?$|nspname|quote_ident", name, re.IGNORECASE)]

    def is_own(row):
        return any(row[place] == "stoa" for place in schemas) or any(isinstance(value, str) and value in own for value in row)

    return [row for row in rows if not is_own(row)]


def same_rows(ours, theirs, is_ordered):
    """Fails where rows differ."""
    if not is_ordered:
        ours, theirs = sorted(ours, key=repr), sorted(theirs, key=repr)
    for number, (actual, expected) in enumerate(zip(ours, theirs)):
        if actual != expected:
            raise AssertionError(f"row {number}: {actual} instead of {expected}")
    equal(len(ours), len(theirs))


def own_names(stoa):
    """The relations of Stoa's own schema, with and without it."""
    names = stoa.execute("SELECT relname FROM pg_class WHERE relnamespace = 'stoa'::regnamespace").fetchall()
    return {form.format(*name) for name in names for form in ("{}", "stoa.{}")}


def blocks(text):
    """Situations and their statements."""
    for block in re.split(r"^-- @ ", text, flags=re.MULTILINE)[1:]:
        situation, _, body = block.partition("\n")
        yield situation.strip(), body.strip()


def compare(stoa, postgres, body):
    """One block."""
    mode = re.search(r"^-- compare: (\w+)$", body, re.MULTILINE)
    theirs, ours = answers(postgres, body), answers(stoa, body)
    if mode and mode.group(1) == "nothing":
        return
    equal(len(ours), len(theirs))
    for (our_columns, our_rows), (their_columns, their_rows) in zip(ours, theirs):
        same_columns(our_columns, their_columns)
        if not mode:
            same_rows(without_own(our_columns, our_rows, own_names(stoa)), their_rows, "-- ordered" in body)


def main():
    """One file."""
    stoa, postgres = connect(url()), connect(os.environ["LOCAL_POSTGRES"])
    check = Checks(lambda: [connection.execute("ROLLBACK") for connection in (stoa, postgres)])
    file = pathlib.Path(sys.argv[1])
    first = file.read_text().splitlines()[0]
    check.version(first.removeprefix("-- Version: ").strip() if first.startswith("-- Version: ") else "")
    for situation, body in blocks(file.read_text()):

        @check(situation)
        def _(body=body):
            compare(stoa, postgres, body)

    check.end()


main()
