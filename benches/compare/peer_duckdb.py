"""DuckDB in process: two threads, a native file, rows in the order of the files."""

import pathlib

import machine
from peer import Peer


class DuckDB(Peer):
    """See the module."""

    name = "DuckDB"
    dialect = "duckdb"

    def __init__(self, folder, threads):
        self.file = pathlib.Path(folder) / "duckdb.db"
        self.threads = threads
        self.connection = None

    def version(self):
        return "DuckDB " + self.connection.execute("SELECT version()").fetchone()[0]

    def open(self):
        import duckdb

        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.connection = duckdb.connect(str(self.file), config={"threads": self.threads})
        self.connection.execute("SET TimeZone = 'UTC'")
        self.connection.execute("SET enable_progress_bar = false")

    def load(self, schema, tables):
        for statement in schema:
            self.connection.execute(statement)
        for table, folder in tables.items():
            self.connection.execute(f"INSERT INTO {table} SELECT * FROM read_parquet('{folder}/*.parquet')")
        self.connection.execute("CHECKPOINT")

    def query(self, sql, settings):
        return self.connection.execute(sql).fetchall()

    def disk_bytes(self):
        return machine.folder_bytes(self.file)

    def peak_memory_bytes(self):
        return machine.peak_memory_bytes()

    def forget_peak(self):
        machine.forget_peak()

    def close(self):
        self.connection.close()
