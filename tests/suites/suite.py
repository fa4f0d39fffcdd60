"""What every suite has: data as Parquet files, made once; tables of Postgres's types; queries."""

import pathlib
import shutil

import duckdb


def load_extension(connection, name):
    """Loads a DuckDB extension out of its package."""
    package = __import__(f"duckdb_extension_{name}")
    file = next(pathlib.Path(package.__file__).parent.glob(f"extensions/*/{name}.duckdb_extension"))
    connection.execute(f"LOAD '{file}'")


class Suite:
    """See the module. A suite makes its tables in an empty DuckDB (`generate`) and names its queries (`queries`)."""

    default_scale = 0.1
    # DuckDB's types that Postgres calls otherwise.
    types = {"VARCHAR": "text", "DOUBLE": "double precision"}

    def __init__(self, scale):
        self.scale = self.default_scale if scale is None else scale
        self.connection = None

    def generate(self, connection):
        """Makes and fills the tables."""
        raise NotImplementedError

    def queries(self, connection):
        """Numbers and texts."""
        raise NotImplementedError

    def published(self, connection, number):
        """The answer that the kit prints for this scale, if it does."""
        return None

    def open_duckdb(self, folder):
        """DuckDB with the suite's tables; the Parquet files are made unless they are there."""
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            with duckdb.connect() as connection:
                self.generate(connection)
                for (table,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
                    (folder / table).mkdir(parents=True)
                    connection.execute(f"COPY {table} TO '{folder}/{table}/1.parquet' (FORMAT parquet)")
            (folder / "complete").touch()
        self.connection = duckdb.connect()
        self.prepare(self.connection)
        for path in sorted(folder.iterdir()):
            if path.is_dir():
                self.connection.execute(f"CREATE TABLE {path.name} AS FROM '{path}/*.parquet'")
        return self.connection

    def prepare(self, connection):
        """Loads what the queries come from."""

    def tables(self):
        """Names."""
        return [row[0] for row in self.connection.execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall()]

    def schema(self):
        """CREATE TABLE statements."""
        statements = []
        for table in self.tables():
            columns = self.connection.execute(f"SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = '{table}' ORDER BY column_index").fetchall()
            written = ", ".join(f"{name} {self.types.get(kind, kind)}" for name, kind in columns)
            statements.append(f"CREATE TABLE {table} ({written})")
        return statements
