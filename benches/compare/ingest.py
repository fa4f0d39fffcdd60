"""How fast rows come in: Parquet, csv, single rows over 1 and 8 connections, prepared, pipelined, many rows in a statement; and Stoa's
with dashboard questions beside. Counts and sums of every table are compared with the source afterwards. Never counts a row that was
not acknowledged."""

import contextlib

import dashboard
import drive
import ingest_rows
import ingest_tables
import machine
import mode
import wire
from ingest_peers import ClickHouseInserts, DuckDBInserts
from peer import PeerError, Remote, timed
from peer_stoa import Stoa
from suite import Suite

# How rows of INSERT statements are sent, in each peer: what it has no way of is left out.
WAYS = {"Stoa": list(ingest_rows.ROWS_PER_REQUEST), "DuckDB": ["simple", "prepared", "multi-row"], "ClickHouse": ["simple", "multi-row"]}
CONNECTIONS = (1, 8)
# What comes in while questions are asked: by its name, the connections and the way.
BESIDE = {"csv, a COPY per 100,000 rows": (1, "csv"), "single rows, 8 connections": (8, "simple"), "multi-row, 8 connections": (8, "multi-row")}


def options_of(arguments):
    """The command line."""
    found = mode.parser("ingest", __doc__, "4M")
    mode.peers_option(found, "stoa,duckdb,clickhouse")
    found.add_argument("--seconds", type=float, default=4, help="for how long rows are inserted (default 4)")
    found.add_argument("--clients", type=int, default=4, help="connections that ask meanwhile, with a mean pause of 20 ms (default 4)")
    found.add_argument("--seed", type=int, default=1, help="of the questions (default 1)")
    return mode.read(found, arguments)


def keep(peer_name, found, name, actual, expected, seconds, **more):
    """Notes a rate, if the table holds what it should."""
    if tuple(map(int, actual)) != tuple(map(int, expected)):
        raise PeerError(f"{name}: the table holds {actual} instead of {expected}")
    rate = more["rows"] / seconds
    found[name] = {"rows_per_second": rate, "seconds": seconds, **more}
    mode.progress(f"{peer_name}: {name}: {rate:,.0f} rows/s")


class OverTheWire:
    """Stoa, as it takes rows in."""

    name = "Stoa"

    def __init__(self, options, folder, source):
        self._options, self._source, self._folder = options, source, folder
        self._peer = Stoa(folder, options.threads, options.stoa, str(source.parquet))
        self.found, self.beside = {}, {}

    def sums(self, table):
        """What a table holds."""
        return tuple(map(int, self._peer.connection.execute(ingest_rows.CHECK.format(table=table)).fetchone()))

    def table(self, name):
        """An empty table of sales."""
        for statement in Suite("sales").schema("stoa"):
            self._peer.connection.execute(statement.replace("CREATE TABLE sales", f"CREATE TABLE {name}"))
        return name

    def send(self, requests, seconds, questions=()):
        """Sends each connection's requests, with questions beside: lanes and shares."""
        lanes = [drive.Lane(items, once=True) for items in requests]
        shares = machine.Shares(self._peer.server.pid)
        took, *work = drive.drive(self._peer.port, [group for group in (lanes, questions) if group], seconds)
        return lanes, shares.end(took, *work)

    def into(self, found, name, table, requests, seconds, questions=()):
        """One measurement: the rate, each statement's times, the questions' times."""
        before, sync = self.sums(table), [machine.sync_seconds(self._folder)]
        lanes, shares = self.send(requests, seconds, questions)
        sync.append(machine.sync_seconds(self._folder))
        added = ingest_rows.plus(*(lane.requests.added(len(lane.latencies)) for lane in lanes))
        times = {"statement": mode.spread([time for lane in lanes for time in lane.latencies])}
        if questions:
            times["asked"] = mode.spread([time for lane in questions for time in lane.latencies])
        longest, more = max(sum(lane.latencies) for lane in lanes), {"rows": added[0], "sync": sync, **times, **shares}
        keep(self.name, found, name, self.sums(table), ingest_rows.plus(before, added), longest, **more)

    def asking(self):
        """Connections with questions."""
        statements = dashboard.questions(self._source.parquet, 300, self._options.seed)
        requests = [wire.simple(sql) for sql in statements]
        return [drive.Lane(requests, pause=0.02, seed=number) for number in range(self._options.clients)]

    def requests(self, table, connections, how):
        """What the connections send."""
        return [self._source.csv_parts(table)] if how == "csv" else self._source.inserts(table, connections, how)

    def run(self, result):
        """All measurements."""
        options, source = self._options, self._source
        self._peer.open()
        with contextlib.closing(self._peer):
            result["versions"]["Stoa"] = self._peer.version()
            seconds, _ = timed(self._peer.load, Suite("sales").schema("stoa"), {"sales": str(source.parquet / "sales")})
            keep(self.name, self.found, "Parquet", self.sums("sales"), source.sums, seconds, rows=source.sums[0])
            self.into(self.found, "csv", self.table("from_csv"), [source.csv_whole("from_csv")], 0.001)
            for how in WAYS["Stoa"]:
                for count in CONNECTIONS:
                    table = self.table(f"insert_{how.replace('-', '_')}_{count}")
                    self.into(self.found, f"{how}, {count}", table, self.requests(table, count, how), options.seconds)
            questions = self.asking()
            drive.drive(self._peer.port, [questions], options.seconds)
            self.beside["questions alone"] = {"asked": mode.spread([time for lane in questions for time in lane.latencies])}
            for name, (count, how) in BESIDE.items():
                for words, asked in ((name, ()), (f"{name}, asked", self.asking())):
                    self.into(self.beside, words, "sales", self.requests("sales", count, how), options.seconds, asked)


