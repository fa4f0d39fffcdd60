"""The mode `ingest` in DuckDB and ClickHouse, in process: files by their own readers, rows by a thread and a cursor or session for each
connection. Never reports rows that were not acknowledged."""

import threading
import time

from ingest_rows import CHECK
from peer_clickhouse import ClickHouse
from peer_duckdb import DuckDB


class Inserts:
    """What is added to a peer in process; `_insert_anew` gives a function that runs the number-th of some requests."""

    def make_table(self, schema, name):
        """An empty table of sales."""
        for statement in schema:
            self.query(statement.replace("CREATE TABLE sales", f"CREATE TABLE {name}"), {})

    def sums(self, table):
        """Count and sums."""
        return tuple(int(value) for value in self.query(CHECK.format(table=table), {})[0])

    def insert(self, lanes, how, seconds):
        """Runs each lane's requests for so long: times of all, by lane."""
        times, problems = [[] for _ in lanes], []
        work = [(self._insert_anew(requests, how), found) for requests, found in zip(lanes, times)]
        end = time.perf_counter() + seconds
        threads = [threading.Thread(target=self._loop, args=(insert, found, end, problems)) for insert, found in work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if problems:
            raise RuntimeError(problems[0])
        return times

    @staticmethod
    def _loop(insert, times, end, problems):
        try:
            while (begin := time.perf_counter()) < end and not problems:
                insert(len(times))
                times.append(time.perf_counter() - begin)
        except Exception as error:  # one thread's failure is the run's
            problems.append(f"{type(error).__name__}: {error}")


class DuckDBInserts(Inserts, DuckDB):
    """A cursor a thread; every statement commits, which syncs its log."""

    def load_csv(self, table, files):
        """All files in one statement."""
        self.connection.execute(f"INSERT INTO {table} SELECT * FROM read_csv({files}, header = false)")
        self.connection.execute("CHECKPOINT")

    def _insert_anew(self, requests, how):
        cursor = self.connection.cursor()
        if how == "prepared":
            return lambda number: cursor.execute(*requests.parameters(number))
        return lambda number: cursor.execute(requests.sql(number))


class ClickHouseInserts(Inserts, ClickHouse):
    """A session a thread; every statement makes a part on disk."""

    def load_csv(self, table, files):
        """All files in one statement."""
        folder = files[0].rsplit("/", 1)[0]
        self._do(f"INSERT INTO {table} SELECT * FROM file('{folder}/*.csv', CSV)")

    def _insert_anew(self, requests, how):
        other = ClickHouse(self.folder.parent, self.threads)
        other.open()
        return lambda number: other.query(requests.sql(number), {})
