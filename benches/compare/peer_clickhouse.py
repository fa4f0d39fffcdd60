"""ClickHouse in process (chdb): two threads, MergeTree, one session on a folder of its own."""

import io
import pathlib
import re

import machine
from peer import Peer

MOMENT = re.compile(r"timestamptz\s+'([^'+]+)\+00'", re.IGNORECASE)


class ClickHouse(Peer):
    """See the module."""

    name = "ClickHouse"
    dialect = "clickhouse"

    def __init__(self, folder, threads):
        self.folder = pathlib.Path(folder) / "clickhouse"
        self.threads = threads
        self.session = None

    def version(self):
        import chdb

        return f"chdb {chdb.__version__} (ClickHouse {self._rows('SELECT version()')[0][0]})"

    def open(self):
        from chdb import session

        self.folder.mkdir(parents=True, exist_ok=True)
        self.session = session.Session(str(self.folder))
        self._do(f"SET max_threads = {self.threads}")
        self._do(f"SET max_insert_threads = {self.threads}")
        self._do("SET session_timezone = 'UTC'")
        self._do("CREATE DATABASE IF NOT EXISTS bench ENGINE = Atomic")
        self._do("USE bench")

    def _do(self, sql):
        self.session.query(sql)

    def _rows(self, sql):
        import pyarrow

        answer = self.session.query(sql, "ArrowStream").bytes()
        if not answer:
            return []
        table = pyarrow.ipc.open_stream(io.BytesIO(answer)).read_all()
        return list(zip(*(column.to_pylist() for column in table.columns))) if table.num_columns else []

    def load(self, schema, tables):
        for statement in schema:
            self._do(statement)
        for table, folder in tables.items():
            self._do(f"INSERT INTO {table} SELECT * FROM file('{folder}/*.parquet', Parquet)")

    def query(self, sql, settings):
        sql = MOMENT.sub(r"toDateTime64('\1', 6, 'UTC')", sql)
        if settings:
            sql += " SETTINGS " + ", ".join(f"{name} = {value}" for name, value in settings.items())
        return self._rows(sql)

    def disk_bytes(self):
        rows = self._rows("SELECT toInt64(sum(bytes_on_disk)) FROM system.parts WHERE active AND database = 'bench'")
        return rows[0][0]

    def peak_memory_bytes(self):
        return machine.peak_memory_bytes()

    def forget_peak(self):
        machine.forget_peak()

    def close(self):
        self.session.close()
