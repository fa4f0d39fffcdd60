"""What the modes `concurrency`, `ingest` and `server` have alike: command line, data, the head of a result, where it goes. A mode
measures what a list of queries cannot. Never measures anything itself."""

import argparse
import datetime
import json
import pathlib
import shutil
import sys

import chart
import generators
import machine
import report
from suite import Suite

HERE = pathlib.Path(__file__).resolve().parent
# The name of a mode is that of its module.
NAMES = {"concurrency": "concurrency", "ingest": "ingest", "server": "overhead"}


def parser(name, about, rows):
    """The command line, as far as modes share it."""
    found = argparse.ArgumentParser(prog=f"run.sh {name}", description=about)
    found.add_argument("--rows", default=rows, help=f"rows of the table (default {rows})")
    found.add_argument("--threads", type=int, default=2, help="threads each database may use (default 2)")
    found.add_argument("--stoa", default=str(HERE.parent.parent / "target/release/stoa"), help="the stoa binary")
    found.add_argument("--data", default=str(HERE / "data"), help="where data and databases go")
    found.add_argument("--json", help="result file (default results/MODE-ROWS-TIME.json)")
    found.set_defaults(mode=name, parquet=None, codec="snappy")
    return found


def peers_option(found, names):
    """`--peers`, for modes that have others than Stoa."""
    found.add_argument("--peers", default=names, help=f"which databases, comma-separated (default {names})")


def read(found, arguments):
    """The options, with paths made whole."""
    options = found.parse_args(arguments)
    options.size, options.stoa = options.rows, str(pathlib.Path(options.stoa).resolve())
    options.peers = getattr(options, "peers", "stoa").split(",")
    unknown = set(options.peers) - {"stoa", "duckdb", "clickhouse"}
    if unknown:
        found.error(f"there is no peer {', '.join(sorted(unknown))}")
    return options


def parquet(options):
    """The folder of the sales as Parquet files, made unless it is there."""
    return generators.parquet(options, Suite("sales"))


def folder(options):
    """An empty folder for databases."""
    path = pathlib.Path(options.data).resolve() / f"{options.mode}-{options.rows}-databases"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def head(options):
    """The beginning of a result."""
    return {
        "suite": options.mode,
        "rows": options.rows,
        "threads": options.threads,
        "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine.machine(),
        "versions": {},
        "problems": {},
    }


def percentile(values, part):
    """The value that so large a part of the values does not exceed, by the nearest rank."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else None


def spread(values):
    """What is told of many times."""
    return {
        "count": len(values),
        "p50": percentile(values, 0.5),
        "p99": percentile(values, 0.99),
        "worst": max(values, default=None),
    }


def progress(text):
    """A line on standard error."""
    print(text, file=sys.stderr, flush=True)


def finish(options, result, tables, picture=None):
    """Writes the result, with a picture of {name: {peer: seconds}} where there is one, and prints it. The program's exit code."""
    stamp = result["time"].replace(":", "").replace("+0000", "Z")
    target = pathlib.Path(options.json) if options.json else HERE / "results" / f"{options.mode}-{options.rows}-{stamp}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(result, indent=1, default=str) + "\n")
    title = f"{options.mode}, {options.rows} rows, {options.threads} threads"
    conditions = report.conditions(result)
    if picture:
        queries = [{"name": name, "times": {peer: {"hot_min": value} for peer, value in times.items()}} for name, times in picture.items()]
        peers = list(dict.fromkeys(peer for times in picture.values() for peer in times))
        target.with_suffix(".svg").write_text(chart.svg({"peers": peers, "queries": queries}, title, "; ".join(conditions)))
    problems = [f"{where}: {text}" for where, text in result["problems"].items()]
    print("\n\n".join(["\n".join([title, *conditions]), *tables, *problems]))
    print(f"\nresults: {target}" + (" and .svg beside it" if picture else ""))
    return 1 if problems else 0
