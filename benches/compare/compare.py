"""Loads the same Parquet files into Stoa, DuckDB and ClickHouse, asks the same questions of all, checks that the answers agree,
and prints who took how long. See ../README.md for what is measured how."""

import argparse
import datetime
import importlib
import json
import pathlib
import shutil
import statistics
import sys

import generators
import growth
import machine
import mode
import report
import ties
from peer import PeerError, Remote
from peer_clickhouse import ClickHouse
from peer_duckdb import DuckDB
from peer_stoa import Stoa
from suite import Suite

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(prog="run.sh", description=__doc__)
    parser.add_argument("suite", help="one of: " + ", ".join(Suite.names()) + "; or a mode with options of its own: " + ", ".join(mode.NAMES))
    parser.add_argument("--rows", help="rows of the largest table: 1000000, 10M (default), 1G")
    parser.add_argument("--scale", help="scale factor of suites that have one instead (tpch, ssb): 0.1, 1 (default), 10")
    parser.add_argument("--threads", type=int, default=2, help="threads each database may use (default 2)")
    parser.add_argument("--runs", type=int, default=3, help="hot runs in each of the two passes (default 3)")
    parser.add_argument("--no-cold", action="store_true", help="leave out the cold runs, which drop the page cache (as root)")
    parser.add_argument("--peers", default="stoa,duckdb,clickhouse", help="which databases, comma-separated")
    parser.add_argument("--only", default="", help="only queries whose name contains this")
    parser.add_argument("--stoa", default=str(ROOT / "target/release/stoa"), help="the stoa binary")
    parser.add_argument("--parquet", help="folder of Parquet files, <table>/*.parquet, instead of generating them")
    parser.add_argument("--codec", default="snappy", help="compression of generated Parquet: snappy (default), zstd, none")
    parser.add_argument("--data", default=str(HERE / "data"), help="where data and databases go")
    parser.add_argument("--reuse", action="store_true", help="keep databases that an earlier run loaded; no load figures then")
    parser.add_argument("--memory-limit", help="what Stoa alone may take, as `stoa serve --memory-limit` has it: 2GiB; the others keep their defaults")
    parser.add_argument("--growth-from", help="result file of a smaller run of the suite: prints how much longer each query takes")
    parser.add_argument("--json", help="result file (default results/SUITE-ROWS-TIME.json)")
    options = parser.parse_args()
    options.size = size(parser, options)
    return options


def size(parser, options):
    """How much data: `--rows` or `--scale`, whichever the suite has."""
    named = Suite(options.suite).size
    other = {"rows": "scale", "scale": "rows"}[named]
    if getattr(options, other):
        parser.error(f"{options.suite} takes --{named}, not --{other}")
    return getattr(options, named) or {"rows": "10M", "scale": "1"}[named]


def progress(text):
    """A line on standard error."""
    print(text, file=sys.stderr, flush=True)


def count_rows(parquet, tables):
    """Rows of all Parquet files, from their footers."""
    import pyarrow.parquet

    files = [file for table in tables for file in sorted((parquet / table).glob("*.parquet"))]
    return sum(pyarrow.parquet.read_metadata(file).num_rows for file in files)


def make_peers(options, folder, parquet):
    """The databases asked for, each in its process."""
    makers = {
        "stoa": lambda: Stoa(folder, options.threads, str(pathlib.Path(options.stoa).resolve()), str(parquet), options.memory_limit),
        "duckdb": lambda: DuckDB(folder, options.threads),
        "clickhouse": lambda: ClickHouse(folder, options.threads),
    }
    unknown = set(options.peers.split(",")) - set(makers)
    if unknown:
        raise SystemExit(f"there is no peer {', '.join(sorted(unknown))}; there are: {', '.join(makers)}")
    return [Remote(makers[name]()) for name in options.peers.split(",")]


def load(options, suite, peers, parquet, result):
    """Loads every peer, one after another, and opens it anew. Returns those that stand."""
    tables = {table: str(parquet / table) for table in suite.tables}
    standing = []
    for peer in peers:
        try:
            peer.call("open")
            result["versions"][peer.name] = peer.call("version")[1]
            if not options.reuse:
                progress(f"{peer.name}: loading")
                peer.call("forget_peak")
                seconds, _ = peer.call("load", suite.schema(peer.dialect), tables)
                memory = peer.call("peak_memory_bytes")[1]
                peer.call("close")
                open_seconds, _ = peer.call("open")
                result["load"][peer.name] = {
                    "seconds": seconds,
                    "disk_bytes": peer.call("disk_bytes")[1],
                    "peak_memory_bytes": memory,
                    "open_seconds": open_seconds,
                }
                progress(f"{peer.name}: loaded in {seconds:.1f} s")
            peer.call("forget_peak")
            standing.append(peer)
        except PeerError as error:
            result["problems"][peer.name] = str(error)
            progress(f"{peer.name}: {error}")
    return standing


def ask_cold(queries, peers, records):
    """Every query once, in a database just opened, with nothing of its files in memory."""
    for query in queries:
        record = records[query.name]
        for peer in peers:
            sql, settings = query.sql(peer.dialect), query.settings(peer.dialect)
            peer.call("close")
            machine.drop_page_cache()
            peer.call("open")
            try:
                record["times"].setdefault(peer.name, {})["cold"] = peer.call("query", sql, settings)[0]
            except PeerError as error:
                record["times"].pop(peer.name, None)
                record["problems"][peer.name] = str(error)
        progress(f"{query.name}, cold: " + report.times_of(record, "cold"))
    for peer in peers:
        peer.call("forget_peak")


