"""TPC-H and TPC-DS: data, queries and published answers come at run time from DuckDB's extensions, which carry the kits. Their texts
of the queries are the kits' with the default parameters, in the form that PostgreSQL takes, too."""

from suite import Suite, load_extension


class TpcH(Suite):
    """22 queries; published answers for scales 0.01, 0.1 and 1."""

    def prepare(self, connection):
        load_extension(connection, "tpch")

    def generate(self, connection):
        self.prepare(connection)
        connection.execute(f"CALL dbgen(sf = {self.scale})")

    def queries(self, connection):
        return connection.execute("FROM tpch_queries() ORDER BY 1").fetchall()

    def published(self, connection, number):
        found = connection.execute(f"SELECT answer FROM tpch_answers() WHERE query_nr = {number} AND scale_factor = {self.scale}").fetchone()
        return found and found[0]


class TpcDs(Suite):
    """99 queries."""

    # Keys and quantities are integers in the kit: a sum of theirs is a bigint in Postgres, and divides as one.
    types = {**Suite.types, "BIGINT": "integer"}

    def prepare(self, connection):
        load_extension(connection, "tpcds")

    def generate(self, connection):
        self.prepare(connection)
        connection.execute(f"CALL dsdgen(sf = {self.scale})")

    def queries(self, connection):
        return connection.execute("FROM tpcds_queries() ORDER BY 1").fetchall()
