"""Dashboard questions over 1, 8 and 64 connections at once, and short questions beside long ones. Stoa is asked over the wire by
processes of their own; the others in process, by a thread per connection. Every answer is compared with DuckDB's. Fails only on
wrong answers, never on times."""

import zlib

import concurrency_tables
import dashboard
import drive
import generators
import machine
import mode
import report
import wire
from answers import difference
from drive_threads import ClickHouseThreads, DuckDBThreads
from peer import PeerError, Remote
from peer_stoa import Stoa
from suite import Suite


def options_of(arguments):
    """The command line."""
    found = mode.parser("concurrency", __doc__, "10M")
    mode.peers_option(found, "stoa,duckdb,clickhouse")
    found.add_argument("--connections", default="1,8,64", help="how many at once, comma-separated (default 1,8,64)")
    found.add_argument("--seconds", type=float, default=5, help="how long each measurement takes (default 5)")
    found.add_argument("--pause", type=float, default=0.25, help="mean seconds between a connection's questions, where they pause (default 0.25)")
    found.add_argument("--questions", type=int, default=600, help="how many different questions (default 600)")
    found.add_argument("--processes", type=int, default=2, help="client processes (default 2)")
    found.add_argument("--seed", type=int, default=1, help="of literals, order and pauses (default 1)")
    return mode.read(found, arguments)


class OverTheWire:
    """Stoa and its load."""

    def __init__(self, options, folder, parquet):
        self.peer, self.name = Stoa(folder, options.threads, options.stoa, str(parquet)), "Stoa"
        self._processes, self._requests, self._checksums = options.processes, [], []

    def call(self, method, *arguments):
        """As a Remote has it, but for the time."""
        return None, getattr(self.peer, method)(*arguments)

    def prepare(self, statements, answers):
        """Takes the questions; asks each once for the answer's bytes."""
        connection = wire.connect(self.peer.port)
        self._requests = [wire.simple(sql) for sql in statements]
        self._checksums = [zlib.crc32(wire.check(wire.ask(connection, request))) for request in self._requests]
        connection.close()

    def run(self, plan, seconds):
        """`plan` is a list of (numbers of questions, mean pause, seed). Seconds, latencies by lane, shares."""
        lanes = []
        for numbers, pause, seed in plan:
            requests, sums = [self._requests[number] for number in numbers], [self._checksums[number] for number in numbers]
            lanes.append(drive.Lane(requests, expected=sums, pause=pause, seed=seed))
        shares = machine.Shares(self.peer.server.pid)
        took, *work = drive.drive(self.peer.port, drive.spread(lanes, self._processes), seconds)
        return took, [lane.latencies for lane in lanes], shares.end(took, *work)

    def stop(self):
        """Ends the server."""
        self.peer.close()


class InProcess(Remote):
    """A database in a process of its own, asked by threads there."""

    def prepare(self, statements, answers):
        """Takes the questions."""
        self._questions = list(zip(statements, answers))

    def run(self, plan, seconds):
        """As above; what Python takes counts as the database's."""
        shares = machine.Shares(self._process.pid)
        _, (took, latencies) = self.call("drive", plan, self._questions, seconds)
        return took, latencies, shares.end(took, 0.0)


def make(name, options, folder, parquet):
    """A peer by its name."""
    if name == "stoa":
        return OverTheWire(options, folder, parquet)
    return InProcess({"duckdb": DuckDBThreads, "clickhouse": ClickHouseThreads}[name](folder, options.threads))


def ready(peer, parquet, statements, reference, result):
    """Loads a peer and checks its answers, one question at a time; gives them."""
    suite = Suite("sales")
    mode.progress(f"{peer.name}: loading")
    peer.call("open")
    result["versions"][peer.name] = peer.call("version")[1]
    dialect = {"Stoa": "stoa", "DuckDB": "duckdb", "ClickHouse": "clickhouse"}[peer.name]
    peer.call("load", suite.schema(dialect), {"sales": str(parquet / "sales")})
    answers = [peer.call("query", sql, {})[1] for sql in statements]
    problems = [(sql, difference(expected, actual)) for sql, expected, actual in zip(statements, reference or answers, answers)]
    wrong = [f"{sql}: {problem}" for sql, problem in problems if problem]
    if wrong:
        result["problems"][f"{peer.name}, {len(wrong)} wrong answers"] = "; ".join(wrong[:3])
    peer.prepare(statements, answers)
    return answers


def crowd(options, peer, count, pause, short):
    """One measurement: so many connections, each asking short questions, with or without pauses."""
    plan = [(short, pause, options.seed * 1000 + number) for number in range(count)]
    took, latencies, shares = peer.run(plan, options.seconds)
    times = spread_of(latencies)
    fewest = min(len(lane) for lane in latencies) * count / max(times["count"], 1)
    return {"connections": count, "pause": pause, "queries_per_second": times["count"] / took, "fewest": fewest, **times, **shares}


def beside(options, peer, short, long):
    """Short questions over 4 connections, alone and beside 2 with each of the long ones (their numbers by name), over and over."""
    plan = [(short, 0.02, options.seed * 2000 + number) for number in range(4)]
    _, alone, _ = peer.run(plan, options.seconds)
    every = {"alone": {"short": spread_of(alone)}}
    for name, place in long.items():
        _, long_alone, _ = peer.run([([place], 0.0, 1)], 0.5)
        took, both, shares = peer.run(plan + [([place], 0.0, number) for number in range(2)], options.seconds)
        short_times, long_times = spread_of(both[: len(plan)]), spread_of(both[len(plan) :])
        every[name] = {"short": short_times, "long": long_times, "long_alone": spread_of(long_alone), "seconds": took, **shares}
        mode.progress(f"{peer.name}: beside {name}: {report.milliseconds(short_times['p50'])} ms")
    return every


def spread_of(lanes):
    """What is told of the times of some lanes."""
    return mode.spread([time for lane in lanes for time in lane])


def measure(options, peer, long):
    """All measurements of one peer; `long` are the numbers of the long questions, all before them are short."""
    short, found = list(range(options.questions)), {"crowds": []}
    peer.run([(short, 0.0, 0)], min(options.seconds, 2))
    for pause in (0.0, options.pause):
        for connections in map(int, options.connections.split(",")):
            found["crowds"].append(crowd(options, peer, connections, pause, short))
            mode.progress(f"{peer.name}: {connections} connections, pause {pause:g} s: {found['crowds'][-1]['queries_per_second']:.0f} queries/s")
    found["beside"] = beside(options, peer, short, long)
    return found


def main(arguments):
    """One run."""
    options, reference = options_of(arguments), None
    parquet = mode.parquet(options)
    long = dashboard.long_questions(generators.count(options.rows))
    statements = [*dashboard.questions(parquet, options.questions, options.seed), *long.values()]
    numbers = {name: options.questions + place for place, name in enumerate(long)}
    result, folder = mode.head(options), mode.folder(options)
    result["measurements"] = {}
    # DuckDB first: the others are compared with it.
    for name in sorted(options.peers, key=["duckdb", "stoa", "clickhouse"].index):
        peer = make(name, options, folder, parquet)
        try:
            answers = ready(peer, parquet, statements, reference, result)
            reference = reference or answers
            result["measurements"][peer.name] = measure(options, peer, numbers)
        except (PeerError, wire.WireError) as error:
            result["problems"][peer.name] = str(error)
        finally:
            peer.stop()
    return mode.finish(options, result, concurrency_tables.tables(result), concurrency_tables.picture(result))
