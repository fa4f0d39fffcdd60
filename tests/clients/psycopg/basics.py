"""What psycopg 3 does by itself: binary and text results, prepared statements, pipelines, COPY both ways, errors, transactions."""

import datetime
import decimal
import sys
import uuid

import psycopg

connection = psycopg.connect(sys.argv[1], autocommit=True)
cursor = connection.cursor()

values = (1, 2**40, 1.5, True, "text", decimal.Decimal("12.30"), datetime.date(2024, 2, 29), uuid.UUID(int=7), b"\x00\xff")
for binary in (False, True):
    cursor = connection.cursor(binary=binary)
    cursor.execute("SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s", values)
    print(cursor.fetchone())
    print([column.name for column in cursor.description][:2], [column.type_code for column in cursor.description])

cursor = connection.cursor()
cursor.execute("CREATE TABLE psycopg_rows (id integer NOT NULL, at timestamptz, amount numeric(10,2), note text)")
cursor.executemany(
    "INSERT INTO psycopg_rows VALUES (%s, %s, %s, %s)",
    [(row, datetime.datetime(2024, 1, row + 1, tzinfo=datetime.timezone.utc), decimal.Decimal(row) / 4, None if row % 3 == 0 else f"row {row}") for row in range(10)],
)
print(cursor.rowcount)
cursor.execute("SELECT count(*), sum(amount), min(at) AT TIME ZONE 'UTC', count(note) FROM psycopg_rows")
print(cursor.fetchone())

for repetition in range(8):
    cursor.execute("SELECT amount FROM psycopg_rows WHERE id = %s", (repetition,))
print(cursor.fetchone())

with cursor.copy("COPY psycopg_rows (id, note) FROM STDIN") as copy:
    copy.write_row((100, "copied"))
    copy.write_row((101, None))
with cursor.copy("COPY (SELECT id, note FROM psycopg_rows WHERE id >= 100 ORDER BY id) TO STDOUT") as copy:
    print(list(copy.rows()))
with cursor.copy("COPY (SELECT id, note FROM psycopg_rows WHERE id >= 100 ORDER BY id) TO STDOUT (FORMAT binary)") as copy:
    copy.set_types(["int4", "text"])
    print(list(copy.rows()))

with connection.pipeline():
    first = connection.execute("SELECT 1")
    second = connection.execute("SELECT 2")
print(first.fetchone(), second.fetchone())

try:
    cursor.execute("SELECT 1 / 0")
except psycopg.errors.DivisionByZero as error:
    print(type(error).__name__, error.sqlstate)

try:
    with connection.transaction():
        cursor.execute("DELETE FROM psycopg_rows")
        raise KeyError("undo")
except KeyError:
    pass
cursor.execute("SELECT count(*) FROM psycopg_rows")
print(cursor.fetchone())

cursor.execute("UPDATE psycopg_rows SET note = 'changed' WHERE id < 3")
print(cursor.rowcount)
cursor.execute("DROP TABLE psycopg_rows")
