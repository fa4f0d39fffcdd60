"""What is taken in by the mode `ingest`: the sales of Parquet files as they are, as csv files, as rows of INSERT statements; with the
sums that tell whether all of it arrived. Makes requests, never sends them."""

import wire

CHECK = "SELECT count(*), coalesce(sum(revenue_cents), 0), coalesce(sum(product_id), 0) FROM {table}"
COLUMNS = "sale_date, product_id, customer_id, region, channel, quantity, revenue_cents, discount_pct"
PRODUCT, REVENUE = 1, 6
# Rows in one request, by the way they are sent; `pipelined` binds that often before one Sync, which is one transaction.
ROWS_PER_REQUEST = {"simple": 1, "prepared": 1, "pipelined": 100, "multi-row": 1000}
PREPARED = ("prepared", "pipelined")
CHUNK = 1 << 18
PART_ROWS = 100_000


def plus(*sums):
    """Counts and sums added up."""
    return tuple(map(sum, zip(*sums)))


def values(row):
    """A row as SQL."""
    return "(" + ", ".join(f"'{value}'" if not isinstance(value, int) else str(value) for value in row) + ")"


class Endless:
    """Requests without end, of a list of items over and over, and the sums that the first so many of them bring."""

    def __init__(self, sums):
        self._sums = sums

    def __len__(self):
        return 1 << 60

    def before(self):
        """What is sent once, before all requests."""
        return None

    def added(self, done):
        """The sums of so many requests."""
        rounds, rest = divmod(done, len(self._sums))
        return plus(*([tuple(value * rounds for value in plus(*self._sums))] if rounds else []), *self._sums[:rest], (0, 0, 0))


class InsertRequests(Endless):
    """A connection's rows, sent in one of the ways above."""

    def __init__(self, table, rows, how):
        per = ROWS_PER_REQUEST[how]
        self._groups = [rows[start : start + per] for start in range(0, len(rows) - per + 1, per)]
        super().__init__([(per, sum(row[REVENUE] for row in group), sum(row[PRODUCT] for row in group)) for group in self._groups])
        self._head, self._how, self._made = f"INSERT INTO {table} VALUES ", how, []

    def before(self):
        """Makes all requests; what is sent once, before: the prepared statement."""
        self._made = [self._make(number) for number in range(len(self._groups))]
        marks = ", ".join(f"${place}" for place in range(1, 9))
        return wire.parse("insert", f"{self._head}({marks})") + wire.SYNC if self._how in PREPARED else None

    def sql(self, number):
        """The statement, where it is one of the simple protocol."""
        return self._head + ", ".join(map(values, self._groups[number % len(self._groups)]))

    def parameters(self, number):
        """The same with parameters, for one row."""
        return self._head + "(?, ?, ?, ?, ?, ?, ?, ?)", self._groups[number % len(self._groups)][0]

    def _make(self, number):
        if self._how not in PREPARED:
            return wire.simple(self.sql(number))
        return b"".join(wire.execute("insert", row) for row in self._groups[number]) + wire.SYNC

    def __getitem__(self, number):
        return self._made[number % len(self._made)]


class CsvRequests(Endless):
    """COPY statements of csv files; `groups` are the files of each, with the sums of each group."""

    def __init__(self, table, groups, sums):
        super().__init__(sums)
        self._table, self._groups = table, groups

    def __getitem__(self, number):
        parts = [wire.simple(f"COPY {self._table} FROM STDIN (FORMAT csv)")]
        for file in self._groups[number % len(self._groups)]:
            with open(file, "rb") as lines:
                while chunk := lines.read(CHUNK):
                    parts.append(wire.message(b"d", chunk))
        return b"".join([*parts, wire.message(b"c", b"")])


class Source:
    """The rows, in all their forms; csv files are made in a folder."""

    def __init__(self, parquet, folder, insert_rows=80_000):
        import duckdb

        self.parquet, self.csv_folder = parquet, folder / "csv"
        self.csv_folder.mkdir()
        ask = duckdb.connect().execute
        ask(f"CREATE TABLE sales AS SELECT {COLUMNS} FROM read_parquet('{parquet}/sales/*.parquet')")
        self.sums = ask(CHECK.format(table="sales")).fetchone()
        self.insert_rows = [(str(row[0]), *row[1:]) for row in ask(f"FROM sales LIMIT {insert_rows}").fetchall()]
        self.files, self.file_sums = [], []
        for start in range(0, self.sums[0], PART_ROWS):
            where = f"rowid >= {start} AND rowid < {start + PART_ROWS}"
            self.files.append(str(self.csv_folder / f"{start:012}.csv"))
            ask(f"COPY (SELECT {COLUMNS} FROM sales WHERE {where}) TO '{self.files[-1]}' (FORMAT csv, HEADER false)")
            self.file_sums.append(ask(CHECK.format(table="sales") + f" WHERE {where}").fetchone())

    def rows_of(self, connection, connections):
        """The rows that one of some connections inserts."""
        size = len(self.insert_rows) // connections
        return self.insert_rows[connection * size : (connection + 1) * size]

    def inserts(self, table, connections, how):
        """Each connection's requests."""
        return [InsertRequests(table, self.rows_of(number, connections), how) for number in range(connections)]

    def csv_whole(self, table):
        """One COPY of all files."""
        return CsvRequests(table, [self.files], [self.sums])

    def csv_parts(self, table):
        """A COPY of each file."""
        return CsvRequests(table, [[file] for file in self.files], self.file_sums)
