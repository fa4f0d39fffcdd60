"""Server-side cursors of psycopg 3: read in parts, scrolled, held, binary, with parameters."""

import sys

import psycopg

connection = psycopg.connect(sys.argv[1])

with connection.cursor(name="plain") as cursor:
    cursor.itersize = 40
    cursor.execute("SELECT n, 'row ' || n AS name FROM generate_series(1, %s) AS g (n)", (100,))
    print([(column.name, column.type_code) for column in cursor.description])
    print(cursor.fetchone(), cursor.fetchmany(2), sum(1 for _ in cursor), cursor.fetchone())

with connection.cursor(name="big") as cursor:
    cursor.execute("SELECT n FROM generate_series(1, 100000) AS g (n)")
    print(sum(row[0] for row in cursor))

with connection.cursor(name="binary", binary=True) as cursor:
    cursor.execute("SELECT n, n::numeric(10, 2), n % 2 = 0 FROM generate_series(1, 3) AS g (n)")
    print(cursor.fetchall())

with connection.cursor(name="scrolled", scrollable=True) as cursor:
    cursor.execute("SELECT n FROM generate_series(1, 20) AS g (n)")
    print(cursor.fetchmany(3))
    cursor.scroll(5)
    print(cursor.fetchone())
    cursor.scroll(-4)
    print(cursor.fetchone())
    cursor.scroll(0, mode="absolute")
    print(cursor.fetchone())
    cursor.scroll(19, mode="absolute")
    print(cursor.fetchone(), cursor.fetchone())

with connection.cursor(name="straight", scrollable=False) as cursor:
    cursor.execute("SELECT n FROM generate_series(1, 20) AS g (n)")
    cursor.fetchmany(3)
    try:
        cursor.scroll(-2)
        print(cursor.fetchone())
    except psycopg.errors.ObjectNotInPrerequisiteState as error:
        print(error.sqlstate, error.diag.message_primary, error.diag.message_hint)
connection.rollback()

held = connection.cursor(name="held", withhold=True, scrollable=True)
held.execute("SELECT n FROM generate_series(1, 10) AS g (n)")
print(held.fetchmany(4))
connection.commit()
print(held.fetchmany(2))
held.scroll(0, mode="absolute")
print(held.fetchone())
print(connection.execute("SELECT name, is_holdable FROM pg_cursors").fetchall())
held.close()
print(connection.execute("SELECT count(*) FROM pg_cursors").fetchone())

lost = connection.cursor(name="lost")
lost.execute("SELECT 1")
connection.commit()
try:
    lost.fetchone()
except psycopg.errors.InvalidCursorName as error:
    print(error.sqlstate, error.diag.message_primary)
connection.rollback()

connection.autocommit = True
try:
    with connection.cursor(name="alone") as cursor:
        cursor.execute("SELECT 1")
except psycopg.errors.NoActiveSqlTransaction as error:
    print(error.sqlstate, error.diag.message_primary)
with connection.cursor(name="alone", withhold=True) as cursor:
    cursor.execute("SELECT 1")
    print(cursor.fetchall())

# FETCH again and again, prepared: the cursor of that name may have other columns.
for query in ("SELECT 1 AS a", "SELECT 2 AS a, 'x' AS b"):
    with connection.transaction():
        connection.execute(f"DECLARE c CURSOR FOR {query}")
        print(connection.execute("FETCH c", prepare=True).fetchall())