class InProcess:
    """A peer in a process of its own."""

    def __init__(self, peer, options, source):
        self._peer, self._options, self._source = Remote(peer), options, source
        self.name, self.found, self.beside = peer.name, {}, {}

    def sums(self, table):
        """What a table holds."""
        return self._peer.call("sums", table)[1]

    def run(self, result):
        """All measurements that it has a way of."""
        source, call = self._source, self._peer.call
        schema = Suite("sales").schema(self._peer.dialect)
        try:
            call("open")
            result["versions"][self.name] = call("version")[1]
            seconds, _ = call("load", schema, {"sales": str(source.parquet / "sales")})
            keep(self.name, self.found, "Parquet", self.sums("sales"), source.sums, seconds, rows=source.sums[0])
            call("make_table", schema, "from_csv")
            seconds, _ = call("load_csv", "from_csv", source.files)
            keep(self.name, self.found, "csv", self.sums("from_csv"), source.sums, seconds, rows=source.sums[0])
            for how in WAYS[self.name]:
                for count in CONNECTIONS:
                    self._inserts(schema, how, count)
        finally:
            self._peer.stop()

    def _inserts(self, schema, how, count):
        table = f"insert_{how.replace('-', '_')}_{count}"
        self._peer.call("make_table", schema, table)
        lanes = self._source.inserts(table, count, how)
        _, times = self._peer.call("insert", lanes, how, self._options.seconds)
        added = ingest_rows.plus(*(requests.added(len(found)) for requests, found in zip(lanes, times)))
        longest = max(sum(found) for found in times)
        statement = mode.spread([time for found in times for time in found])
        keep(self.name, self.found, f"{how}, {count}", self.sums(table), added, longest, rows=added[0], statement=statement)


def main(arguments):
    """One run."""
    options = options_of(arguments)
    parquet, result, folder = mode.parquet(options), mode.head(options), mode.folder(options)
    mode.progress("writing csv")
    source = ingest_rows.Source(parquet, folder)
    makers = {
        "stoa": lambda: OverTheWire(options, folder, source),
        "duckdb": lambda: InProcess(DuckDBInserts(folder, options.threads), options, source),
        "clickhouse": lambda: InProcess(ClickHouseInserts(folder, options.threads), options, source),
    }
    result["ingest"], result["beside"] = {}, {}
    for name in options.peers:
        peer = makers[name]()
        try:
            peer.run(result)
        except (PeerError, wire.WireError) as error:
            result["problems"][peer.name] = str(error)
        result["ingest"][peer.name] = peer.found
        result["beside"].update(peer.beside)
    return mode.finish(options, result, ingest_tables.tables(result))