def measure(query, peer, runs, record):
    """One warming run, then hot runs; the very first run of all is kept apart. Returns the answer."""
    sql, settings = query.sql(peer.dialect), query.settings(peer.dialect)
    seconds, rows = peer.call("query", sql, settings)
    record.setdefault("first", seconds)
    for _ in range(runs):
        record.setdefault("hot", []).append(peer.call("query", sql, settings)[0])
    return rows


def judge(query, peers, results):
    """Which peers answer differently from the reference: DuckDB, or else Stoa, or whoever is first."""
    names = sorted(results, key=["DuckDB", "Stoa", "ClickHouse"].index)
    problems = {}
    if len(names) < 2:
        return problems
    reference = next(peer for peer in peers if peer.name == names[0])
    settings = query.settings(reference.dialect)
    full = ties.FullAnswer(lambda sql: reference.call("query", sql, settings)[1], query.sql(reference.dialect), reference.dialect)
    for name in names[1:]:
        try:
            found = ties.compare(full, results[names[0]], results[name])
        except PeerError as error:
            found = f"the answers are not the same row by row, and ties could not be looked at: {error}"
        if found:
            problems[name] = f"differs from {reference.name}: {found}"
    return problems


def ask(options, suite, peers, result):
    """Every query of every peer, interleaved, in order and then in reverse."""
    queries = [query for query in suite.queries if options.only in query.name]
    records = {query.name: {"name": query.name, "times": {}, "problems": {}} for query in queries}
    if not options.no_cold and not machine.can_drop_page_cache():
        progress("no cold runs: only root may drop the page cache")
    elif not options.no_cold:
        ask_cold(queries, peers, records)
    for order in (1, -1):
        for query in queries[::order]:
            record, results = records[query.name], {}
            for peer in peers[::order]:
                if peer.name in record["problems"]:
                    continue
                try:
                    times = record["times"].setdefault(peer.name, {})
                    results[peer.name] = measure(query, peer, options.runs, times)
                except PeerError as error:
                    record["times"].pop(peer.name, None)
                    record["problems"][peer.name] = str(error)
            record["problems"].update(judge(query, peers, results))
            record["row_count"] = len(next(iter(results.values()), []))
            for times in record["times"].values():
                times["hot_min"] = min(times["hot"])
            progress(f"{query.name}: " + report.times_of(record, "hot_min"))
    for record in records.values():
        for times in record["times"].values():
            times["hot_median"] = statistics.median(times["hot"])
        record["verdict"] = "differ" if any("differs" in text for text in record["problems"].values()) else "error" if record["problems"] else "agree"
        # A wrong answer has no time.
        for peer in record["problems"]:
            record["times"].pop(peer, None)
        record["ratio"], record["cold_ratio"] = report.ratio(record, "hot_min"), report.ratio(record, "cold")
    result["queries"] = list(records.values())


def main():
    """One run."""
    if sys.argv[1:2] and sys.argv[1] in mode.NAMES:
        return importlib.import_module(mode.NAMES[sys.argv[1]]).main(sys.argv[2:])
    options = arguments()
    suite = Suite(options.suite)
    smaller = growth.read(options.growth_from, suite.name)
    parquet = generators.parquet(options, suite)
    folder = pathlib.Path(options.data).resolve() / f"{suite.name}-{options.size}-databases"
    if not options.reuse:
        shutil.rmtree(folder, ignore_errors=True)
    result = {
        "suite": suite.name,
        suite.size: options.size,
        "row_count": count_rows(parquet, suite.tables),
        "threads": options.threads,
        "hot_runs": options.runs * 2,
        "stoa_memory_limit": options.memory_limit,
        "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine.machine(),
        "versions": {},
        "parquet_bytes": machine.folder_bytes(parquet),
        "load": {},
        "query_peak_memory_bytes": {},
        "problems": {},
        "queries": [],
    }
    peers = make_peers(options, folder, parquet)
    result["peers"] = [peer.name for peer in peers]
    try:
        standing = load(options, suite, peers, parquet, result)
        ask(options, suite, standing, result)
        for peer in standing:
            result["query_peak_memory_bytes"][peer.name] = peer.call("peak_memory_bytes")[1]
            peer.call("close")
    finally:
        for peer in peers:
            peer.stop()
    stamp = result["time"].replace(":", "").replace("+0000", "Z")
    target = pathlib.Path(options.json) if options.json else HERE / "results" / f"{suite.name}-{options.size}-{stamp}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    result["speed"], result["cold_speed"] = report.speed(result, "hot_min"), report.speed(result, "cold")
    target.write_text(json.dumps(result, indent=1, default=str) + "\n")
    target.with_suffix(".svg").write_text(report.picture(result))
    print(report.text(result))
    if smaller:
        print("\n" + growth.text(smaller, result))
    print(f"\nresults: {target} and .svg beside it")
    wrong = [query["name"] for query in result["queries"] if query["verdict"] != "agree"]
    return 1 if wrong or result["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
