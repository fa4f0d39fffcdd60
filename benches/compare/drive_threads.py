"""Load on a database in this process: a thread and a cursor of its own for every connection, in a closed loop. The same questions,
pauses and checks as over the wire. Python runs one thread at a time outside of the database, which is these peers' own share."""

import random
import threading
import time

from answers import difference
from peer_clickhouse import ClickHouse
from peer_duckdb import DuckDB


def loop(ask, lane, questions, end, latencies, problems):
    """One connection until `end`; lane is (numbers of questions, mean pause, seed)."""
    numbers, pause, seed = lane
    chance = random.Random(seed)
    while not problems:
        if pause:
            time.sleep(chance.expovariate(1 / pause))
        begin = time.perf_counter()
        if begin >= end:
            return
        number = chance.choice(numbers)
        rows = ask(questions[number][0])
        latencies.append(time.perf_counter() - begin)
        wrong = difference(questions[number][1], rows)
        if wrong:
            problems.append(f"a wrong answer to {questions[number][0]}: {wrong}")


class Threads:
    """What is added to a peer in process; `_ask_anew` gives a function that asks in a session of its own."""

    def drive(self, lanes, questions, seconds):
        """Runs all lanes at once: seconds, latencies by lane."""
        lists, problems, threads = [[] for _ in lanes], [], []
        asks = [self._ask_anew() for _ in lanes]
        begin = time.perf_counter()
        for ask, lane, latencies in zip(asks, lanes, lists):
            work = (ask, lane, questions, begin + seconds, latencies, problems)
            threads.append(threading.Thread(target=self._guarded, args=(problems, *work)))
            threads[-1].start()
        for thread in threads:
            thread.join()
        if problems:
            raise RuntimeError(problems[0])
        return time.perf_counter() - begin, lists

    @staticmethod
    def _guarded(problems, *work):
        try:
            loop(*work)
        except Exception as error:  # one lane's failure is the run's
            problems.append(f"{type(error).__name__}: {error}")


class DuckDBThreads(Threads, DuckDB):
    """A cursor a thread, all on one database."""

    def _ask_anew(self):
        cursor = self.connection.cursor()
        return lambda sql: cursor.execute(sql).fetchall()


class ClickHouseThreads(Threads, ClickHouse):
    """A session a thread: one session does one query at a time."""

    def _ask_anew(self):
        other = ClickHouse(self.folder.parent, self.threads)
        other.open()
        return lambda sql: other.query(sql, {})
